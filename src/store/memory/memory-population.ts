// Clients by what they show, in this process's memory: of each thing the clients with their last time.

import type { Population } from '../contract.js'
import type { Tallies, Tally } from '../population.js'
import { AGES, ageOf, CLIENTS_OF_AN_AGE, levelOf, networkKey } from '../population.js'
import { isFingerprintKey } from '../counted-keys.js'
import { STEP_ITEMS, stepping } from '../in-slices.js'

/** New clients of a thing between two looks at how many they are. */
const CLIENTS_BETWEEN_LOOKS = CLIENTS_OF_AN_AGE / 32
/** Bytes that a client of a thing takes, roughly. */
const CLIENT_BYTES = 96

/** What is remembered of one thing. */
class Counted {
  readonly seen: { first: number; last: number }
  /** Last time of each client, seconds. */
  readonly clients = new Map<string, number>()
  /** Of a fingerprint: first time of each client, and times of networks. */
  readonly firsts = new Map<string, number>()
  readonly networks = new Map<string, { first: number; last: number }>()
  /** Clients added since the last look at how many there are. */
  added = 0
  /** By age: clients of a lower level are left out. */
  readonly levels = new Uint8Array(AGES)

  constructor(time: number) {
    this.seen = { first: time, last: time }
  }

  /** Whether it is time to look how many clients there are. */
  isDue(): boolean {
    return this.clients.size > CLIENTS_OF_AN_AGE && this.added >= CLIENTS_BETWEEN_LOOKS
  }

  get size(): number {
    return this.clients.size + this.firsts.size + this.networks.size
  }
}

/** Bounded by `mib`; what has no room is counted in `uncounted`. */
export class MemoryPopulation {
  readonly #most: number
  readonly #remember: number
  readonly #counted = new Map<string, Counted>()
  #size = 0
  uncounted = 0

  constructor(mib: number, rememberSeconds: number) {
    this.#most = Math.floor((mib * 2 ** 20) / CLIENT_BYTES)
    this.#remember = rememberSeconds
  }

  /** Counts a client for things at `time`, as of `now`: seconds. What anyone can forge leaves room for the rest. */
  add(
    keys: readonly string[],
    ip: string,
    isUnconfirmed: boolean,
    time: number,
    now: number,
  ): void {
    if (this.#size > this.#most) this.#expire(now)
    const most = isUnconfirmed ? this.#most / 2 : this.#most
    const level = levelOf(ip)
    const age = ageOf(now - time)
    let isLeft = false
    for (const key of keys) {
      let counted = this.#counted.get(key)
      if (counted === undefined) {
        if (this.#size >= most) {
          isLeft = true
          continue
        }
        this.#counted.set(key, (counted = new Counted(time)))
      }
      const before = counted.size
      if (!note(counted, key, ip, time, this.#size < most ? age : undefined, level)) isLeft = true
      if (counted.isDue()) sample(counted, now, this.#remember)
      this.#size += counted.size - before
    }
    if (isLeft) this.uncounted++
  }

  /** Everything counted as of `now`, seconds; what is counted meanwhile may be in or not. */
  *tallies(now: number): Generator<undefined, Tallies> {
    const things = new Map<string, Tally>()
    for (const [key, counted] of this.#counted) {
      const { sums, variances } = yield* sumsOf(counted, now, this.#remember)
      things.set(key, { sums, variances, ...counted.seen })
      if (things.size % STEP_ITEMS === 0) yield undefined
    }
    return { things, asOf: now, uncounted: this.uncounted }
  }

  /** When a thing was seen with a client, and in the client's network. */
  seen(key: string, ip: string): Pick<Population, 'client' | 'network'> {
    const counted = this.#counted.get(key)
    const last = counted?.clients.get(ip)
    const network = counted?.networks.get(networkKey(ip) ?? '')
    return {
      ...(last === undefined ? {} : { client: { first: counted?.firsts.get(ip) ?? last, last } }),
      ...(network === undefined ? {} : { network: { ...network } }),
    }
  }

  forget(ip: string): void {
    for (const counted of this.#counted.values()) {
      const before = counted.size
      counted.clients.delete(ip)
      counted.firsts.delete(ip)
      this.#size -= before - counted.size
    }
  }

  /** Lets go of what was not seen for as long as anything is remembered. */
  #expire(now: number): void {
    for (const [key, counted] of this.#counted) {
      const before = counted.size
      sample(counted, now, this.#remember)
      this.#size += counted.size - before
      if (counted.clients.size === 0) {
        this.#size -= counted.size
        this.#counted.delete(key)
      }
    }
  }
}

/**
 * Notes that a client showed a thing. @param age of the time, undefined where nothing new has room
 * @returns false where it was left out for want of room
 */
function note(
  counted: Counted,
  key: string,
  ip: string,
  time: number,
  age: number | undefined,
  level: number,
): boolean {
  const { clients, firsts, networks, seen, levels } = counted
  seen.first = Math.min(seen.first, time)
  seen.last = Math.max(seen.last, time)
  const last = clients.get(ip)
  if (last !== undefined) {
    if (time > last) clients.set(ip, time)
  } else {
    if (age === undefined) return false
    if (level >= (levels[age] ?? 0)) {
      clients.set(ip, time)
      counted.added++
      if (isFingerprintKey(key)) firsts.set(ip, time)
    }
  }
  const network = isFingerprintKey(key) ? networkKey(ip) : undefined
  const known = networks.get(network ?? '')
  if (known !== undefined) {
    known.first = Math.min(known.first, time)
    known.last = Math.max(known.last, time)
  } else if (network !== undefined && age !== undefined && networks.size < CLIENTS_OF_AN_AGE)
    networks.set(network, { first: time, last: time })
  return true
}

function* sumsOf(
  { clients, levels }: Counted,
  now: number,
  remember: number,
): Generator<undefined, { readonly sums: number[]; readonly variances: number[] }> {
  const sums = new Array<number>(AGES).fill(0)
  const variances = new Array<number>(AGES).fill(0)
  yield* stepping(clients, ([ip, last]) => {
    const seconds = now - last
    if (seconds >= remember) return
    const age = ageOf(seconds)
    const level = levels[age] ?? 0
    if (level > 0 && levelOf(ip) < level) return
    const weight = 2 ** level
    sums[age] = (sums[age] ?? 0) + weight
    variances[age] = (variances[age] ?? 0) + weight * (weight - 1)
  })
  return { sums, variances }
}

/** Leaves out clients until none of the ages has too many; older ages are never sampled less than younger ones. */
function sample(counted: Counted, now: number, remember: number): void {
  const { clients, firsts, networks, levels } = counted
  counted.added = 0
  for (;;) {
    const sizes = new Array<number>(AGES).fill(0)
    for (const [ip, last] of clients) {
      const age = ageOf(now - last)
      if (now - last >= remember || levelOf(ip) < (levels[age] ?? 0)) {
        clients.delete(ip)
        firsts.delete(ip)
      } else sizes[age] = (sizes[age] ?? 0) + 1
    }
    const full = sizes.findIndex((size) => size > CLIENTS_OF_AN_AGE)
    if (full < 0) break
    const level = (levels[full] ?? 0) + 1
    for (let age = full; age < AGES; age++) levels[age] = Math.max(levels[age] ?? 0, level)
  }
  for (const [network, { last }] of networks) if (now - last >= remember) networks.delete(network)
}
