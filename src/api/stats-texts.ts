import { hash } from 'node:crypto'
import { MAX_STATISTICS_TOP, STATS_TEXTS, STATS_TEXT_MILLIS } from '../base/limits.js'
import { floorStats } from '../privacy/stats-floor.js'
import type { Stats, Store } from '../store/contract.js'
import type { Clock } from './clock.js'
import { rfc3339, utcText } from './clock.js'
import { sortedJson } from './json.js'
import { datedRow } from './lookup-answer.js'

/** An answer of `/stats`, ready to be sent. */
export interface StatsText {
  readonly bytes: Buffer
  /** Strong, by the answer's contents without the time it was made. */
  readonly etag: string
}

/** Promises by key, each kept for a second; the oldest go. One that fails is not kept. */
class Kept<T> {
  readonly #bound: number
  readonly #kept = new Map<string, { readonly at: number; readonly value: Promise<T> }>()

  constructor(bound: number) {
    this.#bound = bound
  }

  get(key: string, make: () => Promise<T>): Promise<T> {
    const at = performance.now()
    const kept = this.#kept.get(key)
    if (kept !== undefined && at - kept.at < STATS_TEXT_MILLIS) return kept.value
    const value = make()
    this.#kept.delete(key)
    this.#kept.set(key, { at, value })
    if (this.#kept.size > this.#bound)
      for (const oldest of this.#kept.keys()) if (this.#kept.delete(oldest)) break
    value.catch(() => this.#kept.delete(key))
    return value
  }
}

/**
 * Answers of `/stats`, each made once a second at most, however many ask; the store is asked once a second, whatever the
 * lengths asked for.
 */
export class StatsTexts {
  readonly #store: Pick<Store, 'stats'>
  readonly #clock: Clock
  readonly #floor: number
  readonly #texts = new Kept<StatsText>(STATS_TEXTS)
  readonly #stats = new Kept<Stats>(2)

  /** @param floor clients a row needs to stand alone */
  constructor(store: Pick<Store, 'stats'>, clock: Clock, floor: number) {
    this.#store = store
    this.#clock = clock
    this.#floor = floor
  }

  /** @throws StoreError */
  get(bo: boolean, limit: number): Promise<StatsText> {
    return this.#texts.get(`${bo} ${limit}`, () => this.#make(bo, limit))
  }

  async #make(bo: boolean, limit: number): Promise<StatsText> {
    const options = { onlyWithUserAgent: bo, top: MAX_STATISTICS_TOP }
    const stats = await this.#stats.get(String(bo), async () =>
      floorStats(await this.#store.stats(options), this.#floor),
    )
    const answer = answerOf(stats, bo, limit)
    const etag = `"${hash('sha256', sortedJson(answer)).slice(0, 32)}"`
    const text = sortedJson({ ...answer, utc_now: utcText(this.#clock()) })
    return { bytes: Buffer.from(text), etag }
  }
}

/** The answer with its lists cut. User-Agents are told where they are asked for: other sites may read the rest. */
function answerOf(stats: Stats, bo: boolean, limit: number): object {
  const { first_seen, last_seen, distributions } = stats
  return {
    ...stats,
    ...(first_seen === undefined ? {} : { first_seen: rfc3339(first_seen * 1e6) }),
    ...(last_seen === undefined ? {} : { last_seen: rfc3339(last_seen * 1e6) }),
    fingerprints: stats.fingerprints
      .slice(0, limit)
      .map((row) => (bo ? datedRow(row) : { ...datedRow(row), user_agents: undefined })),
    distributions: Object.fromEntries(
      Object.entries(distributions).map(([name, shares]) => [name, shares.slice(0, limit)]),
    ),
  }
}
