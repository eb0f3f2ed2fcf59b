// The sightings that the embedded store holds: by address, by connection, by value, and in order of arrival.

import { JOIN_SECONDS, PREFIX_PART, UNCONFIRMED_PART } from '../../base/limits.js'
import type { Entry, Part } from '../packed-row.js'
import { packedOf, trustOf } from '../packed-row.js'
import { readingOfConnection } from '../readings.js'

/** Bytes that a sighting takes besides its row, an address besides its sightings, a key of a value, a part besides its bytes. */
const HELD_BYTES = 260
const ADDRESS_BYTES = 240
const VALUE_BYTES = 110
const PART_BYTES = 420

/** A sighting held, in the list of its address and in one chain by arrival. */
export interface Held {
  readonly row: Buffer
  readonly ip: string
  readonly port: number
  /** The time it is kept under, microseconds. */
  micros: number
  readonly isUnconfirmed: boolean
  /** A TRUST_ number (readings.ts). */
  readonly trust: number
  readonly parts: readonly Part[]
  readonly values: readonly string[]
  readonly bytes: number
  /** Origins of others that saw the same. */
  witnesses: readonly Part[]
  earlier: Held | undefined
  later: Held | undefined
  isHeld: boolean
}

/** Sightings by arrival. */
class Chain {
  oldest: Held | undefined
  newest: Held | undefined
  bytes = 0

  push(held: Held): void {
    held.earlier = this.newest
    if (this.newest === undefined) this.oldest = held
    else this.newest.later = held
    this.newest = held
    this.bytes += held.bytes
  }

  remove(held: Held): void {
    if (held.earlier === undefined) this.oldest = held.later
    else held.earlier.later = held.later
    if (held.later === undefined) this.newest = held.earlier
    else held.later.earlier = held.earlier
    held.earlier = held.later = undefined
    this.bytes -= held.bytes
  }
}

/** Sightings within a bound of bytes. The unconfirmed have a pool of their own, and go first. */
export class MemoryRows {
  readonly #room: number
  readonly #perIp: number
  readonly #byIp = new Map<string, Held[]>()
  /** The one to answer with of each address and port, oldest first. */
  readonly #joins = new Map<string, Held>()
  readonly #values = new Map<string, { readonly body: string; uses: number }>()
  readonly #uses = new Map<string, number>()
  readonly #prefixes = new Map<string, number>()
  readonly #confirmed = new Chain()
  readonly #pool = new Chain()
  #otherBytes = 0
  #joinBytes = 0
  evicted = 0
  refused = 0

  constructor(roomBytes: number, perIp: number) {
    this.#room = roomBytes
    this.#perIp = perIp
  }

  /** Bytes in use, roughly. */
  get bytes(): number {
    return this.#confirmed.bytes + this.#pool.bytes + this.#otherBytes + this.#joinBytes
  }

  /** Sightings of an address by time, those past `expired` left out. */
  of(ip: string, expired: number): readonly Held[] {
    const all = this.#byIp.get(ip) ?? []
    const from = all.findIndex(({ micros }) => micros > expired)
    return from < 0 ? [] : from === 0 ? all : all.slice(from)
  }

  /** All sightings, by arrival. */
  *all(): Generator<Held> {
    for (const { oldest } of [this.#confirmed, this.#pool])
      for (let held = oldest; held !== undefined; held = held.later) yield held
  }

  /** The sighting to answer with of an address and port, kept under a time after `after`, microseconds. */
  connection(ip: string, port: number, after: number): Held | undefined {
    const joined = this.#joins.get(`${ip}${port}`)
    const held = (this.#byIp.get(ip) ?? []).filter((each) => each.port === port).reverse()
    if (joined?.isHeld === false) held.push(joined)
    return readingOfConnection(
      held.filter(({ micros }) => micros > after).sort((a, b) => b.micros - a.micros),
    )
  }

  /** The body that a value in one order of extensions was seen with. */
  bodyOf(value: string): string | undefined {
    return this.#values.get(value)?.body
  }

  /** Takes a sighting. @returns undefined where its source prefix has used up its part of the room */
  hold(entry: Entry, micros: number, now: number): Held | undefined {
    const parts = [entry.body, entry.origin, ...(entry.rest === undefined ? [] : [entry.rest])]
    const held: Held = {
      // a copy of its own: a view would keep all of its slab
      row: Buffer.from(packedOf(entry).toString('latin1'), 'latin1'),
      ip: entry.ip,
      port: entry.port,
      micros,
      isUnconfirmed: entry.isUnconfirmed,
      trust: trustOf(entry.slab, entry.off),
      parts,
      values: entry.values,
      bytes: entry.len + HELD_BYTES,
      witnesses: [],
      earlier: undefined,
      later: undefined,
      isHeld: true,
    }
    if (!this.#enterPrefix(held)) return undefined
    this.#use(held)
    this.#list(held, now)
    this.#join(held, now)
    const poolRoom = this.#room / UNCONFIRMED_PART
    while (this.#pool.bytes > poolRoom && this.#pool.oldest !== undefined)
      this.#evict(this.#pool.oldest)
    for (const [key, joined] of this.#joins) {
      if (this.#joinBytes <= poolRoom) break
      this.#leaveJoin(key, joined)
    }
    while (this.bytes > this.#room) {
      const oldest = this.#pool.oldest ?? this.#confirmed.oldest
      if (oldest === undefined) break
      this.#evict(oldest)
    }
    return held
  }

  /** Lets go of what is past its time. */
  expire(expired: number, now: number): void {
    for (const chain of [this.#confirmed, this.#pool])
      while (chain.oldest !== undefined && chain.oldest.micros <= expired)
        this.release(chain.oldest)
    for (const [key, held] of this.#joins) {
      if (held.micros > now - JOIN_SECONDS * 1e6) break
      this.#leaveJoin(key, held)
    }
  }

  /** The clock was set back: what it had dated ahead stays ahead of what comes next, for a TTL from now. */
  dateBack(now: number): void {
    for (const chain of [this.#confirmed, this.#pool])
      for (let held = chain.oldest; held !== undefined; held = held.later)
        if (held.micros > now) held.micros = now + 1
  }

  /** Lets go of a sighting. */
  release(held: Held): void {
    if (!held.isHeld) return
    held.isHeld = false
    const chain = held.isUnconfirmed ? this.#pool : this.#confirmed
    chain.remove(held)
    const list = this.#byIp.get(held.ip)
    if (list !== undefined) {
      if (list[0] === held) list.shift()
      else list.splice(list.indexOf(held), 1)
      if (list.length === 0) {
        this.#byIp.delete(held.ip)
        this.#otherBytes -= ADDRESS_BYTES
      }
    }
    this.#leavePrefix(held)
    this.#unuse(held)
  }

  /** Lets go of all sightings of an address. @returns how many */
  forget(ip: string): number {
    const all = [...(this.#byIp.get(ip) ?? [])]
    for (const held of all) this.release(held)
    for (const [key, held] of this.#joins) if (held.ip === ip) this.#leaveJoin(key, held)
    return all.length
  }

  #evict(held: Held): void {
    this.evicted++
    this.release(held)
  }

  #list(held: Held, now: number): void {
    let list = this.#byIp.get(held.ip)
    if (list === undefined) {
      this.#byIp.set(held.ip, (list = []))
      this.#otherBytes += ADDRESS_BYTES
    }
    // the clock was set back: what it had dated ahead must not outrank and outlast what is new
    for (let i = list.length - 1, later = list[i]; later !== undefined; later = list[--i]) {
      if (later.micros <= now) break
      later.micros = held.micros
    }
    let at = list.length
    while (at > 0 && (list[at - 1]?.micros ?? 0) > held.micros) at--
    if (at === list.length) list.push(held)
    else list.splice(at, 0, held)
    ;(held.isUnconfirmed ? this.#pool : this.#confirmed).push(held)
    const [oldest] = list
    if (list.length > this.#perIp && oldest !== undefined) this.#evict(oldest)
  }

  #join(held: Held, now: number): void {
    if (held.micros <= now - JOIN_SECONDS * 1e6) return
    const key = `${held.ip}${held.port}`
    const before = this.#joins.get(key)
    if (before !== undefined) {
      const isLatest = before.micros <= held.micros
      if (readingOfConnection(isLatest ? [held, before] : [before, held]) === before) return
      this.#leaveJoin(key, before)
    }
    this.#joins.set(key, held)
    this.#joinBytes += VALUE_BYTES + held.bytes
  }

  #leaveJoin(key: string, held: Held): void {
    this.#joins.delete(key)
    this.#joinBytes -= VALUE_BYTES + held.bytes
  }

  /** Whether the sighting's prefix has room for it, once the oldest of the same address has made some. */
  #enterPrefix(held: Held): boolean {
    const prefix = prefixOf(held)
    const room = this.#room / PREFIX_PART / (held.isUnconfirmed ? UNCONFIRMED_PART : 1)
    if ((this.#prefixes.get(prefix) ?? 0) + held.bytes > room) {
      const oldest = this.#byIp.get(held.ip)?.find((each) => prefixOf(each) === prefix)
      if (oldest === undefined) {
        this.refused++
        return false
      }
      this.#evict(oldest)
    }
    this.#prefixes.set(prefix, (this.#prefixes.get(prefix) ?? 0) + held.bytes)
    return true
  }

  #leavePrefix(held: Held): void {
    const prefix = prefixOf(held)
    const rest = (this.#prefixes.get(prefix) ?? 0) - held.bytes
    if (rest > 0) this.#prefixes.set(prefix, rest)
    else this.#prefixes.delete(prefix)
  }

  #use({ parts, values }: Held): void {
    for (const { id, bytes } of parts) {
      const uses = this.#uses.get(id) ?? 0
      if (uses === 0) this.#otherBytes += bytes.length + PART_BYTES
      this.#uses.set(id, uses + 1)
    }
    const body = parts[0]?.id ?? ''
    for (const value of values) {
      const known = this.#values.get(value)
      if (known !== undefined) known.uses++
      else {
        this.#values.set(value, { body, uses: 1 })
        this.#otherBytes += VALUE_BYTES
      }
    }
  }

  #unuse({ parts, values }: Held): void {
    for (const { id, bytes } of parts) {
      const uses = (this.#uses.get(id) ?? 1) - 1
      if (uses > 0) this.#uses.set(id, uses)
      else {
        this.#uses.delete(id)
        this.#otherBytes -= bytes.length + PART_BYTES
      }
    }
    for (const value of values) {
      const known = this.#values.get(value)
      if (known === undefined || --known.uses > 0) continue
      this.#values.delete(value)
      this.#otherBytes -= VALUE_BYTES
    }
  }
}

/** The source's network: /24 or /48, apart for the unconfirmed. */
function prefixOf({ ip, isUnconfirmed }: Held): string {
  return (isUnconfirmed ? '?' : '') + ip.slice(0, ip.length === 4 ? 3 : 6)
}
