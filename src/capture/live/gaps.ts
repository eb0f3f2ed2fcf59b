import type { Counters } from '../../base/counters.js'

/** Why an interface stopped being captured. */
export type GapReason = 'interface-down' | 'interface-gone' | 'child-crashed' | 'child-silent'

/** A time in which an interface was not captured. */
export interface Gap {
  readonly interface: string
  readonly reason: GapReason
  /** When capturing stopped, milliseconds since the Unix epoch. */
  readonly startedAt: number
  readonly durationMs: number
}

/** How a gap begins. */
export interface GapStart {
  readonly reason: GapReason
  /** What is known besides the reason; "" if nothing. */
  readonly detail: string
  /** When, by the wall clock and by the monotonic one, milliseconds. */
  readonly wallMillis: number
  readonly monotonicMillis: number
}

const REASONS: Record<GapReason, string> = {
  'interface-down': 'went down',
  'interface-gone': 'is gone',
  'child-crashed': 'lost its capture process',
  'child-silent': 'lost its capture process, which stopped answering',
}

/** Counts and tells of the times in which one interface is not captured, one at a time. */
export class Gaps {
  readonly #interface: string
  readonly #counters: Counters
  readonly #log: (line: string) => void
  readonly #onGap: ((gap: Gap) => void) | undefined
  #open: GapStart | undefined
  #counted = 0

  constructor(
    name: string,
    counters: Counters,
    log: (line: string) => void,
    onGap: ((gap: Gap) => void) | undefined,
  ) {
    this.#interface = name
    this.#counters = counters
    this.#log = log
    this.#onGap = onGap
  }

  /** Begins a gap; where one goes on, what is known of it by now is its reason. */
  begin(start: GapStart): void {
    if (this.#open !== undefined) {
      this.#open = { ...this.#open, reason: start.reason }
      return
    }
    this.#open = start
    this.#counted = start.monotonicMillis
    this.#counters.capture_gaps++
    const detail = start.detail === '' ? '' : ` (${start.detail})`
    this.#log(`${this.#interface} ${REASONS[start.reason]}${detail}: not captured until it is back`)
  }

  /** Counts the time since it was counted last, if a gap goes on. */
  count(): void {
    if (this.#open === undefined) return
    const now = performance.now()
    this.#counters.capture_gap_millis += Math.round(now) - Math.round(this.#counted)
    this.#counted = now
  }

  /** Ends the gap, if one goes on: the interface is `captured` again, or not wanted any more. */
  end(captured: boolean): void {
    if (this.#open === undefined) return
    this.count()
    const { reason, wallMillis, monotonicMillis } = this.#open
    this.#open = undefined
    const durationMs = Math.round(performance.now() - monotonicMillis)
    this.#onGap?.({ interface: this.#interface, reason, startedAt: wallMillis, durationMs })
    if (captured) this.#log(`${this.#interface} is captured again, after ${durationMs / 1000} s`)
  }
}
