import type { Counters } from '../base/counters.js'
import { idleSeconds } from '../base/idle.js'
import { type FlowKey, FlowTable } from '../base/flow-table.js'
import {
  DTLS_FLOW_ENTRIES,
  DTLS_SLOT_CLASSES,
  FLOW_IDLE_SECONDS,
  PENDING_IDLE_SECONDS,
} from '../base/limits.js'
import { OWNER, SLOT_WORDS } from '../base/slot-layout.js'
import { type SlotClass, SlotPool } from '../base/slot-pool.js'

// What is known of each direction of a DTLS association, FLOW_WORDS words a flow, two of them one double. A flow has
// two slots, as fragments of a server's Certificate may come among those of its hello, and before them.

/** Words of a flow's state, in `words` at `entry * FLOW_WORDS`. */
export const FLOW_WORDS = 14
/** Slots of the message of each place, HELLO_PLACE and CERTIFICATE_PLACE, or -1. */
const SLOT = 0
/** Seconds of packet time of the last fragment looked at, modulo 2^32. */
const SEEN = 2
/** Type of the last hello given, or 0. */
export const GIVEN = 3
/** Its message_seq (RFC 9147 §5.2). */
export const GIVEN_SEQ = 4
/** 1 where the Certificate behind it was given as well. */
export const CERTIFICATE_GIVEN = 5
/** First half of its random: 16 bytes. */
export const RANDOM = 6
export const RANDOM_WORDS = 4
/** Packet time at which the first hello of this random was whole, microseconds: in `micros`, two words each. */
export const FIRST_MICROS = 5
/** A sum over the last ClientHello given, its cookie left out. */
export const GIVEN_SUM = 12

/** Places for unfinished messages: one for hellos, one for a Certificate. */
export const HELLO_PLACE = 0
export const CERTIFICATE_PLACE = 1

/** Sizes of the tables, smaller ones in tests. */
export interface DtlsSizes {
  readonly entries: number
  readonly slots: readonly SlotClass[]
}

export const DEFAULT_SIZES: DtlsSizes = { entries: DTLS_FLOW_ENTRIES, slots: DTLS_SLOT_CLASSES }

/** Counter of a hello given up. */
type DropReason = 'hello_evicted' | 'hello_expired' | 'hello_closed'

/** Flow table and slots of DTLS, and who gives way when either is full. */
export class DtlsFlows {
  readonly pool: SlotPool
  readonly words: Int32Array
  /** The same memory. */
  readonly micros: Float64Array
  private readonly counters: Counters
  private readonly table: FlowTable

  constructor(seed: number, counters: Counters, sizes: DtlsSizes) {
    this.table = new FlowTable(sizes.entries, seed)
    this.pool = new SlotPool(sizes.slots)
    this.words = new Int32Array(sizes.entries * FLOW_WORDS)
    this.micros = new Float64Array(this.words.buffer)
    this.counters = counters
  }

  /** Forgets all flows; nothing is counted. */
  clear(): void {
    this.table.clear()
    this.pool.clear()
  }

  /** Shifts the time of all that is known by `seconds`, as the clock of the packets was. */
  shiftTime(seconds: number): void {
    for (let entry = 0; entry < this.table.capacity; entry++) {
      if (!this.table.isTaken(entry)) continue
      const at = entry * FLOW_WORDS + SEEN
      this.words[at] = (this.words[at] ?? 0) + seconds
    }
  }

  /** How many hellos have begun and are not whole. */
  unfinished(): number {
    let count = 0
    for (let entry = 0; entry < this.table.capacity && this.pool.used > 0; entry++)
      if (this.table.isTaken(entry) && this.slotOf(entry, HELLO_PLACE) >= 0) count++
    return count
  }

  /** The flow's entry, made where it is new; one long idle is as new. */
  open(flow: FlowKey, seconds: number): number {
    const { words, table } = this
    const hash = table.hash(flow)
    let entry = table.find(hash, flow)
    if (entry >= 0) {
      const idle = idleSeconds(seconds, words[entry * FLOW_WORDS + SEEN] ?? 0)
      if (idle > PENDING_IDLE_SECONDS) this.drop(entry, 'hello_expired')
      if (idle > FLOW_IDLE_SECONDS) {
        words[entry * FLOW_WORDS + GIVEN] = 0
        words[entry * FLOW_WORDS + CERTIFICATE_GIVEN] = 0
      }
    } else {
      entry = table.place(hash)
      if (table.isTaken(entry)) this.drop(entry, 'hello_evicted')
      table.set(entry, hash, flow)
      const at = entry * FLOW_WORDS
      words.fill(0, at, at + FLOW_WORDS)
      words.fill(-1, at + SLOT, at + SLOT + 2)
    }
    words[entry * FLOW_WORDS + SEEN] = seconds
    return entry
  }

  /** Slot of the unfinished message of a place, or -1. */
  slotOf(entry: number, place: number): number {
    return this.words[entry * FLOW_WORDS + SLOT + place] ?? -1
  }

  /** A slot of at least `bytes`, its word BASE set to `key`, or -1 where none is that large. */
  takeSlot(entry: number, place: number, bytes: number, key: number): number {
    const cls = this.pool.classFor(bytes)
    if (cls < 0) return -1
    const owner = 2 * entry + place
    let slot = this.pool.take(cls, owner, key)
    if (slot < 0) {
      const other = this.pool.words[this.pool.oldest(cls) * SLOT_WORDS + OWNER] ?? 0
      this.dropSlot(other >> 1, other & 1, 'hello_evicted')
      slot = this.pool.take(cls, owner, key)
    }
    this.words[entry * FLOW_WORDS + SLOT + place] = slot
    return slot
  }

  /** Gives back the slot of a message that is done with. */
  freeSlot(entry: number, place: number): void {
    this.pool.free(this.slotOf(entry, place))
    this.words[entry * FLOW_WORDS + SLOT + place] = -1
  }

  /** Gives up what a slot holds, if there is one, and counts it where it is a hello. */
  dropSlot(entry: number, place: number, reason: DropReason): void {
    if (this.slotOf(entry, place) < 0) return
    this.freeSlot(entry, place)
    if (place === HELLO_PLACE) this.counters[reason]++
  }

  private drop(entry: number, reason: DropReason): void {
    this.dropSlot(entry, HELLO_PLACE, reason)
    this.dropSlot(entry, CERTIFICATE_PLACE, reason)
  }
}
