// Messages that come in numbered pieces, put together within fixed memory: fragments of EAP, packets of OpenVPN and RDP-UDP,
// chunks of SCTP, and segments of TCP, whose numbers are bytes.
//
//   slot:  | position 4 | length 4 | bytes | position 4 | length 4 | bytes | …      in the order of arrival

import { i32, u32 } from '../base/bytes.js'
import type { Counters } from '../base/counters.js'
import { FlowTable, type FlowKey } from '../base/flow-table.js'
import {
  CARRIER_FLOW_ENTRIES,
  CARRIER_SLOT_CLASSES,
  FLOW_IDLE_SECONDS,
  MAX_CARRIER_ADDITIONS,
  MAX_CARRIER_PIECES,
  PENDING_IDLE_SECONDS,
} from '../base/limits.js'
import type { ByteWriter } from '../base/byte-writer.js'
import { FREE_WORDS, OWNER, SLOT_WORDS } from '../base/slot-layout.js'
import { SlotPool } from '../base/slot-pool.js'

/** Words of a flow's state, in `words` at `entry * FLOW_WORDS`: what users of the class may use begins at USER. */
export const FLOW_WORDS = 10
const SLOT = 0
const SEEN = 1
export const USER = 2

/** Words of a slot: how many pieces it holds, and how many bytes they take. */
const COUNT = FREE_WORDS
const USED = FREE_WORDS + 1
/** How often bytes were added to a piece. */
const ADDED = FREE_WORDS + 2
const PIECE_HEADER_LEN = 8

/** Bounded memory for unfinished messages of carriers. */
export class Pieces {
  readonly words = new Int32Array(CARRIER_FLOW_ENTRIES * FLOW_WORDS)
  /** The same memory. */
  readonly doubles = new Float64Array(this.words.buffer)
  readonly #counters: Counters
  readonly #table: FlowTable
  readonly #pool = new SlotPool(CARRIER_SLOT_CLASSES)
  /** Called with the hash of a flow whose pieces are given up or done with. */
  readonly #onFree: (entry: number) => void

  constructor(seed: number, counters: Counters, onFree: (entry: number) => void) {
    this.#table = new FlowTable(CARRIER_FLOW_ENTRIES, seed)
    this.#counters = counters
    this.#onFree = onFree
  }

  /** Messages that are not whole. */
  get unfinished(): number {
    return this.#pool.used
  }

  /** Forgets all; nothing is counted. */
  clear(): void {
    for (let entry = 0; entry < this.#table.capacity; entry++)
      if (this.#table.isTaken(entry) && this.isPending(entry)) this.#onFree(entry)
    this.#table.clear()
    this.#pool.clear()
  }

  /** Shifts the time of all that is known by `seconds`. */
  shiftTime(seconds: number): void {
    for (let entry = 0; entry < this.#table.capacity; entry++) {
      const at = entry * FLOW_WORDS + SEEN
      if (this.#table.isTaken(entry)) this.words[at] = (this.words[at] ?? 0) + seconds
    }
  }

  /** The flow's entry, or -1 where it is not known or long idle. */
  find(key: FlowKey, seconds: number): number {
    const entry = this.#table.find(this.#table.hash(key), key)
    if (entry < 0) return -1
    const at = entry * FLOW_WORDS
    const idle = Math.abs((seconds - (this.words[at + SEEN] ?? 0)) | 0)
    if (idle > PENDING_IDLE_SECONDS) this.drop(entry, 'hello_expired')
    if (idle > FLOW_IDLE_SECONDS) {
      this.#table.remove(entry)
      return -1
    }
    this.words[at + SEEN] = seconds
    return entry
  }

  /** The flow's entry, made where it is new: then its words for users are 0. */
  open(key: FlowKey, seconds: number): number {
    const known = this.find(key, seconds)
    if (known >= 0) return known
    const hash = this.#table.hash(key)
    const entry = this.#table.place(hash)
    if (this.#table.isTaken(entry)) this.drop(entry, 'hello_evicted')
    this.#table.set(entry, hash, key)
    const at = entry * FLOW_WORDS
    this.words.fill(0, at, at + FLOW_WORDS)
    this.words[at + SLOT] = -1
    this.words[at + SEEN] = seconds
    return entry
  }

  /** Whether pieces of the flow are held. */
  isPending(entry: number): boolean {
    return (this.words[entry * FLOW_WORDS + SLOT] ?? -1) >= 0
  }

  /** Gives up what is held of the flow, if there is anything, and counts it. */
  drop(
    entry: number,
    reason: 'hello_expired' | 'hello_evicted' | 'hello_broken_off' | 'hello_too_long',
  ): void {
    if (!this.isPending(entry)) return
    this.#counters[reason]++
    this.free(entry)
  }

  /** Gives back what is held of the flow: it is done with. */
  free(entry: number): void {
    const at = entry * FLOW_WORDS + SLOT
    const slot = this.words[at] ?? -1
    if (slot < 0) return
    this.#pool.free(slot)
    this.words[at] = -1
    this.#onFree(entry)
  }

  /**
   * Holds a piece, unless one of this position and at least this length is held.
   *
   * @param isBytes whether positions count bytes: one that goes on behind the piece held last is made one with it
   * @returns false where there is no room for it: all is given up
   */
  put(
    entry: number,
    position: number,
    bytes: Uint8Array,
    off: number,
    end: number,
    isBytes: boolean,
  ): boolean {
    const length = end - off
    const slot = this.#slotFor(entry, PIECE_HEADER_LEN + length)
    if (slot < 0) {
      this.drop(entry, 'hello_too_long')
      return false
    }
    const { words } = this.#pool
    const state = slot * SLOT_WORDS
    const into = this.#pool.bytesOf(slot)
    const first = this.#pool.offsetOf(slot)
    const used = words[state + USED] ?? 0
    let last = first
    for (let at = first; at < first + used; at += PIECE_HEADER_LEN + u32(into, at + 4)) {
      if (i32(into, at) === (position | 0) && u32(into, at + 4) >= length) return true
      last = at
    }
    const added = words[state + ADDED] ?? 0
    const lastEnd = used === 0 ? -1 : (i32(into, last) + u32(into, last + 4)) | 0
    if (isBytes && used > 0 && lastEnd === (position | 0) && added < MAX_CARRIER_ADDITIONS) {
      words[state + ADDED] = added + 1
      putWord(into, last + 4, u32(into, last + 4) + length)
      into.set(bytes.subarray(off, end), first + used)
      words[state + USED] = used + length
      return true
    }
    putWord(into, first + used, position)
    putWord(into, first + used + 4, length)
    into.set(bytes.subarray(off, end), first + used + PIECE_HEADER_LEN)
    words[state + USED] = used + PIECE_HEADER_LEN + length
    words[state + COUNT] = (words[state + COUNT] ?? 0) + 1
    return true
  }

  /**
   * Appends to `out` the bytes held from position `from` on, as far as none is missing.
   *
   * @param isBytes whether positions count bytes, and pieces may overlap: what came first stays; else each piece has the next number
   */
  assemble(entry: number, from: number, isBytes: boolean, out: ByteWriter): void {
    const slot = this.words[entry * FLOW_WORDS + SLOT] ?? -1
    if (slot < 0) return
    const { words } = this.#pool
    const bytes = this.#pool.bytesOf(slot)
    const first = this.#pool.offsetOf(slot)
    const end = first + (words[slot * SLOT_WORDS + USED] ?? 0)
    let next = from | 0
    for (let i = words[slot * SLOT_WORDS + COUNT] ?? 0; i > 0; i--) {
      const at = pieceAt(bytes, first, end, next, isBytes)
      if (at < 0) return
      const old = isBytes ? (next - i32(bytes, at)) | 0 : 0
      const pieceEnd = at + PIECE_HEADER_LEN + u32(bytes, at + 4)
      out.copy(bytes, at + PIECE_HEADER_LEN + old, pieceEnd)
      next = isBytes ? (i32(bytes, at) + u32(bytes, at + 4)) | 0 : (next + 1) | 0
    }
  }

  /** The slot of the flow with room for `length` bytes more, a larger one if need be, or -1. */
  #slotFor(entry: number, length: number): number {
    const pool = this.#pool
    const at = entry * FLOW_WORDS + SLOT
    const slot = this.words[at] ?? -1
    if (slot < 0) {
      const cls = pool.classFor(length)
      return cls < 0 ? -1 : (this.words[at] = this.#take(cls, entry))
    }
    const used = pool.words[slot * SLOT_WORDS + USED] ?? 0
    const count = pool.words[slot * SLOT_WORDS + COUNT] ?? 0
    if (count >= MAX_CARRIER_PIECES) return -1
    if (used + length <= pool.sizeOf(slot)) return slot
    const cls = pool.classFor(used + length)
    if (cls < 0) return -1
    const larger = this.#take(cls, entry)
    const from = pool.offsetOf(slot)
    pool.bytesOf(larger).set(pool.bytesOf(slot).subarray(from, from + used), pool.offsetOf(larger))
    pool.words[larger * SLOT_WORDS + USED] = used
    pool.words[larger * SLOT_WORDS + COUNT] = count
    pool.words[larger * SLOT_WORDS + ADDED] = pool.words[slot * SLOT_WORDS + ADDED] ?? 0
    pool.free(slot)
    this.words[at] = larger
    return larger
  }

  /** A slot of class `cls`; the flow that holds one longest makes room. */
  #take(cls: number, entry: number): number {
    const slot = this.#pool.take(cls, entry, 0)
    if (slot >= 0) return slot
    this.drop(this.#pool.words[this.#pool.oldest(cls) * SLOT_WORDS + OWNER] ?? 0, 'hello_evicted')
    return this.#pool.take(cls, entry, 0)
  }
}

/** The piece that holds `next`, or, of numbers, is it; -1 where none is. */
function pieceAt(
  bytes: Uint8Array,
  first: number,
  end: number,
  next: number,
  isBytes: boolean,
): number {
  for (let at = first; at < end; at += PIECE_HEADER_LEN + u32(bytes, at + 4)) {
    const ahead = (next - i32(bytes, at)) | 0
    if (isBytes ? ahead >= 0 && ahead < u32(bytes, at + 4) : ahead === 0) return at
  }
  return -1
}

function putWord(bytes: Uint8Array, off: number, value: number): void {
  bytes[off] = value >>> 24
  bytes[off + 1] = value >>> 16
  bytes[off + 2] = value >>> 8
  bytes[off + 3] = value
}
