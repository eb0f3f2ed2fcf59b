import { CLOCK_STEP_MILLIS, MEMORY_SIGHTING_UNITS } from '../../base/limits.js'
import type { Sighting } from '../../model/sighting.js'
import { ConnectionWaiters } from '../connection-waiters.js'
import { MemoryStatistics } from './memory-statistics.js'
import { keptMicros } from '../sighting-time.js'
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

/** A sighting held, in the list of its address and in the chain of all by arrival. */
interface Held {
  sighting: Sighting
  micros: number
  earlier: Held | undefined
  later: Held | undefined
}

/** Units of room a sighting takes: its strings are some eight times its hello. */
function unitsOf(sighting: Sighting): number {
  return 1 + (sighting.hello_len >>> 11)
}

/** Options of the embedded store. */
export interface MemoryStoreOptions {
  /** Milliseconds since the epoch. */
  readonly now?: () => number
  /** Room for sightings, in units of 2 KiB of hello begun. */
  readonly units?: number
}

/** The embedded store: in this process's memory, gone with it. Bounded per address and in all; the oldest go first. */
export class MemoryStore implements Store {
  readonly #limits: StoreLimits
  readonly #now: () => number
  readonly #unitsBound: number
  readonly #ttlMicros: number
  /** Each address's sightings, oldest first; no list is empty. */
  readonly #byIp = new Map<string, Held[]>()
  readonly #statistics: MemoryStatistics
  readonly #waiters = new ConnectionWaiters()
  #oldest: Held | undefined
  #newest: Held | undefined
  #units = 0
  /** What the clock said last, microseconds. */
  #lastMicros = 0

  constructor(limits: StoreLimits, options: MemoryStoreOptions = {}) {
    this.#limits = limits
    this.#now = options.now ?? Date.now
    this.#unitsBound = options.units ?? MEMORY_SIGHTING_UNITS
    this.#ttlMicros = limits.ttlSeconds * 1e6
    this.#statistics = new MemoryStatistics(limits.ttlSeconds)
  }

  put(sightings: readonly Sighting[]): boolean {
    const now = this.#roll()
    for (const sighting of sightings) {
      const micros = keptMicros(sighting.time, now)
      if (micros <= now - this.#ttlMicros) continue
      this.#statistics.add(sighting, micros)
      this.#hold(sighting, micros, now)
      this.#waiters.offer(sighting)
    }
    return true
  }

  drain(): Promise<void> {
    return Promise.resolve()
  }

  latest(ip: string): Promise<Sighting | undefined> {
    return Promise.resolve(this.#retained(ip).at(-1)?.sighting)
  }

  connection(ip: string, port: number, waitMs: number, since = 0): Promise<Sighting | undefined> {
    const held = this.#retained(ip).findLast(({ sighting }) => sighting.srcport === port)
    if (held !== undefined && held.micros >= since * 1e6) return Promise.resolve(held.sighting)
    return this.#waiters.wait(ip, port, since * 1e6, waitMs).sighting
  }

  sightings(ip: string, offset: number, limit: number): Promise<SightingPage> {
    const held = this.#retained(ip)
    const sightings = held
      .toReversed()
      .slice(offset, offset + limit)
      .map(({ sighting }) => sighting)
    return Promise.resolve({ sightings, total: held.length })
  }

  concurrent(ip: string): Promise<number> {
    const distinct = new Set(this.#retained(ip).map(({ sighting }) => sighting.sha3_384_stable))
    distinct.delete(undefined)
    return Promise.resolve(distinct.size)
  }

  total(): Promise<number> {
    this.#roll()
    return Promise.resolve(this.#statistics.sightings)
  }

  fingerprint(value: string): ReturnType<Store['fingerprint']> {
    this.#roll()
    return Promise.resolve(this.#statistics.find(value))
  }

  observeUserAgent({ ip, port, userAgent, via, time }: UserAgentObservation): Promise<void> {
    const now = this.#roll()
    const micros = Math.min(Math.round(time * 1e6), now)
    const held = this.#retained(ip).findLast(
      ({ sighting }) => port === undefined || sighting.srcport === port,
    )
    const id = held === undefined ? undefined : fingerprintId(held.sighting)
    const key = userAgentKey(userAgent, via)
    if (id !== undefined && key !== '' && micros > now - this.#ttlMicros)
      this.#statistics.addUserAgent(id, key, userAgentBound(via), micros)
    return Promise.resolve()
  }

  stats(options: { readonly onlyWithUserAgent: boolean; readonly top: number }): Promise<Stats> {
    this.#roll()
    return Promise.resolve(this.#statistics.stats(options.onlyWithUserAgent, options.top))
  }

  rewrite(remake: (sighting: Sighting) => Sighting | undefined): Promise<void> {
    this.#roll()
    for (let held = this.#oldest; held !== undefined; held = held.later)
      held.sighting = remake(held.sighting) ?? held.sighting
    return Promise.resolve()
  }

  forget(ip: string): Promise<number> {
    const held = [...(this.#byIp.get(ip) ?? [])]
    for (const each of held) this.#release(each)
    return Promise.resolve(held.length)
  }

  health(): StoreHealth {
    return {
      kind: 'memory',
      ready: true,
      spooled: 0,
      dropped: 0,
      bad_rows: 0,
      gaps: 0,
      gap_millis: 0,
    }
  }

  close(): Promise<void> {
    this.#waiters.close()
    return Promise.resolve()
  }

  /** Lets go of what is past its TTL. @returns now, in microseconds */
  #roll(): number {
    const now = this.#now() * 1000
    if (now < this.#lastMicros - CLOCK_STEP_MILLIS * 1000) this.#dateBack(now)
    this.#lastMicros = now
    // arrival is by time but for stragglers, and those are gone a TTL after they came at the latest
    while (this.#oldest !== undefined && this.#oldest.micros <= now - this.#ttlMicros)
      this.#release(this.#oldest)
    this.#statistics.roll(now)
    return now
  }

  /** The clock was set back: what it had dated ahead is kept for a TTL from now, and not until the clock is there again. */
  #dateBack(now: number): void {
    for (let held = this.#oldest; held !== undefined; held = held.later)
      // still ahead of what comes next, as it was
      if (held.micros > now) held.micros = now + 1
  }

  #retained(ip: string): readonly Held[] {
    const held = this.#byIp.get(ip) ?? []
    const expired = this.#now() * 1000 - this.#ttlMicros
    const from = held.findIndex(({ micros }) => micros > expired)
    return from < 0 ? [] : from === 0 ? held : held.slice(from)
  }

  #hold(sighting: Sighting, micros: number, now: number): void {
    const held: Held = { sighting, micros, earlier: this.#newest, later: undefined }
    if (this.#newest === undefined) this.#oldest = held
    else this.#newest.later = held
    this.#newest = held
    this.#units += unitsOf(sighting)

    let list = this.#byIp.get(sighting.src)
    if (list === undefined) this.#byIp.set(sighting.src, (list = []))
    // the clock was set back: what it had dated ahead must not outrank and outlast what is new
    for (let i = list.length - 1, later = list[i]; later !== undefined; later = list[--i]) {
      if (later.micros <= now) break
      later.micros = micros
    }
    let at = list.length
    while (at > 0 && (list[at - 1]?.micros ?? 0) > micros) at--
    if (at === list.length) list.push(held)
    else list.splice(at, 0, held)
    if (list.length > this.#limits.perIp && list[0] !== undefined) this.#release(list[0])
    while (this.#units > this.#unitsBound && this.#oldest !== undefined) this.#release(this.#oldest)
  }

  #release(held: Held): void {
    if (held.earlier === undefined) this.#oldest = held.later
    else held.earlier.later = held.later
    if (held.later === undefined) this.#newest = held.earlier
    else held.later.earlier = held.earlier
    this.#units -= unitsOf(held.sighting)

    const list = this.#byIp.get(held.sighting.src)
    if (list === undefined) return
    if (list[0] === held) list.shift()
    else list.splice(list.indexOf(held), 1)
    if (list.length === 0) this.#byIp.delete(held.sighting.src)
  }
}
