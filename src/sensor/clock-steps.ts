// The wall clock is set now and then, by hand or by a time server, and the stamps of frames follow it. What the sensor
// remembers of flows is shifted along: no flow ages by an hour in a moment, and none waits an hour too long.

import { CLOCK_STEP_MILLIS } from '../base/limits.js'
import type { PacketBlock } from '../model/packet-block.js'

/** Milliseconds between two looks at the steady clock beyond which the look at the wall clock between them says nothing. */
const MOST_APART_MILLIS = 50

/** The two clocks, milliseconds. */
export interface Clocks {
  readonly wall: () => number
  readonly steady: () => number
}

/** Notices when the wall clock was set. */
export class ClockSteps {
  readonly #clocks: Clocks
  #ahead: number

  constructor(clocks: Clocks) {
    this.#clocks = clocks
    this.#ahead = clocks.wall() - clocks.steady()
  }

  /** Milliseconds the wall clock was set ahead by since the last look, negative where back; 0 where it only drifted. */
  look(): number {
    const before = this.#clocks.steady()
    const wall = this.#clocks.wall()
    // we were not running in between
    if (this.#clocks.steady() - before > MOST_APART_MILLIS) return 0
    const step = Math.round(wall - before - this.#ahead)
    this.#ahead = wall - before
    return Math.abs(step) < CLOCK_STEP_MILLIS ? 0 : step
  }
}

/** Brings the stamps of one source to the clock as it is now: frames that waited while it was set have older ones. */
export class StampShift {
  /** What is to be added to a stamp of before, microseconds; 0 once one of after has come. */
  #behindMicros = 0

  /** The clock was set ahead by so many milliseconds. */
  step(millis: number): void {
    this.#behindMicros += millis * 1000
  }

  /** Shifts the stamps of a block that are by the clock of before. */
  apply({ timeMicros, count }: PacketBlock, nowMicros: number): void {
    for (let i = 0; i < count && this.#behindMicros !== 0; i++) {
      const stamp = timeMicros[i] ?? 0
      const shifted = stamp + this.#behindMicros
      if (Math.abs(shifted - nowMicros) < Math.abs(stamp - nowMicros)) timeMicros[i] = shifted
      else this.#behindMicros = 0
    }
  }
}
