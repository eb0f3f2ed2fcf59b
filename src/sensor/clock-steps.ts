// Steps of the wall clock, set by hand or by a time server. Frame timestamps follow the wall clock, so the times that the
// sensor remembers are shifted by each step: no flow ages, and none waits longer.

import { CLOCK_STEP_MILLIS } from '../base/limits.js'
import type { PacketBlock } from '../model/packet-block.js'

/** Milliseconds between two reads of the monotonic clock beyond which the read of the wall clock between them is not used. */
const MOST_APART_MILLIS = 50

/** The wall clock and a monotonic clock, milliseconds. */
export interface Clocks {
  readonly wall: () => number
  readonly steady: () => number
}

/** Detects steps of the wall clock. */
export class ClockSteps {
  readonly #clocks: Clocks
  #ahead: number

  constructor(clocks: Clocks) {
    this.#clocks = clocks
    this.#ahead = clocks.wall() - clocks.steady()
  }

  /** Milliseconds by which the wall clock was set since the last call, negative if back; 0 for drift. */
  look(): number {
    const before = this.#clocks.steady()
    const wall = this.#clocks.wall()
    // This process was suspended between the two reads.
    if (this.#clocks.steady() - before > MOST_APART_MILLIS) return 0
    const step = Math.round(wall - before - this.#ahead)
    this.#ahead = wall - before
    return Math.abs(step) < CLOCK_STEP_MILLIS ? 0 : step
  }
}

/** Shifts timestamps of frames that were captured before a clock step and read after it. */
export class StampShift {
  /** Microseconds to add to timestamps from before the step; 0 after the first later timestamp. */
  #behindMicros = 0

  /** Takes a step of the clock by `millis`. */
  step(millis: number): void {
    this.#behindMicros += millis * 1000
  }

  /** Shifts the timestamps of a block that are from before the step. */
  apply({ timeMicros, count }: PacketBlock, nowMicros: number): void {
    for (let i = 0; i < count && this.#behindMicros !== 0; i++) {
      const stamp = timeMicros[i] ?? 0
      const shifted = stamp + this.#behindMicros
      if (Math.abs(shifted - nowMicros) < Math.abs(stamp - nowMicros)) timeMicros[i] = shifted
      else this.#behindMicros = 0
    }
  }
}
