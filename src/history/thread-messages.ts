import type { HistoryCounts } from './history-writer.js'
import type { Retention } from './retention.js'

/** What the thread is started with. */
export interface HistoryThreadData {
  readonly folder: string
  /** Part of the files' names that no other writer has. */
  readonly name: string
  /** Whether files are finished by the clock, old ones removed and hours compacted; otherwise at the end alone. */
  readonly isLive: boolean
  readonly retention: Retention
}

/** To the thread: whole JSON lines, or the word to finish. */
export type ToHistory = { readonly lines: Uint8Array } | 'close' | 'roll'

/** From the thread. */
export type FromHistory =
  | { readonly kind: 'taken'; readonly bytes: number; readonly counts: HistoryCounts }
  | {
      readonly kind: 'event'
      readonly event: string
      readonly sentence: string
      readonly isBad: boolean
    }
  | { readonly kind: 'rolled'; readonly counts: HistoryCounts }
  | { readonly kind: 'closed'; readonly counts: HistoryCounts }
