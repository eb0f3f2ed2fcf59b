import type { Counters } from '../base/counters.js'
import { type FlowKey, FlowTable } from '../base/flow-table.js'
import { idleSeconds } from '../base/idle.js'
import {
  FLOW_IDLE_SECONDS,
  MAX_QUIC_CONNECTIONS_PER_FLOW,
  PENDING_IDLE_SECONDS,
  QUIC_CONNECTIONS,
  QUIC_FLOW_ENTRIES,
  QUIC_SLOT_CLASSES,
} from '../base/limits.js'
import { BASE, OWNER, SLOT_WORDS } from '../base/slot-layout.js'
import { type SlotClass, SlotPool } from '../base/slot-pool.js'
import { ConnectionIds } from './connection-ids.js'
import { CLIENT, KEY_WORDS, SERVER } from './initial-keys.js'
import type { LongHeader } from './long-header.js'

// What is known of each connection whose client sent an Initial packet that opened. Connections hang on their flow, the
// newest first; they are numbered round a ring, so that the oldest makes room for a new one.
//
//   flow (client ▶ server) ──▶ connection ──▶ connection ──▶ …          at most MAX_QUIC_CONNECTIONS_PER_FLOW
//
// Numbers of connections and slots are kept plus one, so that memory never written says "none".

/** Words of a connection's state, in `words` at `connection * CONNECTION_WORDS`. */
export const CONNECTION_WORDS = 32
const FLOW = 0
const NEXT = 1
/** Row of QUIC_VERSIONS of its first packet. */
export const ROW = 2
/** Seconds of packet time of the last packet that opened, modulo 2^32. */
const SEEN = 3
/** Bytes of the CRYPTO stream that are given, of CLIENT and SERVER. */
export const CONSUMED = 4
const SLOT = 6
export const FLAGS = 8
/** Length and first half of the random of the ClientHello that came first. */
export const HELLO_LEN = 9
export const HELLO_RANDOM = 10
export const RANDOM_WORDS = 4
/** Packet time at which that hello was whole, microseconds: in `micros`, two words each. */
export const FIRST_MICROS = 7
/** KEY_WORDS of the client's keys. */
export const KEYS = 16
/** Number of the connection whose hello came again on this one, plus one. */
const SAME_AS = 27

// Bits of FLAGS, of the client; of the server one further left.
/** The stream holds no hello that can be read. */
export const BROKEN = 1
/** Bytes came more than once. */
export const REPEATED = 4
/** Bytes came more than once, and differed. */
export const DIFFERS = 16

/** Sizes of the tables, smaller ones in tests. */
export interface QuicSizes {
  readonly entries: number
  readonly connections: number
  readonly slots: readonly SlotClass[]
}

export const DEFAULT_SIZES: QuicSizes = {
  entries: QUIC_FLOW_ENTRIES,
  connections: QUIC_CONNECTIONS,
  slots: QUIC_SLOT_CLASSES,
}

/** Counter of a hello given up. */
type DropReason = 'hello_evicted' | 'hello_expired' | 'hello_too_long'

/** Flows, connections and slots of QUIC, and who gives way when any of them is full. */
export class QuicConnections {
  readonly pool: SlotPool
  readonly words: Int32Array
  /** The same memory. */
  readonly micros: Float64Array
  readonly ids: ConnectionIds
  /** What movedFrom says. */
  movedPort = -1
  private readonly counters: Counters
  private readonly table: FlowTable
  private readonly count: number
  /** The newest connection of each flow, plus one. */
  private readonly heads: Int32Array
  /** Largest packet number opened, of CLIENT and SERVER, at `2 * connection`. */
  private readonly largest: Float64Array
  private last = -1
  /** Connections opened since all were forgotten. */
  private opened = 0
  private now = 0

  constructor(seed: number, counters: Counters, sizes: QuicSizes) {
    this.table = new FlowTable(sizes.entries, seed)
    this.pool = new SlotPool(sizes.slots)
    this.count = sizes.connections
    this.words = new Int32Array(sizes.connections * CONNECTION_WORDS)
    this.micros = new Float64Array(this.words.buffer)
    this.largest = new Float64Array(2 * sizes.connections)
    this.ids = new ConnectionIds(sizes.connections)
    this.heads = new Int32Array(sizes.entries)
    this.counters = counters
  }

  /** Forgets all connections; nothing is counted. */
  clear(): void {
    const used = Math.min(this.opened, this.count)
    for (let i = 0; i < used; i++) this.words[i * CONNECTION_WORDS + FLOW] = 0
    this.opened = 0
    this.last = -1
    this.table.clear()
    this.pool.clear()
  }

  /** Shifts the time of all that is known by `seconds`, as the clock of the packets was. */
  shiftTime(seconds: number): void {
    const used = Math.min(this.opened, this.count)
    for (let i = 0; i < used; i++) {
      const at = i * CONNECTION_WORDS + SEEN
      this.words[at] = (this.words[at] ?? 0) + seconds
    }
  }

  /** The newest connection of a flow, or -1; those long idle are forgotten first. */
  newestOf(flow: FlowKey, seconds: number): number {
    const entry = this.table.find(this.table.hash(flow), flow)
    if (entry < 0) return -1
    for (let i = this.heads[entry] ?? 0; i !== 0;) {
      const connection = i - 1
      i = this.words[connection * CONNECTION_WORDS + NEXT] ?? 0
      const idle = this.idleSeconds(connection, seconds)
      if (idle > FLOW_IDLE_SECONDS) this.close(connection, 'hello_expired')
      else if (idle > PENDING_IDLE_SECONDS) this.dropSlots(connection, 'hello_expired')
    }
    return (this.heads[entry] ?? 0) - 1
  }

  /**
   * The connection that the client of `header` began from another port between the same hosts, as happens behind a NAT that
   * forgets; -1 where there is none. @returns it, and in `movedPort` the port it began from
   */
  movedFrom(flow: FlowKey, header: LongHeader): number {
    const connection = this.ids.find(flow.bytes, header)
    if (connection < 0) return -1
    const entry = (this.words[connection * CONNECTION_WORDS + FLOW] ?? 0) - 1
    if (entry < 0 || this.words[connection * CONNECTION_WORDS + ROW] !== header.row) return -1
    this.movedPort = this.table.portBetweenSameHosts(entry, flow)
    return this.movedPort < 0 ? -1 : connection
  }

  /** The next older connection of the same flow, or -1. */
  olderThan(connection: number): number {
    return (this.words[connection * CONNECTION_WORDS + NEXT] ?? 0) - 1
  }

  /** The first connection from `connection` on, towards the older, whose client has the ID `bytes[off, off + len)`; or -1. */
  nextOfScid(connection: number, bytes: Uint8Array, off: number, len: number): number {
    for (let c = connection; c >= 0; c = this.olderThan(c))
      if (this.ids.isScid(c, bytes, off, len)) return c
    return -1
  }

  /** What tells the connection from others of its flow, never 0: the same before a Retry and after. */
  nameOf(connection: number): number {
    const sameAs = this.words[connection * CONNECTION_WORDS + SAME_AS] ?? 0
    return sameAs === 0 ? connection + 1 : sameAs
  }

  /** Takes note that a connection goes on what `other` began. */
  rename(connection: number, other: number): void {
    const first = CONNECTION_WORDS / 2
    this.words[connection * CONNECTION_WORDS + SAME_AS] = this.nameOf(other)
    this.micros[connection * first + FIRST_MICROS] = this.micros[other * first + FIRST_MICROS] ?? -1
  }

  /** The newest connection of the same flow. */
  newestBeside(connection: number): number {
    const flow = this.words[connection * CONNECTION_WORDS + FLOW] ?? 0
    return (this.heads[flow - 1] ?? 0) - 1
  }

  /** Takes note of a connection, whose client keys are `keys`; older ones make room. */
  open(flow: FlowKey, header: LongHeader, keys: Int32Array, seconds: number): number {
    const connection = this.free()
    const hash = this.table.hash(flow)
    let entry = this.table.find(hash, flow)
    if (entry < 0) {
      entry = this.table.place(hash)
      if (this.table.isTaken(entry)) this.closeBeyond(entry, 0)
      this.table.set(entry, hash, flow)
      this.heads[entry] = 0
    }
    this.closeBeyond(entry, MAX_QUIC_CONNECTIONS_PER_FLOW - 1)

    const words = this.words
    const at = connection * CONNECTION_WORDS
    words.fill(0, at, at + CONNECTION_WORDS)
    words[at + FLOW] = entry + 1
    words[at + NEXT] = this.heads[entry] ?? 0
    this.heads[entry] = connection + 1
    words[at + ROW] = header.row
    words[at + SEEN] = seconds
    for (let i = 0; i < KEY_WORDS; i++) words[at + KEYS + i] = keys[i] ?? 0
    this.ids.set(connection, flow.bytes, header)
    this.largest[2 * connection + CLIENT] = -1
    this.largest[2 * connection + SERVER] = -1
    return connection
  }

  /** A packet of the connection opened. */
  touch(connection: number, side: number, packetNumber: number, seconds: number): void {
    this.now = seconds
    this.words[connection * CONNECTION_WORDS + SEEN] = seconds
    if (packetNumber > this.largestOf(connection, side)) {
      this.largest[2 * connection + side] = packetNumber
    }
  }

  largestOf(connection: number, side: number): number {
    return this.largest[2 * connection + side] ?? -1
  }

  /** Slot of the unfinished hello of one side, or -1. */
  slotOf(connection: number, side: number): number {
    return (this.words[connection * CONNECTION_WORDS + SLOT + side] ?? 0) - 1
  }

  /** A slot of at least `bytes`, its offset 0 at `base` of the stream, or -1 where none is that large. */
  takeSlot(connection: number, side: number, bytes: number, base: number): number {
    const slot = this.newSlot(connection, side, bytes, base)
    if (slot >= 0) this.words[connection * CONNECTION_WORDS + SLOT + side] = slot + 1
    return slot
  }

  /** The slot of one side, moved into a larger one where it does not hold `bytes`; -1 where none is that large. */
  growSlot(connection: number, side: number, bytes: number): number {
    const slot = this.slotOf(connection, side)
    if (bytes <= this.pool.sizeOf(slot)) return slot
    const base = this.pool.words[slot * SLOT_WORDS + BASE] ?? 0
    const larger = this.newSlot(connection, side, bytes, base)
    if (larger < 0) return -1
    this.pool.move(slot, larger)
    this.pool.free(slot)
    this.words[connection * CONNECTION_WORDS + SLOT + side] = larger + 1
    return larger
  }

  /** Gives back the slot of a hello that is done with. */
  freeSlot(connection: number, side: number): void {
    this.pool.free(this.slotOf(connection, side))
    this.words[connection * CONNECTION_WORDS + SLOT + side] = 0
  }

  /** Gives up what a slot holds, if there is one. */
  dropSlot(connection: number, side: number, reason: DropReason): void {
    if (this.slotOf(connection, side) < 0) return
    this.freeSlot(connection, side)
    this.counters[reason]++
  }

  private newSlot(connection: number, side: number, bytes: number, base: number): number {
    const cls = this.pool.classFor(bytes)
    if (cls < 0) return -1
    const owner = 2 * connection + side
    const oldest = this.pool.oldest(cls)
    if (oldest >= 0) {
      const other = this.pool.words[oldest * SLOT_WORDS + OWNER] ?? 0
      const isIdle = this.idleSeconds(other >> 1, this.now) > PENDING_IDLE_SECONDS
      if (isIdle) this.dropSlot(other >> 1, other & 1, 'hello_expired')
    }
    const slot = this.pool.take(cls, owner, base)
    if (slot >= 0) return slot
    const other = this.pool.words[oldest * SLOT_WORDS + OWNER] ?? 0
    this.dropSlot(other >> 1, other & 1, 'hello_evicted')
    return this.pool.take(cls, owner, base)
  }

  private dropSlots(connection: number, reason: DropReason): void {
    this.dropSlot(connection, CLIENT, reason)
    this.dropSlot(connection, SERVER, reason)
  }

  /** Packet time may jump either way: a connection far from it in either direction is idle. */
  private idleSeconds(connection: number, seconds: number): number {
    return idleSeconds(seconds, this.words[connection * CONNECTION_WORDS + SEEN] ?? 0)
  }

  /** The next number of the ring, its connection closed. */
  private free(): number {
    this.opened++
    this.last = this.last + 1 === this.count ? 0 : this.last + 1
    const isUsed = this.words[this.last * CONNECTION_WORDS + FLOW] !== 0
    if (isUsed) this.close(this.last, 'hello_evicted')
    return this.last
  }

  /** Leaves a flow its newest `count` connections. */
  private closeBeyond(entry: number, count: number): void {
    let seen = 0
    for (let i = this.heads[entry] ?? 0; i !== 0;) {
      const connection = i - 1
      i = this.words[connection * CONNECTION_WORDS + NEXT] ?? 0
      if (++seen > count) this.unlink(connection, 'hello_evicted')
    }
  }

  /** Forgets a connection, and its flow with the last. */
  private close(connection: number, reason: DropReason): void {
    const entry = (this.words[connection * CONNECTION_WORDS + FLOW] ?? 0) - 1
    this.unlink(connection, reason)
    if (this.heads[entry] === 0) this.table.remove(entry)
  }

  private unlink(connection: number, reason: DropReason): void {
    const words = this.words
    this.dropSlots(connection, reason)
    const at = connection * CONNECTION_WORDS
    const entry = (words[at + FLOW] ?? 0) - 1
    const next = words[at + NEXT] ?? 0
    words[at + FLOW] = 0
    if (this.heads[entry] === connection + 1) {
      this.heads[entry] = next
      return
    }
    for (let i = this.heads[entry] ?? 0; i !== 0;) {
      const before = (i - 1) * CONNECTION_WORDS
      i = words[before + NEXT] ?? 0
      if (i !== connection + 1) continue
      words[before + NEXT] = next
      return
    }
  }
}
