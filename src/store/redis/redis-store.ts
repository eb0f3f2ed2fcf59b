import { BUCKET_USER_AGENTS, STORE_CLOSE_MILLIS, STORE_PARTITIONS } from '../../base/limits.js'
import type { MakeSighting } from '../../model/row.js'
import { RowCursor } from '../../model/row.js'
import type { Sighting } from '../../model/sighting.js'
import type { PrivacyPolicy } from '../../privacy/privacy.js'
import { addressKey } from '../address-key.js'
import type {
  FingerprintLookup,
  Population,
  SightingPage,
  Stats,
  StatsSnapshot,
  Store,
  StoreClock,
  StoreHealth,
  StoreLimits,
  UserAgentObservation,
} from '../contract.js'
import { StoreError } from '../contract.js'
import { Outages } from '../outages.js'
import type { Entry } from '../packed-row.js'
import { PACKED_BODY, packedOf, PART_ID_LEN, trustOf, unpack } from '../packed-row.js'
import { askedOf } from '../population.js'
import { isSettled, readingOfAddress } from '../readings.js'
import { RowPacker } from '../row-packer.js'
import { SnapshotCache } from '../snapshot-cache.js'
import { bucketSeconds } from '../traits.js'
import { userAgentBound, userAgentKey } from '../user-agent-key.js'
import { valueKey, valuesFoundBy } from '../values.js'
import { prefixOf } from './partitions.js'
import type { RedisAddress, RedisClient } from './redis-connection.js'
import { connectRedis, newRedisClient, parseRedisUrl } from './redis-connection.js'
import { RedisConnections } from './redis-connections.js'
import { storeErrorOf } from './redis-error.js'
import { claimFormat } from './redis-format.js'
import { VALUE_LISTS } from './redis-parts.js'
import { RedisPopulation } from './redis-population.js'
import { RedisRows, rowKeys } from './redis-rows.js'
import { AGENT, FIND, FORGET, run } from './redis-scripts.js'
import { RedisStatistics } from './redis-statistics.js'
import { RedisWriter } from './redis-writer.js'

export interface RedisStoreOptions {
  /** Milliseconds since the epoch, by the clock that sightings have their times from. */
  readonly now?: () => number
  /** Starts although Redis is unreachable, and spools until it comes. A bad URL or a refused password is an error all the same. */
  readonly waitForRedis?: boolean
  /** Which clock decides when a sighting's time is over; its own unless given. */
  readonly clock?: StoreClock
  readonly privacy?: PrivacyPolicy
}

/**
 * Opens a store in Redis 6.2 or later: a server, a Sentinel group or a Cluster.
 * @throws StoreError
 */
export async function openRedisStore(
  url: string,
  limits: StoreLimits,
  make: MakeSighting,
  options: RedisStoreOptions = {},
): Promise<Store> {
  const address = parseRedisUrl(url)
  const redis = newRedisClient(address)
  const store = new RedisStore(redis, address, limits, make, options)
  try {
    await connectRedis(redis, address)
    await claimFormat(redis, address)
  } catch (error) {
    const waits = options.waitForRedis === true
    if (waits && error instanceof StoreError && error.code === 'STORE_UNREACHABLE') return store
    store.abandon()
    throw storeErrorOf(error, address)
  }
  return store
}

/** The production store: what it holds outlives this process and is shared by sensors and APIs. */
class RedisStore implements Store {
  readonly #redis: RedisClient
  readonly #address: RedisAddress
  readonly #ttlSeconds: number
  readonly #make: MakeSighting
  readonly #now: () => number
  readonly #packer: RowPacker
  readonly #statistics: RedisStatistics
  readonly #rows: RedisRows
  readonly #writer: RedisWriter
  readonly #population: RedisPopulation
  readonly #connections: RedisConnections
  readonly #snapshots = new SnapshotCache()
  readonly #outages = new Outages()
  #lastError: unknown

  constructor(
    redis: RedisClient,
    address: RedisAddress,
    limits: StoreLimits,
    make: MakeSighting,
    options: RedisStoreOptions,
  ) {
    this.#redis = redis
    this.#address = address
    this.#ttlSeconds = limits.ttlSeconds
    this.#make = make
    this.#now = options.now ?? Date.now
    this.#packer = new RowPacker(options.privacy)
    this.#statistics = new RedisStatistics(redis, limits.ttlSeconds, make)
    this.#rows = new RedisRows(redis, make, limits.ttlSeconds)
    const noteState = () => this.#outages.note(this.#isReady())
    this.#writer = new RedisWriter(redis, {
      limits,
      clock: options.clock ?? 'own',
      now: this.#now,
      onAnswer: noteState,
    })
    this.#population = new RedisPopulation(redis, make, {
      limits,
      clock: options.clock ?? 'own',
      now: this.#now,
    })
    const errorOf = (error: unknown) => storeErrorOf(error, address)
    this.#connections = new RedisConnections(this.#rows, newRedisClient(address), errorOf)
    redis.on('error', (error: unknown) => (this.#lastError = error))
    redis.on('ready', () => {
      this.#lastError = undefined
      claimFormat(redis, address).catch((error: unknown) => (this.#lastError = error))
    })
    redis.on('ready', noteState).on('close', noteState)
  }

  put(rows: Uint8Array): boolean {
    const entries = this.#packer.pack(new RowCursor(rows))
    const { waiters } = this.#connections
    for (const entry of entries)
      if (isSettledEntry(entry) && waiters.isAwaited(entry.ip, entry.port))
        waiters.offer(entry.ip, entry.port, entry.micros, () => this.#sightingOf(entry))
    this.#population.put(entries)
    return this.#writer.put(entries)
  }

  room(): Promise<void> {
    return this.#writer.room()
  }

  async drain(): Promise<void> {
    await this.#writer.drain()
    // clients are counted by and by, unless more of them wait than that is enough for
    if (this.#population.isBehind) await this.#population.drain()
  }

  latest(ip: string): Promise<Sighting | undefined> {
    return this.#about(ip, async (key) => {
      const rows = await this.#rows.of(key)
      const best = readingOfAddress(rows)
      // a row may be one that cannot be read
      for (const row of best === undefined ? [] : [best, ...rows]) {
        const [sighting] = await this.#rows.sightings(key, [row])
        if (sighting !== undefined) return sighting
      }
      return undefined
    })
  }

  async connection(
    ip: string,
    port: number,
    waitMs: number,
    since = 0,
  ): Promise<Sighting | undefined> {
    const key = addressKey(ip)
    if (key === undefined) return undefined
    const waiting = this.#writer.waiting(key, port)
    const isRecent = waiting !== undefined && waiting.micros >= since * 1e6
    if (isRecent && isSettledEntry(waiting)) return this.#sightingOf(waiting)
    const found = await this.#connections.find(key, port, waitMs, since * 1e6)
    return found ?? (isRecent ? this.#sightingOf(waiting) : undefined)
  }

  async sightings(ip: string, offset: number, limit: number): Promise<SightingPage> {
    const page = await this.#about(ip, async (key) => {
      const rows = await this.#rows.of(key)
      const sightings = await this.#rows.sightings(key, rows.slice(offset, offset + limit))
      return { sightings, total: rows.length }
    })
    return page ?? { sightings: [], total: 0 }
  }

  async concurrent(ip: string): Promise<number> {
    const distinct = await this.#about(ip, async (key) => {
      const bodies = new Set(
        (await this.#rows.of(key)).map(({ packed }) =>
          packed.toString('latin1', PACKED_BODY, PACKED_BODY + PART_ID_LEN),
        ),
      )
      const fingerprints = new Set<string>()
      for (const body of bodies) {
        const id = await this.#statistics.fingerprintOf(body)
        if (id !== undefined) fingerprints.add(id)
      }
      return fingerprints.size
    })
    return distinct ?? 0
  }

  total(): Promise<number> {
    return this.#ask(async () => (await this.#statistics.quick()).total)
  }

  fingerprint(value: string): Promise<FingerprintLookup | undefined> {
    return this.#ask(async () => {
      const held = await this.#bodiesWith(value)
      return (await this.#statistics.current()).find(value, held)
    })
  }

  population(value: string, ip?: string): Promise<Population | undefined> {
    return this.#ask(async () => {
      await this.#population.drain()
      const held = await this.#bodiesWith(value)
      const asked = askedOf(value, (await this.#statistics.quick()).example(value, held))
      return asked && this.#population.about(asked, addressKey(ip ?? ''))
    })
  }

  /** Ids of bodies that a value was seen with. */
  async #bodiesWith(value: string): Promise<string[]> {
    const found = await Promise.all(
      valuesFoundBy(value).map((each) => {
        const key = valueKey(each)
        const prefix = prefixOf(key)
        const args = [prefix, this.#ttlSeconds, VALUE_LISTS, Buffer.from(key, 'latin1')]
        return run(this.#redis, FIND, [`${prefix}m`], args)
      }),
    )
    return [...new Set((found as Buffer[][]).flat().map((id) => id.toString('latin1')))]
  }

  async observeUserAgent(observation: UserAgentObservation): Promise<void> {
    const { ip, port, userAgent, via } = observation
    const key = addressKey(ip)
    const agent = userAgentKey(userAgent, via)
    const ago = Math.max(0, this.#now() / 1000 - observation.time)
    if (agent === '' || key === undefined || ago >= this.#ttlSeconds) return
    await this.#ask(async () => {
      const find = async () =>
        port === undefined
          ? readingOfAddress(await this.#rows.of(key))
          : this.#rows.connection(key, port)
      let row = await find()
      if (row === undefined && this.#writer.spooled > 0) {
        // its hello may have been put a moment ago
        await this.#writer.drain()
        row = await find()
      }
      const body = row?.packed.toString('latin1', PACKED_BODY, PACKED_BODY + PART_ID_LEN) ?? ''
      const id = row === undefined ? undefined : await this.#statistics.fingerprintOf(body)
      if (id === undefined) return
      const prefix = prefixOf(key)
      await run(
        this.#redis,
        AGENT,
        [`${prefix}a`],
        [
          ...[prefix, this.#ttlSeconds, bucketSeconds(this.#ttlSeconds), ago],
          Buffer.from(id, 'latin1'),
          ...[agent, userAgentBound(via), Math.ceil(BUCKET_USER_AGENTS / STORE_PARTITIONS) * 8],
        ],
      )
    })
  }

  stats(options: { readonly onlyWithUserAgent: boolean; readonly top: number }): Promise<Stats> {
    return this.#ask(async () => {
      const statistics = await this.#statistics.current()
      return statistics.stats(options.onlyWithUserAgent, options.top)
    })
  }

  statsSnapshot(options: {
    readonly onlyWithUserAgent: boolean
    readonly top: number
  }): Promise<StatsSnapshot> {
    return this.#ask(() => this.#snapshots.of(options, () => this.#statistics.quick()))
  }

  visit(take: (sighting: Sighting) => boolean): Promise<void> {
    return this.#ask(async () => {
      for await (const ip of this.#rows.addresses())
        for (const sighting of await this.#rows.sightings(ip, await this.#rows.of(ip)))
          if (!take(sighting)) return
    })
  }

  async forget(ip: string): Promise<number> {
    await this.#writer.drain()
    await this.#population.drain()
    const count = await this.#about(ip, async (key) => {
      const args = [prefixOf(key), Buffer.from(key, 'latin1'), 2 * this.#ttlSeconds]
      await this.#population.forget(key)
      return Number(await run(this.#redis, FORGET, rowKeys(key), args))
    })
    return count ?? 0
  }

  health(): StoreHealth {
    const failure = this.#writer.failure ?? this.#lastError
    const ready = this.#isReady()
    return {
      kind: 'redis',
      ready,
      spooled: this.#writer.spooled,
      dropped: this.#writer.dropped,
      unspooled: this.#writer.unspooled,
      ...this.#writer.counts,
      refused: this.#writer.counts.refused + this.#packer.withoutAddress,
      bad_rows: this.#rows.badRows + this.#packer.unsound,
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
    await withinClose(this.#writer.drain())
    await withinClose(this.#population.drain())
    this.abandon()
  }

  /** Lets go of everything at once. */
  abandon(): void {
    this.#writer.close()
    this.#population.close()
    this.#connections.close()
    this.#redis.disconnect()
  }

  #isReady(): boolean {
    return this.#redis.status === 'ready' && this.#writer.failure === undefined
  }

  #sightingOf(entry: Entry): Sighting | undefined {
    const { body, origin, rest } = entry
    const parts = new Map(
      [body, origin, ...(rest === undefined ? [] : [rest])].map((part) => [part.id, part.bytes]),
    )
    const unpacked = unpack(packedOf(entry), entry.ip, (id) => parts.get(id))
    return unpacked === undefined ? undefined : this.#make(unpacked)
  }

  /** Asks about an address; of a text that is none nothing is held. */
  #about<T>(ip: string, question: (key: string) => Promise<T>): Promise<T | undefined> {
    const key = addressKey(ip)
    return key === undefined ? Promise.resolve(undefined) : this.#ask(() => question(key))
  }

  async #ask<T>(question: () => Promise<T>): Promise<T> {
    try {
      return await question()
    } catch (error) {
      throw storeErrorOf(error, this.#address)
    }
  }
}

function isSettledEntry({ slab, off }: Entry): boolean {
  return isSettled(trustOf(slab, off))
}

/** Waits for work that ends with a store, within its bound of time. */
async function withinClose(work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const bound = new Promise<void>((resolve) => (timer = setTimeout(resolve, STORE_CLOSE_MILLIS)))
  await Promise.race([work, bound])
  clearTimeout(timer)
}
