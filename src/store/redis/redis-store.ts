import type { Redis } from 'ioredis'
import { STORE_CLOSE_MILLIS } from '../../base/limits.js'
import type { Sighting } from '../../model/sighting.js'
import type { Entry } from '../batch-sums.js'
import { connectRedis, newRedisClient, parseRedisUrl } from './redis-connection.js'
import type { RedisAddress } from './redis-connection.js'
import { Outages } from '../outages.js'
import { storeErrorOf } from './redis-error.js'
import { DISTINCT_STABLE } from './redis-scripts.js'
import { RedisConnections } from './redis-connections.js'
import { rewriteRows } from './redis-rewrite.js'
import { RedisStatistics } from './redis-statistics.js'
import { RedisWriter, portsKey, rowsKey } from './redis-writer.js'
import { parseSighting } from '../sighting-schema.js'
import { keptMicros, microsOf } from '../sighting-time.js'
import { StoreError } from '../contract.js'
import type {
  SightingPage,
  Stats,
  Store,
  StoreHealth,
  StoreLimits,
  UserAgentObservation,
} from '../contract.js'
import { fingerprintId } from '../traits.js'
import { userAgentBound, userAgentKey } from '../user-agent-key.js'

export interface RedisStoreOptions {
  /** Milliseconds since the epoch. */
  readonly now?: () => number
  /** Starts although Redis is away, and spools until it comes. A bad URL or a refused password is an error all the same. */
  readonly waitForRedis?: boolean
}

/** Rows read at a time when looking for the latest good one. */
const ROWS_AT_A_TIME = 8

/**
 * Opens a store in Redis 6.2 or later. Its eviction policy should be `noeviction`: the statistics' keys belong together.
 * @throws StoreError
 */
export async function openRedisStore(
  url: string,
  limits: StoreLimits,
  options: RedisStoreOptions = {},
): Promise<Store> {
  const address = parseRedisUrl(url)
  const redis = newRedisClient(address)
  const store = new RedisStore(redis, address, limits, options.now ?? Date.now)
  try {
    await connectRedis(redis, address)
  } catch (error) {
    const waits = options.waitForRedis === true
    if (waits && error instanceof StoreError && error.code === 'STORE_UNREACHABLE') return store
    redis.disconnect()
    throw error
  }
  return store
}

/** The production store: what it holds outlives this process and is shared by sensors and APIs. */
class RedisStore implements Store {
  readonly #redis: Redis
  readonly #address: RedisAddress
  readonly #ttlMicros: number
  readonly #now: () => number
  readonly #statistics: RedisStatistics
  readonly #writer: RedisWriter
  readonly #connections: RedisConnections
  readonly #outages = new Outages()
  #arrival = 0
  #badRows = 0
  #lastError: unknown

  constructor(redis: Redis, address: RedisAddress, limits: StoreLimits, now: () => number) {
    this.#redis = redis
    this.#address = address
    this.#ttlMicros = limits.ttlSeconds * 1e6
    this.#now = now
    this.#statistics = new RedisStatistics(redis, limits.ttlSeconds, now, () => this.#badRows++)
    const noteState = () => this.#outages.note(this.#isReady())
    this.#writer = new RedisWriter(redis, this.#statistics, limits, now, noteState)
    this.#connections = new RedisConnections(redis, newRedisClient(address), {
      expired: () => this.#expired(),
      parse: (row) => this.#parsed([row])[0],
      errorOf: (error) => storeErrorOf(error, address),
    })
    redis.on('error', (error) => (this.#lastError = error))
    redis.on('ready', () => (this.#lastError = undefined))
    redis.on('ready', noteState).on('close', noteState)
  }

  put(sightings: readonly Sighting[]): boolean {
    const now = this.#now() * 1000
    const entries: Entry[] = []
    for (const sighting of sightings) {
      const micros = keptMicros(sighting.time, now)
      if (micros <= now - this.#ttlMicros) continue
      this.#arrival = Math.max(this.#arrival + 1, now)
      entries.push({ sighting, micros, order: this.#arrival.toString(36).padStart(11, '0') })
      this.#connections.offer(sighting)
    }
    return this.#writer.put(entries)
  }

  drain(): Promise<void> {
    return this.#writer.drain()
  }

  latest(ip: string): Promise<Sighting | undefined> {
    return this.#ask(async () => {
      for (let offset = 0; ; offset += ROWS_AT_A_TIME) {
        const rows = await this.#rows(ip, offset, ROWS_AT_A_TIME)
        const [latest] = this.#parsed(rows)
        if (latest !== undefined || rows.length < ROWS_AT_A_TIME) return latest
      }
    })
  }

  connection(ip: string, port: number, waitMs: number, since = 0): Promise<Sighting | undefined> {
    const sinceMicros = since * 1e6
    const spooled = this.#writer.waiting(ip, port)
    if (spooled !== undefined && microsOf(spooled.time) >= sinceMicros)
      return Promise.resolve(spooled)
    return this.#connections.find(ip, port, waitMs, sinceMicros)
  }

  sightings(ip: string, offset: number, limit: number): Promise<SightingPage> {
    return this.#ask(async () => {
      const [rows, total] = await Promise.all([
        this.#rows(ip, offset, limit),
        this.#redis.zcount(rowsKey(ip), this.#lowest(), '+inf'),
      ])
      return { sightings: this.#parsed(rows), total }
    })
  }

  concurrent(ip: string): Promise<number> {
    return this.#ask(async () =>
      Number(await this.#redis.eval(DISTINCT_STABLE, 1, rowsKey(ip), this.#lowest())),
    )
  }

  total(): Promise<number> {
    return this.#ask(() => this.#statistics.total())
  }

  fingerprint(value: string): ReturnType<Store['fingerprint']> {
    return this.#ask(() => this.#statistics.find(value))
  }

  async observeUserAgent(observation: UserAgentObservation): Promise<void> {
    const { ip, port, userAgent, via } = observation
    const now = this.#now() * 1000
    const micros = Math.min(Math.round(observation.time * 1e6), now)
    const key = userAgentKey(userAgent, via)
    if (key === '' || micros <= now - this.#ttlMicros) return
    const find = () =>
      port === undefined ? this.latest(ip) : this.#connections.stored(ip, port, 0)
    let sighting = await find()
    if (sighting === undefined && this.#writer.spooled > 0) {
      // its hello may have been put a moment ago
      await this.#writer.drain()
      sighting = await find()
    }
    const id = sighting === undefined ? undefined : fingerprintId(sighting)
    if (id !== undefined)
      await this.#ask(() => this.#statistics.addUserAgent(id, key, userAgentBound(via), micros))
  }

  stats(options: { readonly onlyWithUserAgent: boolean; readonly top: number }): Promise<Stats> {
    return this.#ask(() => this.#statistics.stats(options.onlyWithUserAgent, options.top))
  }

  rewrite(remake: (sighting: Sighting) => Sighting | undefined): Promise<void> {
    return this.#ask(() => rewriteRows(this.#redis, this.#expired(), remake))
  }

  async forget(ip: string): Promise<number> {
    await this.#writer.drain()
    return this.#ask(async () => {
      const held = await this.#redis.zcard(rowsKey(ip))
      await this.#redis.del(rowsKey(ip), portsKey(ip))
      return held
    })
  }

  health(): StoreHealth {
    const failure = this.#writer.failure ?? this.#lastError
    const ready = this.#isReady()
    return {
      kind: 'redis',
      ready,
      spooled: this.#writer.spooled,
      dropped: this.#writer.dropped,
      bad_rows: this.#badRows,
      gaps: this.#outages.count,
      gap_millis: this.#outages.millis,
      ...(ready
        ? {}
        : {
            reason: storeErrorOf(failure ?? new Error('Connection is closed'), this.#address)
              .message,
          }),
    }
  }

  async close(): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const bound = new Promise<void>((resolve) => (timer = setTimeout(resolve, STORE_CLOSE_MILLIS)))
    await Promise.race([this.#writer.drain(), bound])
    clearTimeout(timer)
    this.#writer.close()
    this.#connections.close()
    this.#redis.disconnect()
  }

  #isReady(): boolean {
    return this.#redis.status === 'ready' && this.#writer.failure === undefined
  }

  /** Time that a row must be later than to be retained, microseconds. */
  #expired(): number {
    return this.#now() * 1000 - this.#ttlMicros
  }

  /** Lowest score a retained row has. */
  #lowest(): string {
    return `(${this.#expired()}`
  }

  #rows(ip: string, offset: number, limit: number): Promise<string[]> {
    const key = rowsKey(ip)
    return this.#redis.zrevrangebyscore(key, '+inf', this.#lowest(), 'LIMIT', offset, limit)
  }

  #parsed(rows: readonly string[]): Sighting[] {
    const sightings: Sighting[] = []
    for (const row of rows) {
      const sighting = parseSighting(row.slice(row.indexOf('{')))
      if (sighting === undefined) this.#badRows++
      else sightings.push(sighting)
    }
    return sightings
  }

  async #ask<T>(question: () => Promise<T>): Promise<T> {
    try {
      return await question()
    } catch (error) {
      throw storeErrorOf(error, this.#address)
    }
  }
}
