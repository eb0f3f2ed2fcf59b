import type { Counters } from '../base/counters.js'
import type { SharedChunks } from '../capture/shared-chunks.js'
import type { ReadOptions } from './read-set.js'

/** What a worker is started with. */
export interface WorkerStart {
  /** Its number, from 0, and how many there are. */
  readonly index: number
  readonly workers: number
  readonly options: ReadOptions
  /** Not 0 in its only word tells all workers to end. */
  readonly stop: SharedArrayBuffer
  /** Octets of lines each worker posted that are not yet written. */
  readonly ahead: SharedArrayBuffer
  /** What each worker has done so far: PROGRESS_NUMBERS numbers. */
  readonly progress: SharedArrayBuffer
}

/** Octets read, hellos. */
export const PROGRESS_NUMBERS = 2

/**
 * What a worker is asked to read. Lines belong to parts, which are printed in the order of their numbers: a set is one
 * part; of chunks a worker looks at with the others, each round of ROUND_CHUNKS has one part for each worker.
 */
export type Task =
  | { readonly part: number; readonly files: readonly string[] }
  | { readonly part: number; readonly chunks: SharedChunks }

/** Chunks whose lines are printed together, ordered by worker: 16 MiB of capture. */
export const ROUND_CHUNKS = 64

/** What a worker says. */
export type Said =
  /** Whole lines of a part; `end`: and no more of it come. */
  | {
      readonly kind: 'lines'
      readonly part: number
      readonly bytes: Uint8Array
      readonly end: boolean
    }
  | { readonly kind: 'say'; readonly text: string }
  | { readonly kind: 'fail'; readonly text: string }
  | { readonly kind: 'done'; readonly files: number; readonly counters: Counters }
