import type { Counters } from '../base/counters.js'
import type { Undecoded } from '../model/undecoded.js'
import type { ReadOptions } from './read-set.js'

/** What a worker starts with. */
export interface WorkerStart {
  readonly options: ReadOptions
  /** One word; not 0 once the reading is to stop. */
  readonly stop: SharedArrayBuffer
  /** Two numbers the worker updates: bytes of file read, hellos found. */
  readonly progress: SharedArrayBuffer
}

/** Numbers of `WorkerStart.progress`. */
export const PROGRESS_NUMBERS = 2

/** What the main thread sends to a worker: the next set of files to read, or how many bytes of its lines are written. */
export type ToWorker =
  | { readonly kind: 'read'; readonly part: number; readonly files: readonly string[] }
  | { readonly kind: 'written'; readonly length: number }

/** What a worker sends to the main thread. */
export type FromWorker =
  /** Whole lines of one part; their buffer is transferred. */
  | { readonly kind: 'lines'; readonly part: number; readonly bytes: Uint8Array }
  | { readonly kind: 'note'; readonly text: string }
  | { readonly kind: 'failure'; readonly text: string }
  /** The part is complete, with what reading it counted. */
  | {
      readonly kind: 'end'
      readonly part: number
      readonly files: number
      readonly counters: Counters
      readonly undecoded: Undecoded
    }
