import type { Counters } from '../base/counters.js'
import type { OctetWriter } from '../base/octet-writer.js'
import { SLOTS_PER_THREAD } from '../capture/file/shared-chunks.js'
import type { SharedChunks } from '../capture/file/shared-chunks.js'
import type { LineSlotsMemory } from './line-slots.js'
import type { Desk, ReadOptions } from './read-set.js'

/** What a worker is started with. The main thread reads too, as number 0. */
export interface WorkerStart {
  /** Its number, from 1. */
  readonly index: number
  readonly options: ReadOptions
  /** Not 0 in its only word tells all workers to end. */
  readonly stop: SharedArrayBuffer
  /** Where its lines go. */
  readonly lines: LineSlotsMemory
  /** What each worker has done so far: PROGRESS_NUMBERS numbers. */
  readonly progress: SharedArrayBuffer
}

/** What a worker tells of its progress: octets read, hellos. */
export const PROGRESS_NUMBERS = 2

/**
 * What a thread is asked to read. Lines belong to parts, which are printed in the order of their numbers: of sets that all
 * threads take one after the other, `next` being the number of the first that none has, each is one part; of chunks that
 * they look at together, each round of ROUND_CHUNKS has one part for each thread.
 */
export type Task =
  | {
      readonly part: number
      readonly sets: readonly (readonly string[])[]
      readonly next: SharedArrayBuffer
    }
  | { readonly part: number; readonly chunks: SharedChunks }

/**
 * Chunks whose lines are printed together, ordered by worker. A worker whose lines find no room waits for those before
 * them, and lets go of no chunk meanwhile: one thread's slots must hold what the others of the round still need.
 */
export const ROUND_CHUNKS = SLOTS_PER_THREAD

/** The desk of one of several threads. */
export interface PartDesk extends Desk {
  /** Part the lines belong to. */
  part: number
  /** What others wait for this thread to do; called again and again where its lines wait for room. */
  meanwhile: () => void
  /** Takes the last lines of the part, empties the writer, and lets others have a turn. */
  endPart(lines: OctetWriter): Promise<void>
  /** Lets others have a turn of the thread, where it has something else to do. */
  turn(): Promise<void>
}

/** What a worker says. */
export type Said =
  /** Lines of a part, `length` octets in a slot of the worker's. */
  | {
      readonly kind: 'lines'
      readonly part: number
      readonly slot: number
      readonly length: number
    }
  /** No more lines of a part come. */
  | { readonly kind: 'end'; readonly part: number }
  | { readonly kind: 'say'; readonly text: string }
  | { readonly kind: 'fail'; readonly text: string }
  | { readonly kind: 'done'; readonly files: number; readonly counters: Counters }
