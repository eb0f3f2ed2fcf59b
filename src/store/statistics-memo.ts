import { inNextTurn, inSlices } from './in-slices.js'
import type { Statistics } from './statistics.js'

/** Statistics that took longer to make are used for a while. */
const QUICK_MILLIS = 20
/** How many times as long as their slices took: making them takes a fifth of the time at most. */
const REUSE = 4

/** Statistics of all that is held, made in slices between which others are served. */
export class StatisticsMemo {
  readonly #steps: () => Generator<undefined, Statistics>
  #made: Statistics | undefined
  #making: Promise<Statistics> | undefined
  #next: Promise<Statistics> | undefined
  #isChanged = true
  #until = 0

  constructor(steps: () => Generator<undefined, Statistics>) {
    this.#steps = steps
  }

  /** More is held than before, or less. */
  change(): void {
    this.#isChanged = true
  }

  /** Statistics of all that is held now; where they are long work, as of up to a moment ago. */
  current(): Promise<Statistics> {
    if (this.#making !== undefined) {
      if (!this.#isChanged) return this.#making
      return (this.#next ??= this.#making.then(() => {
        this.#next = undefined
        return this.current()
      }))
    }
    const isCurrent = !this.#isChanged || performance.now() < this.#until
    if (this.#made !== undefined && isCurrent) return Promise.resolve(this.#made)
    return (this.#making = this.#make())
  }

  async #make(): Promise<Statistics> {
    let took = 0
    this.#isChanged = false
    this.#made = await inSlices(this.#steps(), (slice) =>
      inNextTurn(() => {
        const began = performance.now()
        try {
          return slice()
        } finally {
          took += performance.now() - began
        }
      }),
    )
    this.#making = undefined
    this.#until = took < QUICK_MILLIS ? 0 : performance.now() + REUSE * took
    return this.#made
  }
}
