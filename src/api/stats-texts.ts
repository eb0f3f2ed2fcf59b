import { createHash } from 'node:crypto'
import { MAX_STATISTICS_TOP, STATS_TEXT_MILLIS, STATS_TEXTS } from '../base/limits.js'
import { floorStats } from '../privacy/stats-floor.js'
import type { Stats, Store } from '../store/contract.js'
import { inSlices } from '../store/in-slices.js'
import type { Clock } from './clock.js'
import { rfc3339, utcText } from './clock.js'
import { printJson } from './json.js'
import { datedRow } from './lookup-answer.js'

/** A list as it is printed, and where each of its items ends. */
interface PrintedList {
  readonly bytes: Buffer
  readonly ends: Uint32Array
}

/** The statistics as they are printed: text, and lists of which an answer has as much as it was asked for. */
interface PrintedStats {
  readonly parts: readonly (Buffer | PrintedList)[]
  readonly digest: string
  /** The first answers that were asked for, by length, each in one part. */
  readonly whole: Map<number, StatsText>
}

/** An answer of `/stats`. */
export interface StatsText {
  /** Its bytes in parts that all answers share. */
  readonly parts: readonly Buffer[]
  readonly length: number
  /** Strong (RFC 9110 §8.8.1), by the contents without the time that they were made. */
  readonly etag: string
}

/** Answers of `/stats`: printed once a second at most, however many ask, and for whatever length. */
export class StatsTexts {
  readonly #store: Pick<Store, 'statsSnapshot'>
  readonly #clock: Clock
  readonly #floor: number
  readonly #kept = new Map<
    boolean,
    { readonly at: number; readonly stats: Promise<PrintedStats> }
  >()

  /** @param floor clients a row needs to stand alone */
  constructor(store: Pick<Store, 'statsSnapshot'>, clock: Clock, floor: number) {
    this.#store = store
    this.#clock = clock
    this.#floor = floor
  }

  /** @throws StoreError */
  async get(bo: boolean, limit: number): Promise<StatsText> {
    const { parts: all, digest, whole } = await this.#printed(bo)
    const known = whole.get(limit)
    if (known !== undefined) return known
    const parts = all.map((part) =>
      Buffer.isBuffer(part)
        ? part
        : part.bytes.subarray(0, part.ends[Math.min(limit, part.ends.length) - 1] ?? 0),
    )
    const length = parts.reduce((sum, part) => sum + part.length, 0)
    const text = { parts, length, etag: `"${digest}-${limit}"` }
    if (whole.size >= STATS_TEXTS) return text
    const joined = { ...text, parts: [Buffer.concat(parts)] }
    whole.set(limit, joined)
    return joined
  }

  #printed(bo: boolean): Promise<PrintedStats> {
    const at = performance.now()
    const kept = this.#kept.get(bo)
    if (kept !== undefined && at - kept.at < STATS_TEXT_MILLIS) return kept.stats
    const stats = this.#print(bo)
    this.#kept.set(bo, { at, stats })
    stats.catch(() => this.#kept.delete(bo))
    return stats
  }

  async #print(bo: boolean): Promise<PrintedStats> {
    const options = { onlyWithUserAgent: bo, top: MAX_STATISTICS_TOP }
    const { stats } = await this.#store.statsSnapshot(options)
    return inSlices(print(floorStats(stats, this.#floor), bo, utcText(this.#clock())))
  }
}

/** The members in order of their keys, as the API prints JSON. */
function* print(stats: Stats, bo: boolean, now: string): Generator<undefined, PrintedStats> {
  const { fingerprints, distributions, first_seen, last_seen, ...counts } = stats
  const parts: (Buffer | PrintedList)[] = []
  let text = '{'
  const put = function* (key: string, value: unknown, newline: string): Generator<undefined> {
    text += `${text.endsWith('{') ? '' : ','}${newline}${JSON.stringify(key)}: `
    if (!Array.isArray(value) || value.length === 0) {
      text += Buffer.concat(printJson(value, newline)).toString()
      return
    }
    parts.push(Buffer.from(`${text}[`), yield* printList(value, `${newline}  `))
    text = `${newline}]`
  }
  const members: Readonly<Record<string, unknown>> = {
    ...counts,
    distributions,
    // User-Agents are listed only where they are asked for: other sites may read the rest
    fingerprints: fingerprints.map((row) =>
      bo ? datedRow(row) : { ...datedRow(row), user_agents: undefined },
    ),
    ...(first_seen === undefined ? {} : { first_seen: rfc3339(first_seen * 1e6) }),
    ...(last_seen === undefined ? {} : { last_seen: rfc3339(last_seen * 1e6) }),
  }
  for (const key of Object.keys(members).sort())
    if (key !== 'distributions') yield* put(key, members[key], '\n  ')
    else {
      text += `${text === '{' ? '' : ','}\n  "distributions": {`
      const byName: Readonly<Record<string, unknown>> = distributions
      for (const name of Object.keys(byName).sort()) yield* put(name, byName[name], '\n    ')
      text += '\n  }'
    }
  const digest = createHash('sha256')
  for (const part of parts) digest.update(Buffer.isBuffer(part) ? part : part.bytes)
  digest.update(text)
  parts.push(Buffer.from(`${text},\n  "utc_now": ${JSON.stringify(now)}\n}\n`))
  return { parts, digest: digest.digest('hex').slice(0, 32), whole: new Map() }
}

function* printList(items: readonly unknown[], newline: string): Generator<undefined, PrintedList> {
  const texts: Buffer[] = []
  const ends = new Uint32Array(items.length)
  let length = 0
  for (const [i, item] of items.entries()) {
    const parts = [Buffer.from(i === 0 ? newline : `,${newline}`), ...printJson(item, newline)]
    texts.push(...parts)
    for (const part of parts) length += part.length
    ends[i] = length
    yield undefined
  }
  return { bytes: Buffer.concat(texts), ends }
}
