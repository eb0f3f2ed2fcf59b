import type { Row } from '../history/row.js'
import type { Parameter } from './compile.js'

/** What a search is started with. */
export interface SearchJob {
  readonly sql: string
  readonly parameters: readonly Parameter[]
  readonly folder: string | undefined
  readonly files: readonly string[]
  /** Rows of the hot store, their sensor last. */
  readonly hot: readonly Row[]
  readonly memoryBytes: number
  readonly timeoutMillis: number
}

/** A value of a result that can be sent: times are microseconds, addresses bytes. */
export type Value = string | number | bigint | boolean | Uint8Array | null

export type FromSearch =
  | { readonly kind: 'columns'; readonly names: readonly string[] }
  | { readonly kind: 'rows'; readonly rows: readonly (readonly Value[])[] }
  /** Files that could not be read, and were left out. */
  | { readonly kind: 'skipped'; readonly reasons: readonly string[] }
  | { readonly kind: 'error'; readonly message: string; readonly isOperators: boolean }
  | { readonly kind: 'done' }
