import { STATISTICS_ROLL_MILLIS } from '../base/limits.js'
import type { Stats, StatsSnapshot } from './contract.js'
import type { Statistics } from './statistics.js'

/** Statistics made at most once a second, however often they are asked for. */
export class SnapshotCache {
  #statistics: Promise<Statistics> | undefined
  #madeAt = -Infinity
  #number = 0
  readonly #prefix = Date.now().toString(36)
  readonly #answers = new Map<string, Stats>()

  /** The answer of statistics that are a second old at most, or of what `make` gives. */
  async of(
    { onlyWithUserAgent, top }: { readonly onlyWithUserAgent: boolean; readonly top: number },
    make: () => Promise<Statistics>,
    millis = STATISTICS_ROLL_MILLIS,
  ): Promise<StatsSnapshot> {
    if (this.#statistics === undefined || performance.now() - this.#madeAt >= millis) {
      const made = make()
      this.#statistics = made
      this.#madeAt = performance.now()
      this.#number++
      this.#answers.clear()
      made.catch(() => {
        if (this.#statistics === made) this.#statistics = undefined
      })
    }
    const number = this.#number
    const statistics = await this.#statistics
    const key = `${onlyWithUserAgent} ${top}`
    let stats = number === this.#number ? this.#answers.get(key) : undefined
    if (stats === undefined) {
      stats = statistics.stats(onlyWithUserAgent, top)
      if (number === this.#number) this.#answers.set(key, stats)
    }
    return { stats, etag: `${this.#prefix}-${number}-${onlyWithUserAgent ? 1 : 0}-${top}` }
  }
}
