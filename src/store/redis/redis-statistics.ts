import type { ChainableCommander, Redis } from 'ioredis'
import * as z from 'zod'
import {
  BUCKET_INDEXED_VALUES,
  BUCKET_NEW_FINGERPRINTS,
  BUCKET_NEW_VALUES,
  BUCKET_USER_AGENTS,
  MAX_STATISTICS_TOP,
  USER_AGENTS_PER_FINGERPRINT,
} from '../../base/limits.js'
import type { FingerprintName } from '../../model/sighting.js'
import { FINGERPRINTS } from '../../model/sighting.js'
import type { Entry } from '../batch-sums.js'
import { BatchAdder, LONGEST_KEY } from '../batch-sums.js'
import { ADD_BATCH, ADD_USER_AGENT, LIVE_BUCKETS, MOST_WITH_USER_AGENT } from './redis-scripts.js'
import { TlsFpSchema } from '../sighting-schema.js'
import type { FingerprintStat, Stats } from '../contract.js'
import type { FingerprintRecord } from '../traits.js'
import { userAgentCounts } from '../user-agent-key.js'
import {
  bucketSeconds,
  bucketStart,
  DISTRIBUTIONS,
  fingerprintStat,
  indexKey,
  shareOf,
} from '../traits.js'

const KEY = 'hellotap:{stats}'

const LiveBuckets = z.array(z.tuple([z.string(), z.string(), z.string(), z.string(), z.string()]))
const Texts = z.array(z.string())
const OptionalTexts = z.array(z.string().nullable())
const Indexed = z.templateLiteral([z.enum(FINGERPRINTS), ' ', z.string()])
const Record = z.object({
  sha3_384: z.string(),
  sha3_384_stable: z.string().exactOptional(),
  ja3: z.string().exactOptional(),
  ja4: z.string().exactOptional(),
  tls_fp: TlsFpSchema.exactOptional(),
})

interface Live {
  /** Keys of the live buckets, newest first. */
  readonly keys: readonly string[]
  readonly sightings: number
  readonly other: number
  readonly firstMicros: number
  readonly lastMicros: number
}

/** The statistics' side of the Redis store: what adds up, in a number of keys and steps that does not grow with the sightings. */
export class RedisStatistics {
  readonly #redis: Redis
  readonly #now: () => number
  readonly #bucketSeconds: number
  /** Milliseconds that keys are kept after their last use, at least. */
  readonly #keepMs: number
  readonly #ttlMs: number
  readonly #adder: BatchAdder
  readonly #countBadRow: () => void

  constructor(redis: Redis, ttlSeconds: number, now: () => number, countBadRow: () => void) {
    this.#redis = redis
    this.#now = now
    this.#bucketSeconds = bucketSeconds(ttlSeconds)
    this.#ttlMs = ttlSeconds * 1000
    this.#keepMs = (ttlSeconds + this.#bucketSeconds) * 1000
    this.#adder = new BatchAdder(ttlSeconds)
    this.#countBadRow = countBadRow
  }

  /** Appends the step that adds a batch up to a pipeline; `number` grows by one a batch of `writer`. */
  addTo(
    pipeline: ChainableCommander,
    writer: string,
    number: number,
    entries: readonly Entry[],
  ): void {
    const sums = JSON.stringify({
      writer,
      number,
      now: this.#now(),
      keep: this.#keepMs,
      newFingerprints: BUCKET_NEW_FINGERPRINTS,
      newValues: BUCKET_NEW_VALUES,
      indexed: BUCKET_INDEXED_VALUES,
      buckets: this.#adder.add(entries),
    })
    pipeline.eval(ADD_BATCH, 1, KEY, sums)
  }

  /** Tells records and values anew from now on: a Redis that was lost may have lost them. */
  forget(): void {
    this.#adder.forget()
  }

  async addUserAgent(id: string, key: string, bound: number, micros: number): Promise<void> {
    const start = bucketStart(micros, this.#bucketSeconds)
    const ends = (start + this.#bucketSeconds) * 1000 + this.#ttlMs
    await this.#redis.eval(
      ADD_USER_AGENT,
      1,
      KEY,
      this.#now(),
      this.#keepMs,
      start,
      ends,
      id,
      key,
      bound,
      BUCKET_USER_AGENTS,
    )
  }

  async total(): Promise<number> {
    return (await this.#live()).sightings
  }

  async find(
    value: string,
  ): Promise<(FingerprintStat & { readonly matched: FingerprintName }) | undefined> {
    const live = await this.#live()
    const key = indexKey(value, LONGEST_KEY)
    const pipeline = this.#redis.pipeline()
    for (const bucket of live.keys)
      pipeline.hget(`${bucket}:sorted`, key).hget(`${bucket}:wire`, key)
    for (const found of OptionalTexts.parse(await replies(pipeline))) {
      if (found === null) continue
      const row = Indexed.safeParse(found)
      if (!row.success) {
        this.#countBadRow()
        continue
      }
      const space = row.data.indexOf(' ')
      const id = row.data.slice(space + 1)
      const count = await this.#redis.zscore(`${KEY}:count:fp`, id)
      if (count === null) continue
      const [stat] = await this.#fingerprints([[id, Number(count)]], live)
      const matched = row.data.slice(0, space) as FingerprintName
      if (stat !== undefined) return { ...stat, matched }
    }
    return undefined
  }

  async stats(onlyWithUserAgent: boolean, top: number): Promise<Stats> {
    const most = Math.min(top, MAX_STATISTICS_TOP)
    const live = await this.#live()
    const fp = `${KEY}:count:fp`
    const pipeline = this.#redis.pipeline().zcard(fp)
    if (live.keys.length > 0) pipeline.pfcount(...live.keys.map((bucket) => `${bucket}:clients`))
    else pipeline.echo('0')
    if (onlyWithUserAgent) pipeline.eval(MOST_WITH_USER_AGENT, 2, fp, `${KEY}:with-ua`, most)
    else pipeline.zrevrange(fp, 0, most - 1, 'WITHSCORES')
    for (const name of DISTRIBUTIONS)
      pipeline.zrevrange(`${KEY}:count:${name}`, 0, most - 1, 'WITHSCORES')
    const [distinct, clients, mostSeen, ...distributions] = await replies(pipeline)
    return {
      total_sightings: live.sightings,
      distinct_fingerprints: Number(distinct),
      other_sightings: live.other,
      distinct_clients: Number(clients),
      ...(live.sightings === 0
        ? {}
        : { first_seen: live.firstMicros / 1e6, last_seen: live.lastMicros / 1e6 }),
      fingerprints: await this.#fingerprints(countsOf(mostSeen), live),
      distributions: Object.fromEntries(
        DISTRIBUTIONS.map((name, i) => [
          name,
          countsOf(distributions[i]).map(([value, n]) => shareOf(value, n, live.sightings)),
        ]),
      ) as unknown as Stats['distributions'],
    }
  }

  async #fingerprints(
    counts: readonly (readonly [string, number])[],
    live: Live,
  ): Promise<FingerprintStat[]> {
    if (counts.length === 0) return []
    const ids = counts.map(([id]) => id)
    const pipeline = this.#redis
      .pipeline()
      .hmget(`${KEY}:record`, ...ids)
      .zmscore(`${KEY}:first`, ...ids)
      .zmscore(`${KEY}:last`, ...ids)
    for (const [id, count] of counts)
      pipeline
        .zcount(`${KEY}:count:fp`, `(${count}`, '+inf')
        .pfcount(...live.keys.map((bucket) => `${bucket}:clients:${id}`))
        .zrevrange(`${KEY}:ua:${id}`, 0, USER_AGENTS_PER_FINGERPRINT - 1, 'WITHSCORES')
    const [records, firsts, lasts, ...each] = await replies(pipeline)
    const recordRows = OptionalTexts.parse(records)
    const firstMicros = OptionalTexts.parse(firsts)
    const lastMicros = OptionalTexts.parse(lasts)
    return counts.map(([id, count], i) =>
      fingerprintStat(
        {
          id,
          record: this.#record(id, recordRows[i]),
          count,
          ahead: Number(each[3 * i]),
          clients: Number(each[3 * i + 1]),
          userAgents: userAgentCounts(countsOf(each[3 * i + 2])),
          firstMicros: Number(firstMicros[i]),
          lastMicros: Number(lastMicros[i]),
        },
        live.sightings,
      ),
    )
  }

  #record(id: string, row: string | null | undefined): FingerprintRecord {
    if (row !== null && row !== undefined) {
      try {
        return Record.parse(JSON.parse(row))
      } catch {
        this.#countBadRow()
      }
    }
    return { sha3_384: id }
  }

  async #live(): Promise<Live> {
    const rows = LiveBuckets.parse(await this.#redis.eval(LIVE_BUCKETS, 1, KEY, this.#now()))
    const seen = rows.filter(([, sightings]) => sightings !== '0')
    return {
      keys: rows.map(([start]) => `${KEY}:b:${start}`),
      sightings: seen.reduce((sum, row) => sum + Number(row[1]), 0),
      other: seen.reduce((sum, row) => sum + Number(row[2]), 0),
      firstMicros: Math.min(...seen.map((row) => Number(row[3]))),
      lastMicros: Math.max(...seen.map((row) => Number(row[4]))),
    }
  }
}

/** The replies of a pipeline; the first error among them is thrown. */
export async function replies(pipeline: ChainableCommander): Promise<unknown[]> {
  return ((await pipeline.exec()) ?? []).map(([error, reply]) => {
    if (error !== null) throw error
    return reply
  })
}

/** Members and scores, flat as Redis gives them. */
function countsOf(reply: unknown): [string, number][] {
  const flat = Texts.parse(reply)
  const counts: [string, number][] = []
  for (let i = 0; i + 1 < flat.length; i += 2) counts.push([flat[i] ?? '', Number(flat[i + 1])])
  return counts
}
