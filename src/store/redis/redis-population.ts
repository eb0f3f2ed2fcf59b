// Clients by what they show, in Redis: told apart from sightings, slowly, and each pair once a minute at most.

import {
  POPULATION_PART,
  POPULATION_PAIRS_AT_ONCE,
  POPULATION_PAIRS_WAITING,
  POPULATION_TOLD,
  POPULATION_TELL_MILLIS,
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
import { PARTITIONS, partitionOf, prefixOf } from './partitions.js'
import type { RedisClient } from './redis-connection.js'
import { KNOWN, POPULATION, run, TALLIES } from './redis-scripts.js'

/** Bytes that a client of a thing takes, roughly. */
const CLIENT_BYTES = 64
const MINUTE = 60
const NETWORK_MARK = '/'
/** Bodies whose keys are made at one time: a flood of new ones waits. */
const BODIES_AT_ONCE = 256

/** A client that showed a fingerprint. */
interface Pair {
  readonly entry: Entry
  /** Its own time, seconds. */
  readonly seconds: number
}

export interface RedisPopulationOptions {
  readonly limits: StoreLimits
  readonly clock: StoreClock
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

export class RedisPopulation {
  readonly #redis: RedisClient
  readonly #options: RedisPopulationOptions
  readonly #keys: PopulationKeys
  readonly #remember: number
  readonly #told = new Map<string, number>()
  readonly #tallies = new TalliesMemo(() => this.#sweep())
  readonly #timer: NodeJS.Timeout
  #waiting: Pair[] = []
  #telling: Promise<boolean> | undefined
  #dropped = 0

  constructor(redis: RedisClient, make: MakeSighting, options: RedisPopulationOptions) {
    this.#redis = redis
    this.#options = options
    this.#keys = new PopulationKeys(make)
    this.#remember = options.limits.rememberSeconds ?? REMEMBER_SECONDS
    this.#timer = setInterval(() => void this.#tell(), POPULATION_TELL_MILLIS).unref()
  }

  put(entries: readonly Entry[]): void {
    for (const entry of entries) {
      const seconds = Math.floor(entry.micros / 1e6)
      const pair = fingerprintOf(entry) + entry.ip
      if (seconds - (this.#told.get(pair) ?? -Infinity) < MINUTE) continue
      if (this.#waiting.length >= POPULATION_PAIRS_WAITING) {
        this.#dropped++
        continue
      }
      if (this.#told.size >= POPULATION_TOLD) this.#told.clear()
      this.#told.set(pair, seconds)
      this.#waiting.push({ entry, seconds })
    }
    if (this.isBehind) void this.#tell()
  }

  /** Whether more waits than is told by and by. */
  get isBehind(): boolean {
    return this.#waiting.length >= POPULATION_PAIRS_WAITING / 4
  }

  /** Tells Redis all that waits; ends where Redis takes no more, and what is left goes on waiting. */
  async drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      // one under way may have begun before the last was put
      await this.#telling
      if (this.#waiting.length > 0 && !(await this.#tell())) return
    }
  }

  close(): void {
    clearInterval(this.#timer)
    this.#waiting = []
  }

  /** Has the next question count anew: an address is about to be forgotten. */
  forgetTallies(): void {
    this.#tallies.forget()
  }

  /** @throws errors of the connection */
  async about(asked: Asked, ip: string | undefined): Promise<Population | undefined> {
    const tallies = await this.#tallies.current()
    const seen =
      ip === undefined || asked.fingerprint === undefined
        ? {}
        : await this.#seen(asked.fingerprint, ip)
    const { uncounted } = tallies
    return populationOf(asked, { ...tallies, uncounted: uncounted + this.#dropped }, seen)
  }

  /** The field of an address in the things counted. */
  static field(ip: string): Buffer {
    return Buffer.from(ip + String.fromCharCode(levelOf(ip)), 'latin1')
  }

  /** @returns whether Redis took what it was told */
  #tell(): Promise<boolean> {
    this.#telling ??= this.#tellSome()
      .then((isTold) => {
        if (isTold && this.isBehind) setImmediate(() => void this.#tell())
        return isTold
      })
      .finally(() => (this.#telling = undefined))
    return this.#telling
  }

  async #tellSome(): Promise<boolean> {
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
    // telling again what was told does no harm
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
      [`${prefix}ri`],
      [
        ...[prefix, clock, Math.floor(now() / 1000), limits.ttlSeconds, this.#remember],
        Math.floor(room / CLIENT_BYTES),
        this.#encode(pairs),
      ],
    )
  }

  #encode(pairs: readonly Pair[]): Buffer {
    const names = new Map<string, number>()
    // entries of one body share their keys
    const sets = new Map<readonly string[], { readonly number: number; readonly names: number[] }>()
    const setOf = (keys: readonly string[]) => {
      let set = sets.get(keys)
      if (set === undefined) {
        const numbers = keys.map((key) => {
          const number = names.get(key) ?? names.size
          names.set(key, number)
          return number
        })
        set = { number: sets.size, names: numbers }
        sets.set(keys, set)
      }
      return set.number
    }
    const numbers = pairs.map(({ entry }) => setOf(this.#keys.of(entry)))
    const pack = new MessagePack()
    pack.array(3)
    pack.array(names.size)
    for (const name of names.keys()) pack.text(name)
    pack.array(sets.size)
    for (const { names: of } of sets.values()) {
      pack.array(of.length)
      for (const number of of) pack.natural(number)
    }
    pack.array(pairs.length)
    for (const [i, { entry, seconds }] of pairs.entries()) {
      pack.array(6)
      pack.text(entry.ip)
      pack.small(levelOf(entry.ip))
      pack.text(networkKey(entry.ip) ?? '')
      pack.small(entry.isUnconfirmed ? 1 : 0)
      pack.natural(seconds)
      pack.natural(numbers[i] ?? 0)
    }
    return pack.take()
  }

  async #seen(fingerprint: string, ip: string): Promise<Pick<Population, 'client' | 'network'>> {
    const network = networkKey(ip)
    const field = network === undefined ? '' : NETWORK_MARK + network
    const args = [RedisPopulation.field(ip), Buffer.from(field, 'latin1')]
    const known = async (prefix: string) =>
      (await run(
        this.#redis,
        KNOWN,
        [Buffer.from(`${prefix}r:${fingerprint}`, 'latin1')],
        args,
      )) as (Buffer | null)[]
    const own = seenOf((await known(prefixOf(ip)))[0])
    // clients of one network are in many partitions
    const all = await Promise.all(PARTITIONS.map(known))
    const networks = all.flatMap((each) => seenOf(each[1]) ?? [])
    return {
      ...(own === undefined ? {} : { client: own }),
      ...(networks.length === 0
        ? {}
        : {
            network: {
              first: Math.min(...networks.map(({ first }) => first)),
              last: Math.max(...networks.map(({ last }) => last)),
            },
          }),
    }
  }

  /** Adds up all partitions: their clients are disjoint. */
  async #sweep(): Promise<Tallies> {
    const things = new Map<string, Tally>()
    let asOf = 0
    let uncounted = 0
    for (const prefix of PARTITIONS) {
      let after: Buffer | undefined = Buffer.alloc(0)
      let left = 0
      while (after !== undefined) {
        const answer: unknown = await run(
          this.#redis,
          TALLIES,
          [`${prefix}ri`],
          [prefix, this.#remember, after],
        )
        const [now, unheld, last, ...tallies] = answer as [
          number,
          number,
          Buffer | null,
          ...[Buffer, number, number, number[], number[]][],
        ]
        asOf = now
        left = unheld
        after = last ?? undefined
        for (const [name, first, lastSeen, sums, variances] of tallies)
          add(things, name.toString('latin1'), { first, last: lastSeen, sums, variances })
      }
      uncounted += left
    }
    return { things, asOf, uncounted }
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
