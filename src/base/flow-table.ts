import { i32 } from './bytes.js'
import {
  BUCKET_WORDS,
  CLOCK,
  KEY_WORDS,
  KEYS,
  REMEMBERED,
  SETS,
  STAMPS,
  STATE_WORDS,
  WAYS,
} from './flow-layout.js'

// A set-associative cache of flows in typed arrays. An entry is a number; the owner of the table keeps its own state
// in arrays indexed by it.
//
//   hash ──▶ bucket of 8 entries:  | 8 tags | 8 stamps | 8 keys |      tag: 0 = free, else the hash; stamp: last use
//        └─▶ cell of `watched`:    how many of the bucket's entries with that hash want every packet; a bit each in `filter`
//
// Memory is fixed, a search looks at eight tags at most, and a full bucket gives up its oldest entry, so a flood of
// forged flows costs time linear in its packets and nothing else. The hash is keyed: an attacker cannot aim at one bucket.

const LAST_FACTOR = 0x9e3779b1 | 0

/** One direction of a flow: addresses as offsets into `bytes`, and ports. A Packet is one. */
export interface FlowKey {
  readonly bytes: Uint8Array
  /** 4 or 6. */
  readonly ipVersion: number
  readonly srcAddrOff: number
  readonly dstAddrOff: number
  readonly srcPort: number
  readonly dstPort: number
}

/** Fixed-size table of directed flows, keyed by addresses and ports; the oldest of a full bucket makes room. */
export class FlowTable {
  /** Entries, numbered from 0. */
  readonly capacity: number
  /** Bit `hash & cellMask`, from each byte's lowest on: 0 if no flow of this hash is watched. */
  readonly filter: Uint8Array
  /** How many are, at `hash & cellMask`. */
  private readonly watched: Uint8Array
  readonly cellMask: number
  private readonly bucketMask: number
  private readonly words: Int32Array
  private readonly state: Int32Array
  private readonly remembered: Int32Array
  private readonly k0: number
  private readonly k1: number
  private readonly k2: number

  /**
   * @param capacity entries, a power of two, at least 8
   * @param seed secret of the hash, an integer from 0 to 2^48
   * @param room memory of `FlowTable.lenOf(capacity)` zero bytes from `off` on, a multiple of four
   */
  constructor(
    capacity: number,
    seed: number,
    room: { readonly buffer: ArrayBuffer; readonly off: number } = {
      buffer: new ArrayBuffer(FlowTable.lenOf(capacity)),
      off: 0,
    },
  ) {
    this.capacity = capacity
    this.cellMask = capacity - 1
    this.bucketMask = capacity / WAYS - 1
    const { buffer } = room
    let at = room.off
    this.state = new Int32Array(buffer, at, STATE_WORDS)
    at += this.state.byteLength
    this.remembered = new Int32Array(buffer, at, REMEMBERED)
    at += this.remembered.byteLength
    this.words = new Int32Array(buffer, at, (capacity / WAYS) * BUCKET_WORDS)
    at += this.words.byteLength
    this.watched = new Uint8Array(buffer, at, capacity)
    this.filter = new Uint8Array(buffer, at + capacity, capacity / 8)
    this.k0 = mix(seed | 0, 0x243f6a88)
    this.k1 = mix(Math.floor(seed / 0x1_0000_0000) | 0, this.k0 ^ 0x13198a2e)
    this.k2 = mix(this.k1, this.k0 ^ 0x03707344)
  }

  /** Bytes of memory a table of so many entries takes. */
  static lenOf(capacity: number): number {
    return (
      4 * (STATE_WORDS + REMEMBERED + (capacity / WAYS) * BUCKET_WORDS) + capacity + capacity / 8
    )
  }

  /** The key of the hash, three words, for kernels that compute the same hash. */
  get key(): Int32Array {
    return Int32Array.of(this.k0, this.k1, this.k2)
  }

  /** Keyed hash of the flow, 32 bits, never 0: kernels/assembly/flow-hash.ts, by which it is explained. */
  hash(key: FlowKey): number {
    const { bytes, srcAddrOff: src, dstAddrOff: dst } = key
    const { k0, k1, k2 } = this
    let h = multiply((i32(bytes, src) + k0) | 0, i32(bytes, dst) ^ k1)
    if (key.ipVersion === 6) {
      for (let i = 4; i < 16; i += 4)
        h = multiply(((h ^ i32(bytes, src + i)) + k0) | 0, (i32(bytes, dst + i) + h) ^ k1)
    }
    h = multiply(((h ^ ((key.srcPort << 16) | key.dstPort)) + k2) | 0, k1 ^ LAST_FACTOR)
    h = (h ^ k2) | 0
    return h === 0 ? 1 : h
  }

  /** Whether any flow of this hash is watched; false is certain. */
  isWatched(hash: number): boolean {
    const cell = hash & this.cellMask
    return ((this.filter[cell >> 3] ?? 0) & (1 << (cell & 7))) !== 0
  }

  /** Counts one more watched flow of this hash. At most eight entries share a cell, so a byte is enough. */
  watch(hash: number): void {
    const cell = hash & this.cellMask
    this.watched[cell] = (this.watched[cell] ?? 0) + 1
    this.filter[cell >> 3] = (this.filter[cell >> 3] ?? 0) | (1 << (cell & 7))
  }

  /** Takes one back. */
  unwatch(hash: number): void {
    const cell = hash & this.cellMask
    const left = (this.watched[cell] ?? 1) - 1
    this.watched[cell] = left
    if (left === 0) this.filter[cell >> 3] = (this.filter[cell >> 3] ?? 0) & ~(1 << (cell & 7))
  }

  /** The flow's entry, made the youngest of its bucket, or -1. */
  find(hash: number, key: FlowKey): number {
    const words = this.words
    const bucket = hash & this.bucketMask
    const at = bucket * BUCKET_WORDS
    for (let way = 0; way < WAYS; way++) {
      if (words[at + way] === hash && this.isKey(at + KEYS + way * KEY_WORDS, key)) {
        words[at + STAMPS + way] = this.tick()
        return bucket * WAYS + way
      }
    }
    return -1
  }

  /** The entry where a flow of this hash would go: a free one, else the oldest of the bucket (`isTaken` tells which). */
  place(hash: number): number {
    const words = this.words
    const bucket = hash & this.bucketMask
    const at = bucket * BUCKET_WORDS
    let oldest = 0
    let oldestAge = -1
    for (let way = 0; way < WAYS; way++) {
      if (words[at + way] === 0) return bucket * WAYS + way
      // Ages, not stamps: they are right across the wrap of the clock.
      const age = ((this.state[CLOCK] ?? 0) - (words[at + STAMPS + way] ?? 0)) >>> 0
      if (age > oldestAge) {
        oldestAge = age
        oldest = way
      }
    }
    return bucket * WAYS + oldest
  }

  /** The source port of the flow at `entry` where it goes between the same addresses to the same port as `key`, else -1. */
  portBetweenSameHosts(entry: number, key: FlowKey): number {
    const ports = this.words[keyOf(entry)] ?? 0
    const srcPort = ports >>> 16
    if ((ports & 0xffff) !== key.dstPort) return -1
    const { bytes, ipVersion, srcAddrOff, dstAddrOff, dstPort } = key
    const other = { bytes, ipVersion, srcAddrOff, dstAddrOff, dstPort, srcPort }
    return this.isTaken(entry) && this.isKey(keyOf(entry), other) ? srcPort : -1
  }

  isTaken(entry: number): boolean {
    return this.hashAt(entry) !== 0
  }

  /** Hash of the flow at `entry`, or 0 where it is free. */
  hashAt(entry: number): number {
    return this.words[tagOf(entry)] ?? 0
  }

  /** Writes the flow into `entry`, which must come from `place(hash)`. */
  set(entry: number, hash: number, key: FlowKey): void {
    const sets = this.state[SETS] ?? 0
    if (sets < REMEMBERED) this.remembered[sets] = entry
    this.state[SETS] = Math.min(sets, REMEMBERED) + 1
    const words = this.words
    const bytes = key.bytes
    const tag = tagOf(entry)
    words[tag] = hash
    words[tag + STAMPS] = this.tick()
    const at = keyOf(entry)
    words[at] = (key.srcPort << 16) | key.dstPort
    words[at + 1] = key.ipVersion
    words[at + 2] = i32(bytes, key.srcAddrOff)
    words[at + 3] = i32(bytes, key.dstAddrOff)
    if (key.ipVersion !== 6) return
    for (let i = 1; i < 4; i++) {
      words[at + 2 + 2 * i] = i32(bytes, key.srcAddrOff + 4 * i)
      words[at + 3 + 2 * i] = i32(bytes, key.dstAddrOff + 4 * i)
    }
  }

  /** Frees `entry`. */
  remove(entry: number): void {
    this.words[tagOf(entry)] = 0
  }

  /** Frees all entries, and no flow is watched. */
  clear(): void {
    const sets = this.state[SETS] ?? 0
    if (sets <= REMEMBERED) {
      for (let i = 0; i < sets; i++) this.remove(this.remembered[i] ?? 0)
    } else this.words.fill(0)
    this.state[SETS] = 0
    this.watched.fill(0)
    this.filter.fill(0)
  }

  private tick(): number {
    const clock = ((this.state[CLOCK] ?? 0) + 1) | 0
    this.state[CLOCK] = clock
    return clock
  }

  private isKey(at: number, key: FlowKey): boolean {
    const words = this.words
    const bytes = key.bytes
    if (
      words[at] !== ((key.srcPort << 16) | key.dstPort) ||
      words[at + 1] !== key.ipVersion ||
      words[at + 2] !== i32(bytes, key.srcAddrOff) ||
      words[at + 3] !== i32(bytes, key.dstAddrOff)
    ) {
      return false
    }
    if (key.ipVersion !== 6) return true
    for (let i = 1; i < 4; i++) {
      if (words[at + 2 + 2 * i] !== i32(bytes, key.srcAddrOff + 4 * i)) return false
      if (words[at + 3 + 2 * i] !== i32(bytes, key.dstAddrOff + 4 * i)) return false
    }
    return true
  }
}

/** Where an entry's tag is in `words`. */
function tagOf(entry: number): number {
  return (entry >> 3) * BUCKET_WORDS + (entry & (WAYS - 1))
}

/** Where an entry's key is in `words`. */
function keyOf(entry: number): number {
  return (entry >> 3) * BUCKET_WORDS + KEYS + (entry & (WAYS - 1)) * KEY_WORDS
}

/** The product of two words, 64 bits, its halves folded. */
function multiply(x: number, y: number): number {
  const xLow = x & 0xffff
  const xHigh = x >>> 16
  const yLow = y & 0xffff
  const yHigh = y >>> 16
  const middle = xHigh * yLow + ((xLow * yLow) >>> 16)
  const upper = xLow * yHigh + (middle & 0xffff)
  return Math.imul(x, y) ^ (xHigh * yHigh + (middle >>> 16) + (upper >>> 16))
}

/** Folds `word` into `key`, every bit of either into every bit of the result, by two multiplications. */
function mix(word: number, key: number): number {
  let h = word ^ key
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d)
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b | 0)
  return h ^ (h >>> 16)
}
