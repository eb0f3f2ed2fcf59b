import { PAGE_LEN } from '../base/kernel.js'
import type { Counters } from '../base/counters.js'
import { FlowTable, type FlowKey } from '../base/flow-table.js'
import { idleSeconds } from '../base/idle.js'
import {
  FLOW_IDLE_SECONDS,
  PENDING_IDLE_SECONDS,
  TCP_FLOW_ENTRIES,
  TCP_SLOT_CLASSES,
} from '../base/limits.js'
import { ANCHOR, BASE, OWNER, SLOT_WORDS } from '../base/slot-layout.js'
import { SlotPool, type SlotClass } from '../base/slot-pool.js'
import {
  AT_FLOWS,
  AT_HAND,
  AT_SUMS,
  CERTIFICATE_DUE,
  FIRST,
  FLAGS,
  FLOW_WORDS,
  NEXT,
  OTHER,
  OTHER_LATE,
  OTHER_REFUSED,
  PASSED,
  SEEN,
  SLOT,
  SYN_OPTIONS,
  SYN_SHAPE,
  SYN_SIZES,
  WATCHED,
} from '../kernels/tcp-layout.js'

// What is known of each direction of a TCP connection, FLOW_WORDS words a flow. A flow is *watched* while every segment of it
// matters: from its SYN to its hello, while a hello is unfinished, and from a hello to what follows it. All others are only
// looked up when a segment of theirs looks like a hello.
//
// Flows and their table lie in memory that the kernel of the fast path works on, too: tcp-layout.ts says where.

/** Sizes of the tables, smaller ones in tests. */
export interface TcpFlowSizes {
  readonly entries: number
  readonly slots: readonly SlotClass[]
}

export const DEFAULT_SIZES: TcpFlowSizes = { entries: TCP_FLOW_ENTRIES, slots: TCP_SLOT_CLASSES }

/** Counter of a hello given up. */
export type DropReason =
  'hello_evicted' | 'hello_expired' | 'hello_closed' | 'hello_too_long' | 'hello_broken_off'

/** Flow table and slots of TCP, and who gives way when either is full. */
export class TcpFlows {
  readonly memory: { readonly buffer: ArrayBuffer }
  readonly table: FlowTable
  readonly pool: SlotPool
  readonly words: Int32Array
  /** The same memory. */
  readonly micros: Float64Array
  /** What the checksums of SYNs were: Receiver. */
  readonly sums: Float64Array
  private readonly counters: Counters
  /** How far the sweep is, in its only word. */
  private readonly hand: Int32Array

  constructor(seed: number, counters: Counters, sizes: TcpFlowSizes) {
    const { entries } = sizes
    const tableOff = AT_FLOWS + 4 * FLOW_WORDS * entries
    const poolOff = (tableOff + FlowTable.lenOf(entries) + 7) & ~7
    const len = poolOff + SlotPool.lenOf(sizes.slots)
    this.memory = new WebAssembly.Memory({ initial: Math.ceil(len / PAGE_LEN) })
    const { buffer } = this.memory
    this.table = new FlowTable(entries, seed, { buffer, off: tableOff })
    this.pool = new SlotPool(sizes.slots, { buffer, off: poolOff })
    this.words = new Int32Array(buffer, AT_FLOWS, entries * FLOW_WORDS)
    this.micros = new Float64Array(buffer, AT_FLOWS, (entries * FLOW_WORDS) / 2)
    this.hand = new Int32Array(buffer, AT_HAND, 1)
    this.sums = new Float64Array(buffer, AT_SUMS, 3)
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

  /** The flow's entry, or -1 where it is not known or long idle. */
  find(hash: number, key: FlowKey, seconds: number): number {
    const entry = this.table.find(hash, key)
    if (entry < 0) return -1
    this.expire(entry, seconds)
    if (!this.table.isTaken(entry)) return -1
    this.words[entry * FLOW_WORDS + SEEN] = seconds
    return entry
  }

  /** Puts a flow not in the table into it; the oldest of its bucket makes room. */
  open(hash: number, key: FlowKey, seconds: number): number {
    const entry = this.table.place(hash)
    if (this.table.isTaken(entry)) this.close(entry, 'hello_evicted')
    this.table.set(entry, hash, key)
    this.words[entry * FLOW_WORDS + SEEN] = seconds
    this.words[entry * FLOW_WORDS + SLOT] = -1
    this.words[entry * FLOW_WORDS + OTHER] = -1
    this.words[entry * FLOW_WORDS + FLAGS] = 0
    // Two steps of the sweep for each new flow: it goes round before the table could fill twice.
    for (let i = 0; i < 2; i++) {
      const swept = ((this.hand[0] ?? 0) + 1) & this.table.cellMask
      this.hand[0] = swept
      if (swept !== entry && this.table.isTaken(swept)) this.expire(swept, seconds)
    }
    return entry
  }

  /** Begins a connection at `entry`: nothing but the sequence number of its first byte is known. */
  begin(entry: number, first: number, flags: number): void {
    this.dropSlot(entry, 'hello_closed')
    this.dropOther(entry)
    this.unwatch(entry)
    const at = entry * FLOW_WORDS
    this.words[at + FLAGS] = flags
    this.words[at + FIRST] = first
    this.words[at + NEXT] = first
    this.words[at + PASSED] = 0
    this.words[at + SYN_SHAPE] = 0
    this.words[at + SYN_SIZES] = 0
    this.words[at + SYN_OPTIONS] = 0
  }

  /** Whether any of `bits` is set in the flow's FLAGS. */
  has(entry: number, bits: number): boolean {
    return ((this.words[entry * FLOW_WORDS + FLAGS] ?? 0) & bits) !== 0
  }

  /** Sets `bits` in the flow's FLAGS. */
  mark(entry: number, bits: number): void {
    this.words[entry * FLOW_WORDS + FLAGS] = (this.words[entry * FLOW_WORDS + FLAGS] ?? 0) | bits
  }

  /** Whether every segment of the flow matters now. */
  isWatched(entry: number): boolean {
    return this.has(entry, WATCHED)
  }

  watch(entry: number): void {
    if (this.isWatched(entry)) return
    this.mark(entry, WATCHED)
    this.table.watch(this.table.hashAt(entry))
  }

  unwatch(entry: number): void {
    if (!this.isWatched(entry)) return
    this.words[entry * FLOW_WORDS + FLAGS] =
      (this.words[entry * FLOW_WORDS + FLAGS] ?? 0) & ~WATCHED
    this.table.unwatch(this.table.hashAt(entry))
  }

  /** Gives up what a slot holds, if there is one, and counts it where it began like a hello and none was given from it. */
  dropSlot(entry: number, reason: DropReason): void {
    const slot = this.words[entry * FLOW_WORDS + SLOT] ?? -1
    if (slot < 0) return
    const isHello = (this.pool.words[slot * SLOT_WORDS + ANCHOR] ?? -1) >= 0
    if (isHello && !this.has(entry, CERTIFICATE_DUE)) this.counters[reason]++
    this.freeSlot(entry)
  }

  /** The slot of the flow's other reading, or -1. */
  otherOf(entry: number): number {
    return this.words[entry * FLOW_WORDS + OTHER] ?? -1
  }

  /** Gives up the other reading of the flow, if there is one, and counts that. */
  dropOther(entry: number): void {
    if (this.otherOf(entry) < 0) return
    this.counters.tcp_readings_dropped++
    this.freeOther(entry)
  }

  /** Gives back the slot of the other reading. */
  freeOther(entry: number): void {
    const at = entry * FLOW_WORDS
    this.pool.free(this.words[at + OTHER] ?? 0)
    this.words[at + OTHER] = -1
    this.words[at + SYN_SHAPE] = (this.words[at + SYN_SHAPE] ?? 0) & ~(OTHER_REFUSED | OTHER_LATE)
  }

  /** A slot for another reading of at least `bytes`, its offset 0 at sequence number `base`; -1 where there is no room. */
  takeOther(entry: number, bytes: number, base: number): number {
    const slot = this.newSlot(entry, bytes, base)
    this.words[entry * FLOW_WORDS + OTHER] = slot
    return slot
  }

  /** Another reading that has what the first has so far, and room for `bytes`; -1 where there is no room. */
  copyToOther(entry: number, bytes: number): number {
    const slot = this.words[entry * FLOW_WORDS + SLOT] ?? -1
    const room = Math.max(bytes, this.pool.sizeOf(slot))
    const base = this.pool.words[slot * SLOT_WORDS + BASE] ?? 0
    const other = this.takeOther(entry, room, base)
    // The oldest slot may have been this flow's own.
    if (other < 0 || this.words[entry * FLOW_WORDS + SLOT] !== slot) return -1
    this.pool.move(slot, other)
    return other
  }

  /** The slot of the other reading, moved into a larger one where it does not hold `bytes`; -1 where none is that large. */
  growOther(entry: number, slot: number, bytes: number): number {
    if (bytes <= this.pool.sizeOf(slot)) return slot
    const larger = this.newSlot(entry, bytes, this.pool.words[slot * SLOT_WORDS + BASE] ?? 0)
    if (larger < 0 || this.otherOf(entry) !== slot) {
      if (larger >= 0) this.pool.free(larger)
      return -1
    }
    this.pool.move(slot, larger)
    this.pool.free(slot)
    this.words[entry * FLOW_WORDS + OTHER] = larger
    return larger
  }

  /** The other reading becomes the only one. */
  promoteOther(entry: number): void {
    const at = entry * FLOW_WORDS
    if ((this.words[at + SLOT] ?? -1) >= 0) this.freeSlot(entry)
    this.words[at + SLOT] = this.words[at + OTHER] ?? -1
    this.words[at + OTHER] = -1
    this.words[at + SYN_SHAPE] = (this.words[at + SYN_SHAPE] ?? 0) & ~(OTHER_REFUSED | OTHER_LATE)
  }

  /** How many slots hold a hello that began. */
  unfinished(): number {
    let count = 0
    for (let entry = 0; entry < this.table.capacity && this.pool.used > 0; entry++) {
      const slot = this.table.isTaken(entry) ? (this.words[entry * FLOW_WORDS + SLOT] ?? -1) : -1
      if (slot < 0 || this.has(entry, CERTIFICATE_DUE)) continue
      if ((this.pool.words[slot * SLOT_WORDS + ANCHOR] ?? -1) >= 0) count++
    }
    return count
  }

  /** Gives back the slot of a hello that is done with. */
  freeSlot(entry: number): void {
    this.pool.free(this.words[entry * FLOW_WORDS + SLOT] ?? 0)
    this.words[entry * FLOW_WORDS + SLOT] = -1
  }

  /** A slot of at least `bytes` for `entry`, its offset 0 at sequence number `base`, or -1 where none is that large. */
  takeSlot(entry: number, bytes: number, base: number): number {
    const slot = this.newSlot(entry, bytes, base)
    if (slot >= 0) this.words[entry * FLOW_WORDS + SLOT] = slot
    return slot
  }

  /** The slot of `entry`, moved into a larger one where it does not hold `bytes`; -1 where none is that large. */
  growSlot(entry: number, bytes: number): number {
    const slot = this.words[entry * FLOW_WORDS + SLOT] ?? -1
    if (bytes <= this.pool.sizeOf(slot)) return slot
    const larger = this.newSlot(entry, bytes, this.pool.words[slot * SLOT_WORDS + BASE] ?? 0)
    if (larger < 0) return -1
    this.pool.move(slot, larger)
    this.pool.free(slot)
    this.words[entry * FLOW_WORDS + SLOT] = larger
    return larger
  }

  private newSlot(entry: number, bytes: number, base: number): number {
    const cls = this.pool.classFor(bytes)
    if (cls < 0) return -1
    const slot = this.pool.take(cls, entry, base)
    if (slot >= 0) return slot
    const oldest = this.pool.oldest(cls)
    const owner = this.pool.words[oldest * SLOT_WORDS + OWNER] ?? 0
    if (this.otherOf(owner) === oldest) this.dropOther(owner)
    else {
      this.dropSlot(owner, 'hello_evicted')
      this.unwatch(owner)
    }
    return this.pool.take(cls, entry, base)
  }

  private expire(entry: number, seconds: number): void {
    const idle = idleSeconds(seconds, this.words[entry * FLOW_WORDS + SEEN] ?? 0)
    if (idle <= PENDING_IDLE_SECONDS) return
    this.dropSlot(entry, 'hello_expired')
    this.dropOther(entry)
    this.unwatch(entry)
    if (idle > FLOW_IDLE_SECONDS) this.close(entry, 'hello_expired')
  }

  private close(entry: number, reason: DropReason): void {
    this.dropSlot(entry, reason)
    this.dropOther(entry)
    this.unwatch(entry)
    this.table.remove(entry)
  }
}
