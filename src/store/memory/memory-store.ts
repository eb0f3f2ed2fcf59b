import { CLOCK_STEP_MILLIS, MEMORY_STORE_MIB, POPULATION_PART } from '../../base/limits.js'
import type { MakeSighting } from '../../model/row.js'
import { RowCursor } from '../../model/row.js'
import type { Sighting } from '../../model/sighting.js'
import type { PrivacyPolicy } from '../../privacy/privacy.js'
import { addressKey } from '../address-key.js'
import { Bodies } from '../bodies.js'
import { ConnectionWaiters } from '../connection-waiters.js'
import type {
  FingerprintLookup,
  Population,
  SightingPage,
  Stats,
  StatsSnapshot,
  Store,
  StoreHealth,
  StoreLimits,
  UserAgentObservation,
} from '../contract.js'
import { inSlices } from '../in-slices.js'
import { unpack } from '../packed-row.js'
import { isSettled, readingOfAddress } from '../readings.js'
import {
  askedOf,
  PopulationKeys,
  populationOf,
  REMEMBER_SECONDS,
  TalliesMemo,
} from '../population.js'
import { RowPacker } from '../row-packer.js'
import { SnapshotCache } from '../snapshot-cache.js'
import { Statistics } from '../statistics.js'
import { StatisticsMemo } from '../statistics-memo.js'
import { userAgentBound, userAgentKey } from '../user-agent-key.js'
import { valueKey, valuesFoundBy } from '../values.js'
import { withWitnesses } from '../witnesses.js'
import { MemoryPopulation } from './memory-population.js'
import type { Held } from './memory-rows.js'
import { MemoryRows } from './memory-rows.js'
import { MemorySums } from './memory-sums.js'
import { SeenIds } from './seen-ids.js'

/** Options of the embedded store. */
export interface MemoryStoreOptions {
  /** Milliseconds since the epoch. */
  readonly now?: () => number
  readonly privacy?: PrivacyPolicy
}

/** The embedded store: in this process's memory, gone with it. Bounded in bytes; the oldest go first. */
export class MemoryStore implements Store {
  readonly #now: () => number
  readonly #make: MakeSighting
  readonly #ttlMicros: number
  readonly #packer: RowPacker
  readonly #rows: MemoryRows
  readonly #sums: MemorySums
  readonly #bodies: Bodies
  readonly #population: MemoryPopulation
  readonly #keys: PopulationKeys
  readonly #tallies: TalliesMemo
  readonly #ids: SeenIds<Held> | undefined
  readonly #waiters = new ConnectionWaiters()
  readonly #snapshots = new SnapshotCache()
  readonly #statistics = new StatisticsMemo(() => this.#steps())
  #stored = 0
  #merged = 0
  #tooOld = 0
  #badRows = 0
  /** What the clock said last, microseconds. */
  #lastMicros = 0

  constructor(limits: StoreLimits, make: MakeSighting, options: MemoryStoreOptions = {}) {
    this.#now = options.now ?? Date.now
    this.#make = make
    this.#ttlMicros = limits.ttlSeconds * 1e6
    this.#packer = new RowPacker(options.privacy)
    this.#rows = new MemoryRows((limits.mib ?? MEMORY_STORE_MIB) * 2 ** 20, limits.perIp)
    this.#sums = new MemorySums(limits.ttlSeconds)
    this.#bodies = new Bodies(make)
    const { dedupeSeconds = 0, mib = MEMORY_STORE_MIB, rememberSeconds = REMEMBER_SECONDS } = limits
    this.#population = new MemoryPopulation(mib / POPULATION_PART, rememberSeconds)
    this.#keys = new PopulationKeys(make)
    this.#tallies = new TalliesMemo(() => inSlices(this.#population.tallies(this.#now() / 1000)))
    this.#ids = dedupeSeconds > 0 ? new SeenIds(dedupeSeconds) : undefined
  }

  put(rows: Uint8Array): boolean {
    const now = this.#roll()
    for (const entry of this.#packer.pack(new RowCursor(rows))) {
      const micros = Math.min(entry.micros, now)
      if (micros <= now - this.#ttlMicros) {
        this.#tooOld++
        continue
      }
      const id = entry.slab.toString('latin1', entry.off + 8, entry.off + 16)
      const seen = this.#ids?.find(id, now)
      if (seen !== undefined) {
        this.#merged++
        if (![...seen.parts, ...seen.witnesses].some((part) => part.id === entry.origin.id))
          seen.witnesses = [...seen.witnesses, entry.origin]
        continue
      }
      const held = this.#rows.hold(entry, micros, now)
      if (held === undefined) continue
      this.#ids?.add(id, held, now)
      this.#sums.add(entry, micros, this.#bodies)
      const keys = this.#keys.of(entry)
      this.#population.add(keys, entry.ip, entry.isUnconfirmed, micros / 1e6, now / 1e6)
      this.#stored++
      if (isSettled(held.trust) && this.#waiters.isAwaited(entry.ip, entry.port))
        this.#waiters.offer(entry.ip, entry.port, micros, () => this.#sighting(held))
    }
    this.#statistics.change()
    return true
  }

  room(): Promise<void> {
    return Promise.resolve()
  }

  drain(): Promise<void> {
    return Promise.resolve()
  }

  latest(ip: string): Promise<Sighting | undefined> {
    return Promise.resolve(this.#sighting(this.#latest(ip)))
  }

  async connection(
    ip: string,
    port: number,
    waitMs: number,
    since = 0,
  ): Promise<Sighting | undefined> {
    const key = addressKey(ip)
    if (key === undefined) return undefined
    const held = this.#connection(key, port, since)
    if (held !== undefined && isSettled(held.trust)) return this.#sighting(held)
    const awaited = await this.#waiters.wait(key, port, since * 1e6, waitMs).sighting
    return awaited ?? this.#sighting(this.#connection(key, port, since))
  }

  sightings(ip: string, offset: number, limit: number): Promise<SightingPage> {
    const held = this.#retained(ip)
    const sightings = held
      .toReversed()
      .slice(offset, offset + limit)
      .flatMap((each) => this.#sighting(each) ?? [])
    return Promise.resolve({ sightings, total: held.length })
  }

  concurrent(ip: string): Promise<number> {
    const distinct = new Set(
      this.#retained(ip).flatMap(({ parts }) => this.#bodies.fingerprint(parts[0]?.id ?? '') ?? []),
    )
    return Promise.resolve(distinct.size)
  }

  total(): Promise<number> {
    this.#roll()
    return Promise.resolve(this.#sums.total)
  }

  async fingerprint(value: string): Promise<FingerprintLookup | undefined> {
    const held = valuesFoundBy(value).flatMap((each) => this.#rows.bodyOf(valueKey(each)) ?? [])
    return (await this.#current()).find(value, held)
  }

  async population(value: string, ip?: string): Promise<Population | undefined> {
    const held = valuesFoundBy(value).flatMap((each) => this.#rows.bodyOf(valueKey(each)) ?? [])
    const asked = askedOf(value, (await this.#current()).example(value, held))
    if (asked === undefined) return undefined
    const key = addressKey(ip ?? '')
    const isAbout = key !== undefined && asked.fingerprint !== undefined
    const seen = isAbout ? this.#population.seen(asked.fingerprint, key) : {}
    return inSlices(populationOf(asked, await this.#tallies.current(), seen))
  }

  observeUserAgent({ ip, port, userAgent, via, time }: UserAgentObservation): Promise<void> {
    const now = this.#roll()
    const micros = Math.min(Math.round(time * 1e6), now)
    const held =
      port === undefined ? this.#latest(ip) : this.#connection(addressKey(ip) ?? '', port)
    const id = this.#bodies.fingerprint(held?.parts[0]?.id ?? '')
    const key = userAgentKey(userAgent, via)
    if (id !== undefined && key !== '' && micros > now - this.#ttlMicros) {
      this.#sums.addUserAgent(id, key, userAgentBound(via), micros)
      this.#statistics.change()
    }
    return Promise.resolve()
  }

  async stats(options: {
    readonly onlyWithUserAgent: boolean
    readonly top: number
  }): Promise<Stats> {
    return (await this.#current()).stats(options.onlyWithUserAgent, options.top)
  }

  statsSnapshot(options: {
    readonly onlyWithUserAgent: boolean
    readonly top: number
  }): Promise<StatsSnapshot> {
    return this.#snapshots.of(options, () => this.#current())
  }

  visit(take: (sighting: Sighting) => boolean): Promise<void> {
    this.#roll()
    for (const held of this.#rows.all()) {
      const sighting = this.#sighting(held)
      if (sighting !== undefined && !take(sighting)) break
    }
    return Promise.resolve()
  }

  forget(ip: string): Promise<number> {
    const key = addressKey(ip) ?? ''
    this.#population.forget(key)
    this.#tallies.forget()
    return Promise.resolve(this.#rows.forget(key))
  }

  health(): StoreHealth {
    return {
      kind: 'memory',
      ready: true,
      spooled: 0,
      stored: this.#stored,
      merged: this.#merged,
      dropped: 0,
      too_old: this.#tooOld,
      refused: this.#rows.refused + this.#packer.withoutAddress,
      evicted: this.#rows.evicted,
      lost: 0,
      bad_rows: this.#badRows + this.#packer.unsound,
      gaps: 0,
      gap_millis: 0,
    }
  }

  close(): Promise<void> {
    this.#waiters.close()
    return Promise.resolve()
  }

  #current(): Promise<Statistics> {
    this.#roll()
    return this.#statistics.current()
  }

  *#steps(): Generator<undefined, Statistics> {
    return yield* Statistics.steps(yield* this.#sums.sums(), this.#bodies)
  }

  /** Lets go of what is past its TTL. @returns now, in microseconds */
  #roll(): number {
    const now = this.#now() * 1000
    if (now < this.#lastMicros - CLOCK_STEP_MILLIS * 1000) this.#rows.dateBack(now)
    if (now !== this.#lastMicros) {
      const before = this.#sums.total
      this.#rows.expire(now - this.#ttlMicros, now)
      this.#sums.roll(now, this.#bodies)
      if (this.#sums.total !== before) this.#statistics.change()
    }
    this.#lastMicros = now
    return now
  }

  #retained(ip: string): readonly Held[] {
    return this.#rows.of(addressKey(ip) ?? '', this.#now() * 1000 - this.#ttlMicros)
  }

  #latest(ip: string): Held | undefined {
    return readingOfAddress(this.#retained(ip).toReversed())
  }

  #connection(key: string, port: number, since = 0): Held | undefined {
    const expired = this.#now() * 1000 - this.#ttlMicros
    return this.#rows.connection(key, port, Math.max(expired, since * 1e6 - 1))
  }

  #sighting(held: Held | undefined): Sighting | undefined {
    if (held === undefined) return undefined
    const { row, ip, parts, witnesses } = held
    const unpacked = unpack(row, ip, (id) => parts.find((part) => part.id === id)?.bytes)
    const sighting = unpacked === undefined ? undefined : this.#make(unpacked)
    if (sighting === undefined) this.#badRows++
    return sighting === undefined || witnesses.length === 0
      ? sighting
      : withWitnesses(
          sighting,
          witnesses.map(({ bytes }) => bytes),
        )
  }
}
