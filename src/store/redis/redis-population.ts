// Clients by what they show, in Redis: sent apart from sightings, slowly, and each pair once a minute at most.

import { hash, randomInt } from 'node:crypto'
import {
  POPULATION_GROUPS,
  POPULATION_PAIRS_AT_ONCE,
  POPULATION_PAIRS_WAITING,
  POPULATION_PART,
  POPULATION_SEND_MILLIS,
  POPULATION_SENT,
  REDIS_STORE_MIB,
  STORE_PARTITIONS,
} from '../../base/limits.js'
import type { MakeSighting } from '../../model/row.js'
import type { Population, Seen, StoreClock, StoreLimits } from '../contract.js'
import type { Entry } from '../packed-row.js'
import { fingerprintOf } from '../packed-row.js'
import type { Asked, Tallies, Tally } from '../population.js'
import {
  AGES,
  levelOf,
  networkKey,
  PopulationKeys,
  populationOf,
  REMEMBER_SECONDS,
  TalliesMemo,
} from '../population.js'
import { MessagePack } from './message-pack.js'
import { PARTITIONS, partitionOf } from './partitions.js'
import type { RedisClient } from './redis-connection.js'
import { POPULATION, run, TALLIES } from './redis-scripts.js'
import { inSlices } from '../in-slices.js'
import { joinKeys, KEYSET_ID_LEN, PartitionTallies } from './redis-tallies.js'

/** Bytes that a client of a keyset takes, roughly. */
const CLIENT_BYTES = 72
const MINUTE = 60
const NETWORK_MARK = '/'
/** Bodies whose keys are made at one time: a flood of new ones waits. */
const BODIES_AT_ONCE = 256

/** Keysets remembered. */
const MAX_KEYSETS = 50_000

/** A client that showed a fingerprint. */
interface Pair {
  readonly entry: Entry
  /** Its own time, seconds. */
  readonly seconds: number
}

/** All that a hello is counted by. */
interface Keyset {
  /** 8 bytes in latin1. */
  readonly id: string
  readonly keys: string
}

export interface RedisPopulationOptions {
  readonly limits: StoreLimits
  readonly clock: StoreClock
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/** Pairs of client and fingerprint with the second they were sent; a new one takes the place of an old one. */
class RecentPairs {
  readonly #checks = new Int32Array(POPULATION_SENT)
  readonly #seconds = new Uint32Array(POPULATION_SENT)
  // a sender of hellos cannot choose which pairs share a place
  readonly #seed = randomInt(2 ** 32)

  /** Notes a pair. @returns whether it was noted within a minute of `seconds` already */
  note(fingerprint: string, ip: string, seconds: number): boolean {
    let place = this.#seed
    let check = ~this.#seed
    for (const text of [fingerprint, ip])
      for (let i = 0; i < text.length; i++) {
        const code = text.charCodeAt(i)
        place = Math.imul(place ^ code, 0x01000193)
        check = Math.imul(check ^ code ^ (place >>> 15), 0x5bd1e995)
      }
    const at = ((place ^ (place >>> 15)) >>> 0) % POPULATION_SENT
    if (this.#checks[at] === check && Math.abs(seconds - (this.#seconds[at] ?? 0)) < MINUTE)
      return true
    this.#checks[at] = check
    this.#seconds[at] = seconds
    return false
  }
}

export class RedisPopulation {
  readonly #redis: RedisClient
  readonly #options: RedisPopulationOptions
  readonly #keys: PopulationKeys
  readonly #remember: number
  readonly #recent = new RecentPairs()
  readonly #tallies = new TalliesMemo(() => this.#sweep())
  readonly #timer: NodeJS.Timeout
  /** Keysets by their keys. */
  readonly #keysets = new Map<readonly string[], Keyset>()
  /** Ids of the keysets of each fingerprint's key, as of the last sweep. */
  #ofFingerprint = new Map<string, Set<string>>()
  readonly #pack = new MessagePack()
  #waiting: Pair[] = []
  #sending: Promise<boolean> | undefined
  #dropped = 0

  constructor(redis: RedisClient, make: MakeSighting, options: RedisPopulationOptions) {
    this.#redis = redis
    this.#options = options
    this.#keys = new PopulationKeys(make)
    this.#remember = options.limits.rememberSeconds ?? REMEMBER_SECONDS
    this.#timer = setInterval(() => void this.#sendWaiting(), POPULATION_SEND_MILLIS).unref()
  }

  put(entries: readonly Entry[]): void {
    for (const entry of entries) {
      const seconds = Math.floor(entry.micros / 1e6)
      if (this.#waiting.length >= POPULATION_PAIRS_WAITING) this.#dropped++
      else if (!this.#recent.note(fingerprintOf(entry), entry.ip, seconds))
        this.#waiting.push({ entry, seconds })
    }
    if (this.isBehind) void this.#sendWaiting()
  }

  /** Whether more pairs wait than are sent once a second. */
  get isBehind(): boolean {
    return this.#waiting.length >= POPULATION_PAIRS_WAITING / 4
  }

  /** Tells Redis all that waits; ends where Redis takes no more, and what is left goes on waiting. */
  async drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      // one under way may have begun before the last was put
      await this.#sending
      if (this.#waiting.length > 0 && !(await this.#sendWaiting())) return
    }
  }

  close(): void {
    clearInterval(this.#timer)
    this.#waiting = []
  }

  /** @throws errors of the connection */
  async about(asked: Asked, ip: string | undefined): Promise<Population | undefined> {
    const tallies = await this.#tallies.current()
    const seen =
      ip === undefined || asked.fingerprint === undefined
        ? {}
        : await this.#seen(asked.fingerprint, ip)
    const { uncounted } = tallies
    return inSlices(populationOf(asked, { ...tallies, uncounted: uncounted + this.#dropped }, seen))
  }

  /** Forgets an address. @throws errors of the connection */
  async forget(ip: string): Promise<void> {
    const prefix = PARTITIONS[partitionOf(ip)] ?? ''
    // behind the id of whatever keyset; every byte of a pattern stands for itself
    const pattern = Buffer.from(`*${clientField('', ip).replace(/[^]/g, '\\$&')}`, 'latin1')
    const isClient = (field: Buffer) => field.length === clientField('', ip).length + KEYSET_ID_LEN
    for (let group = 0; group < POPULATION_GROUPS; group++) {
      let cursor = '0'
      do {
        const answer = await this.#redis.callBuffer(
          'HSCAN',
          ...[`${prefix}r:${group}`, cursor, 'MATCH', pattern, 'COUNT', 1000],
        )
        const [next, found] = answer as [Buffer, Buffer[]]
        const fields = found.filter((field, i) => i % 2 === 0 && isClient(field))
        if (fields.length > 0) await this.#redis.hdel(`${prefix}r:${group}`, ...fields)
        cursor = next.toString()
      } while (cursor !== '0')
    }
    this.#tallies.forget()
  }

  /** @returns whether Redis took the pairs */
  #sendWaiting(): Promise<boolean> {
    this.#sending ??= this.#sendSome()
      .then((isSent) => {
        if (isSent && this.isBehind) setImmediate(() => void this.#sendWaiting())
        return isSent
      })
      .finally(() => (this.#sending = undefined))
    return this.#sending
  }

  async #sendSome(): Promise<boolean> {
    if (this.#waiting.length === 0 || this.#redis.status !== 'ready') return false
    const parts: Pair[][] = []
    let made = 0
    let count = 0
    for (const pair of this.#waiting) {
      if (count >= POPULATION_PAIRS_AT_ONCE) break
      if (!this.#keys.has(pair.entry) && ++made > BODIES_AT_ONCE) break
      this.#keys.of(pair.entry)
      ;(parts[partitionOf(pair.entry.ip)] ??= []).push(pair)
      count++
    }
    const taken = this.#waiting.splice(0, count)
    const answers = await Promise.allSettled(
      parts.flatMap((pairs, partition) => [this.#send(partition, pairs)]),
    )
    if (answers.every(({ status }) => status === 'fulfilled')) return true
    // a pair that is sent twice does no harm
    this.#waiting = [...taken, ...this.#waiting]
    return false
  }

  async #send(partition: number, pairs: readonly Pair[]): Promise<void> {
    const { limits, clock, now } = this.#options
    const prefix = PARTITIONS[partition] ?? ''
    const room = ((limits.mib ?? REDIS_STORE_MIB) * 2 ** 20) / POPULATION_PART / STORE_PARTITIONS
    await run(
      this.#redis,
      POPULATION,
      [`${prefix}rz`],
      [
        ...[prefix, clock, Math.floor(now() / 1000), limits.ttlSeconds, this.#remember],
        Math.floor(room / CLIENT_BYTES),
        this.#encode(pairs),
      ],
    )
  }

  #encode(pairs: readonly Pair[]): Buffer {
    const groups = new Map<number, Map<Keyset, Pair[]>>()
    for (const pair of pairs) {
      const keyset = this.#keysetOf(pair.entry)
      if (keyset === undefined) continue
      const group = groupOf(keyset.id)
      const sets = groups.get(group) ?? new Map<Keyset, Pair[]>()
      groups.set(group, sets)
      const of = sets.get(keyset)
      if (of === undefined) sets.set(keyset, [pair])
      else of.push(pair)
    }
    const pack = this.#pack
    pack.array(2 * groups.size)
    for (const [group, sets] of groups) {
      pack.small(group)
      pack.array(sets.size)
      for (const [{ id, keys }, of] of sets) {
        pack.array(3)
        pack.text(id)
        pack.text(keys)
        pack.array(3 * of.length)
        for (const { entry, seconds } of of) {
          pack.text(clientField(id, entry.ip))
          pack.natural(seconds)
          pack.small(entry.isUnconfirmed ? 1 : 0)
        }
      }
    }
    return pack.take()
  }

  #keysetOf(entry: Entry): Keyset | undefined {
    const keys = this.#keys.of(entry)
    if (keys.length === 0) return undefined
    let keyset = this.#keysets.get(keys)
    if (keyset === undefined) {
      const joined = joinKeys(keys)
      const id = hash('sha256', Buffer.from(joined, 'latin1'), 'buffer')
      keyset = { id: id.toString('latin1', 0, KEYSET_ID_LEN), keys: joined }
      if (this.#keysets.size >= MAX_KEYSETS) this.#keysets.clear()
      this.#keysets.set(keys, keyset)
    }
    return keyset
  }

  /** When a fingerprint was seen with a client, and in its network: IPv4's by all of its addresses. */
  async #seen(fingerprint: string, ip: string): Promise<Pick<Population, 'client' | 'network'>> {
    const network = networkKey(ip)
    const neighbours =
      ip.length === 4
        ? Array.from({ length: 256 }, (_, i) => ip.slice(0, 3) + String.fromCharCode(i))
        : [ip]
    const clients: Seen[] = []
    const networks: Seen[] = []
    await Promise.all(
      PARTITIONS.flatMap((prefix, partition) =>
        [...(this.#ofFingerprint.get(fingerprint) ?? [])].map(async (id) => {
          const ips = neighbours.filter((each) => partitionOf(each) === partition)
          const fields = [
            `${NETWORK_MARK}${id}${network ?? ''}`,
            ...ips.map((each) => clientField(id, each)),
          ].map((field) => Buffer.from(field, 'latin1'))
          const answer = await this.#redis.callBuffer(
            'HMGET',
            ...[`${prefix}r:${groupOf(id)}`, ...fields],
          )
          for (const [i, bytes] of (answer as (Buffer | null)[]).entries()) {
            const seen = seenOf(bytes)
            if (seen === undefined) continue
            if (i > 0 && ips[i - 1] === ip) clients.push(seen)
            if (network !== undefined) networks.push(seen)
          }
        }),
      ),
    )
    return {
      ...(clients.length === 0 ? {} : { client: span(clients) }),
      ...(networks.length === 0 ? {} : { network: span(networks) }),
    }
  }

  /** Adds up all partitions: their clients are disjoint. */
  async #sweep(): Promise<Tallies> {
    const things = new Map<string, Tally>()
    const ofFingerprint = new Map<string, Set<string>>()
    let asOf = 0
    let uncounted = 0
    for (const prefix of PARTITIONS) {
      const partition = new PartitionTallies()
      let group: number | undefined = 0
      let left = 0
      while (group !== undefined) {
        const args = [prefix, group, POPULATION_GROUPS]
        const answer: unknown = await run(this.#redis, TALLIES, [`${prefix}rz`], args)
        const [now, unheld, next, ...groups] = answer as [
          number,
          number,
          number | null,
          ...Buffer[][],
        ]
        asOf = now
        left = unheld
        group = next ?? undefined
        for (const all of groups) partition.add(all)
      }
      uncounted += left
      for (const [key, tally] of partition.tallies(asOf, this.#remember)) add(things, key, tally)
      for (const [id, [, fingerprint = '']] of partition.keysets()) {
        const ids = ofFingerprint.get(fingerprint)
        if (ids === undefined) ofFingerprint.set(fingerprint, new Set([id]))
        else ids.add(id)
      }
    }
    this.#ofFingerprint = ofFingerprint
    return { things, asOf, uncounted }
  }
}

/** The field of a client of a keyset. */
function clientField(id: string, ip: string): string {
  return id + ip + String.fromCharCode(levelOf(ip))
}

/** The group that a keyset is kept in. */
function groupOf(id: string): number {
  return id.charCodeAt(0) % POPULATION_GROUPS
}

function span(all: readonly Seen[]): Seen {
  return {
    first: Math.min(...all.map(({ first }) => first)),
    last: Math.max(...all.map(({ last }) => last)),
  }
}

function add(things: Map<string, Tally>, key: string, more: Tally): void {
  const known = things.get(key)
  if (known === undefined) {
    things.set(key, more)
    return
  }
  const plus = (a: readonly number[], b: readonly number[]) =>
    Array.from({ length: AGES }, (_, age) => (a[age] ?? 0) + (b[age] ?? 0))
  things.set(key, {
    first: Math.min(known.first, more.first),
    last: Math.max(known.last, more.last),
    sums: plus(known.sums, more.sums),
    variances: plus(known.variances, more.variances),
  })
}

/** Last time, then first: big-endian u32s, seconds. */
function seenOf(bytes: Buffer | null | undefined): Seen | undefined {
  return bytes?.length === 8
    ? { first: bytes.readUInt32BE(4), last: bytes.readUInt32BE(0) }
    : undefined
}
