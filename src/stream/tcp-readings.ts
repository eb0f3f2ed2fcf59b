// Other readings of a client's stream. The first reading takes what the receiver takes, and of bytes that come twice those
// that came first. Another one, of one slot a flow, takes what the first does not:
//
//   segment ─▶ REFUSED or DOUBTFUL? ─ yes ─▶ the other reading, which gives way to the first
//                    │ no
//                    ▼
//              differs from bytes held? ─ yes ─▶ both: the first keeps its own, the other has the new ones
//              differs from the hello given? ─ yes ─▶ the other, of a hello that is given as soon as it is whole
//
// Where the first is whole, so may be the other: each is given, marked `conflict`. Where the client goes on behind bytes that
// only the other has, that one is given: it is all there is. So is a DOUBTFUL one after ten seconds, marked.

import type { Counters } from '../base/counters.js'
import { MAX_HELLO_SPAN } from '../base/limits.js'
import { ANCHOR, BASE, SLOT_WORDS, SOLID } from '../base/slot-layout.js'
import { QUALITY_CONFLICT } from '../model/handshake-bytes.js'
import type { Packet } from '../model/packet.js'
import {
  FLAGS,
  FLOW_WORDS,
  GIVEN,
  GIVEN_AT,
  GIVEN_SUM,
  NEXT,
  OTHER_GIVEN,
  OTHER_LATE,
  OTHER_REFUSED,
  RANDOM_SHIFT,
  SLOT,
  SYN_SHAPE,
} from '../kernels/tcp-layout.js'
import { u16, u24 } from '../base/bytes.js'
import { type HeldHello, HeldHellos } from './held-hellos.js'
import { helloSum } from './hello-sum.js'
import { isSsl2, RECORD_HEADER_LEN, WANT_CLIENT_HELLO, wholeInRecord } from './hello-start.js'
import { REFUSED } from './receiver.js'
import { isMoved, MESSAGE, MESSAGE_END, readRecords } from './records.js'
import type { TcpFlows } from './tcp-flows.js'
import { NOTHING, type TcpMessages } from './tcp-messages.js'

/** Bytes of a record up to behind the first three of the random. */
const RANDOM_START = 11
const RANDOM_STOP = RANDOM_START + 3

/** Keeps other readings. */
export class TcpReadings {
  private readonly flows: TcpFlows
  private readonly messages: TcpMessages
  private readonly counters: Counters
  readonly held = new HeldHellos()

  constructor(flows: TcpFlows, messages: TcpMessages, counters: Counters) {
    this.flows = flows
    this.messages = messages
    this.counters = counters
  }

  /** Gives a hello that waited, marked, where nothing else of its connection was given. @returns a kind of message, or NOTHING */
  giveHeld({ entry, hash, packet }: HeldHello): number {
    const { flows } = this
    const { pool, table, words } = flows
    const other = table.hashAt(entry) === hash ? flows.otherOf(entry) : -1
    if (other < 0 || flows.has(entry, GIVEN) || this.has(entry, OTHER_LATE | OTHER_REFUSED))
      return NOTHING
    if ((pool.words[other * SLOT_WORDS + ANCHOR] ?? -1) < 0) return NOTHING
    if (readRecords(pool, other, WANT_CLIENT_HELLO) < 0) return NOTHING
    this.messages.nowMicros = packet.timeMicros
    const at = entry * FLOW_WORDS + SYN_SHAPE
    words[at] = (words[at] ?? 0) | OTHER_GIVEN
    return this.messages.giveOther(entry)
  }

  /** Takes note of a segment of a hello that may be all there is. */
  private noteHeld(packet: Packet, entry: number): void {
    const hash = this.flows.table.hashAt(entry)
    if (this.held.note(entry, hash, packet)) this.counters.tcp_readings_dropped++
  }

  /** Holds what the receiver may not take; a hello begins at `start` of it, or that is -1. */
  hold(packet: Packet, entry: number, seq: number, start: number, verdict: number): number {
    const { flows, counters } = this
    const { words } = flows
    const at = entry * FLOW_WORDS
    if (verdict === REFUSED) counters.tcp_segments_refused++
    else counters.tcp_segments_doubtful++
    const { bytes, payloadOff, payloadLen } = packet
    const end = payloadOff + payloadLen
    const off = start < 0 ? payloadOff : start
    const startSeq = (seq + off - payloadOff) | 0
    if (flows.has(entry, GIVEN)) return NOTHING
    if (flows.otherOf(entry) < 0) {
      const slot = words[at + SLOT] ?? -1
      if (slot >= 0 && !isMoved(flows.pool, slot)) {
        const base = flows.pool.words[slot * SLOT_WORDS + BASE] ?? 0
        const reach = (startSeq - base + end - off) | 0
        if (startSeq - base < 0 || reach > MAX_HELLO_SPAN) return NOTHING
        if (flows.copyToOther(entry, reach) < 0) return NOTHING
      } else if (start >= 0 && slot < 0) {
        const other = flows.takeOther(entry, Math.min(end - off, MAX_HELLO_SPAN), startSeq)
        if (other < 0) return NOTHING
        flows.pool.setAnchor(other, 0)
      } else if (slot < 0) {
        // one that comes before the segment with the start, which follows the SYN
        const base = words[at + NEXT] ?? 0
        const reach = (startSeq - base + end - off) | 0
        if (startSeq - base < 0 || reach > MAX_HELLO_SPAN) return NOTHING
        const other = flows.takeOther(entry, reach, base)
        if (other < 0) return NOTHING
        flows.pool.setAnchor(other, 0)
      } else return NOTHING
      flows.watch(entry)
      words[at + SYN_SHAPE] =
        (words[at + SYN_SHAPE] ?? 0) | (verdict === REFUSED ? OTHER_REFUSED : 0)
      if (verdict !== REFUSED) this.noteHeld(packet, entry)
      this.put(entry, startSeq, bytes, off, end, true)
      return NOTHING
    }
    if (verdict !== REFUSED) this.noteHeld(packet, entry)
    // Of several that give way the first stays.
    this.put(entry, startSeq, bytes, off, end, false)
    return NOTHING
  }

  /** The bytes of the first reading go into the other too, where it has none of its own there; with `isNew` they replace them. */
  put(
    entry: number,
    seq: number,
    bytes: Uint8Array,
    off: number,
    end: number,
    isNew: boolean,
  ): void {
    const { flows } = this
    const { pool } = flows
    const other = flows.otherOf(entry)
    if (other < 0 || isMoved(pool, other)) return
    const ahead = (seq - (pool.words[other * SLOT_WORDS + BASE] ?? 0)) | 0
    const from = off + Math.max(0, -ahead)
    const offset = Math.max(0, ahead)
    if (from >= end || offset + end - from > pool.sizeOf(other)) {
      if (from < end && !this.grow(entry, offset + end - from)) return
      if (from >= end) return
    }
    const grown = flows.otherOf(entry)
    if (isNew) pool.overwrite(grown, offset, bytes, from, end)
    else pool.put(grown, offset, bytes, from, end, 0)
  }

  /** A reading that differs: what the flow's slot has, but for `bytes[off, end)` at sequence number `seq`. */
  diverge(entry: number, seq: number, bytes: Uint8Array, off: number, end: number): void {
    const { flows } = this
    const slot = flows.words[entry * FLOW_WORDS + SLOT] ?? -1
    if (slot < 0 || isMoved(flows.pool, slot)) return
    if (flows.otherOf(entry) < 0 && flows.copyToOther(entry, 0) < 0) return
    this.put(entry, seq, bytes, off, end, true)
  }

  /**
   * Gives the other reading where the client goes on at `seq`, behind it, and the first has nothing there.
   * @returns a kind of message, or NOTHING
   */
  resolve(entry: number, seq: number): number {
    const { flows } = this
    const { pool, words } = flows
    const other = flows.otherOf(entry)
    const at = entry * FLOW_WORDS
    if (other < 0 || flows.has(entry, GIVEN) || this.has(entry, OTHER_LATE)) return NOTHING
    const slotAt = other * SLOT_WORDS
    const solid = pool.words[slotAt + SOLID] ?? 0
    const stop = ((pool.words[slotAt + BASE] ?? 0) + solid) | 0
    if (solid === 0) return NOTHING
    if ((pool.words[slotAt + ANCHOR] ?? -1) < 0 || ((seq - stop) | 0) < 0) return NOTHING
    const isRefused = this.has(entry, OTHER_REFUSED)
    flows.promoteOther(entry)
    // What lies before it did not matter to the server.
    words[at + NEXT] = pool.words[slotAt + BASE] ?? 0
    return this.messages.read(entry, other, WANT_CLIENT_HELLO, isRefused ? QUALITY_CONFLICT : 0)
  }

  /** Gives the other reading, if it is whole, where the server speaks while the first has no hello: the server read it. */
  resolveAnswered(entry: number): number {
    const { pool } = this.flows
    const other = this.flows.otherOf(entry)
    if (other < 0 || readRecords(pool, other, WANT_CLIENT_HELLO) < 0) return NOTHING
    const { words } = pool
    const at = other * SLOT_WORDS
    // resolve() reads it once more
    words[at + MESSAGE_END] = 0
    return this.resolve(entry, ((words[at + BASE] ?? 0) + (words[at + SOLID] ?? 0)) | 0)
  }

  /** Takes bytes at the place of the hello given last, which may be another one. @returns a kind of message, or NOTHING */
  takeLate(packet: Packet, entry: number, seq: number, start: number): number {
    const { flows, counters } = this
    const { words } = flows
    const { bytes, payloadOff, payloadLen } = packet
    const at = entry * FLOW_WORDS
    const end = payloadOff + payloadLen
    const isStart =
      start >= 0 &&
      flows.has(entry, GIVEN) &&
      ((seq + start - payloadOff) | 0) === words[at + GIVEN_AT] &&
      !isSsl2(bytes, start)
    if (isStart) {
      const messageEnd = wholeInRecord(bytes, start, end)
      if (messageEnd >= 0) {
        const isSame =
          helloSum(bytes, start + RECORD_HEADER_LEN, messageEnd) === words[at + GIVEN_SUM]
        if (isSame) counters.hello_retransmitted++
        else return this.messages.giveLate(entry, bytes, start, messageEnd)
        return NOTHING
      }
      const random = (words[at + FLAGS] ?? 0) >>> RANDOM_SHIFT
      const isThere =
        end - start >= RANDOM_STOP && u16(bytes, start + 3) >= RANDOM_STOP - RECORD_HEADER_LEN
      const isOther = isThere && u24(bytes, start + RANDOM_START) !== random
      if (isOther && flows.otherOf(entry) < 0) {
        const other = flows.takeOther(entry, end - start, words[at + GIVEN_AT] ?? 0)
        if (other < 0) return NOTHING
        flows.pool.setAnchor(other, 0)
        words[at + SYN_SHAPE] = (words[at + SYN_SHAPE] ?? 0) | OTHER_LATE
        flows.watch(entry)
      } else if (!isOther) counters.hello_retransmitted++
    } else if (start >= 0) counters.hello_retransmitted++
    if (!this.has(entry, OTHER_LATE)) return NOTHING
    this.put(entry, seq, bytes, payloadOff, end, false)
    const other = flows.otherOf(entry)
    const result = readRecords(flows.pool, other, WANT_CLIENT_HELLO)
    if (result < 0) return NOTHING
    const off = flows.pool.offsetOf(other) + (flows.pool.words[other * SLOT_WORDS + MESSAGE] ?? 0)
    if (helloSum(flows.pool.bytesOf(other), off, result) === words[at + GIVEN_SUM]) {
      flows.freeOther(entry)
      counters.hello_retransmitted++
      return NOTHING
    }
    return this.messages.giveOther(entry)
  }

  private grow(entry: number, bytes: number): boolean {
    const { flows } = this
    const other = flows.otherOf(entry)
    return bytes <= MAX_HELLO_SPAN && flows.growOther(entry, other, bytes) >= 0
  }

  private has(entry: number, bit: number): boolean {
    return ((this.flows.words[entry * FLOW_WORDS + SYN_SHAPE] ?? 0) & bit) !== 0
  }
}
