// SYN, FIN and RST: where a connection begins, what its two ends agree on, and where it ends.

import type { Counters } from '../base/counters.js'
import { MAX_SEQUENCE_DISTANCE } from '../base/limits.js'
import { ReversedFlow } from '../base/reversed-flow.js'
import { BASE, SLOT_WORDS, SOLID } from '../base/slot-layout.js'
import { type Packet, secondsOf, TCP_ACK, TCP_RST, TCP_SYN } from '../model/packet.js'
import {
  ANSWER_HAS_TIMESTAMPS,
  ANSWERED,
  FIRST,
  FLOW_WORDS,
  NEXT,
  SERVER_NEXT,
  SLOT,
  SUMS_ARE_RIGHT,
  SYN_HAS_TIMESTAMPS,
  SYN_SEEN,
  SYN_SHAPE,
} from '../kernels/tcp-layout.js'
import { RIGHT, UNKNOWN } from './checksum.js'
import { findStart } from './find-start.js'
import { WANT_CLIENT_HELLO, WANT_SERVER_HELLO } from './hello-start.js'
import { FINE, type Receiver, REFUSED } from './receiver.js'
import { readSyn } from './syn-facts.js'
import type { TcpData } from './tcp-data.js'
import type { TcpFlows } from './tcp-flows.js'
import { NOTHING } from './tcp-messages.js'
import type { TcpPorts } from './tcp-ports.js'
import type { TcpReadings } from './tcp-readings.js'

/** Takes segments with SYN, FIN or RST. */
export class TcpControl {
  private readonly flows: TcpFlows
  private readonly data: TcpData
  private readonly receiver: Receiver
  private readonly readings: TcpReadings
  private readonly ports: TcpPorts
  private readonly counters: Counters
  private readonly reverse = new ReversedFlow()

  constructor(
    flows: TcpFlows,
    data: TcpData,
    receiver: Receiver,
    readings: TcpReadings,
    ports: TcpPorts,
    counters: Counters,
  ) {
    this.flows = flows
    this.data = data
    this.receiver = receiver
    this.readings = readings
    this.ports = ports
    this.counters = counters
  }

  /** Takes a segment of which messages are wanted, with or without payload. @returns a kind of message, or NOTHING */
  take(packet: Packet, wanted: number): number {
    const { flows } = this
    const hash = flows.table.hash(packet)
    if ((packet.flags & TCP_SYN) !== 0) {
      const side = (packet.flags & TCP_ACK) === 0 ? WANT_CLIENT_HELLO : WANT_SERVER_HELLO
      if (side === WANT_SERVER_HELLO) this.countAccepted(packet)
      if ((wanted & side) === 0) return NOTHING
      if (side === WANT_CLIENT_HELLO) this.counters.tcp_syns++
      return this.takeSyn(packet, side, wanted, hash)
    }
    const isReset = (packet.flags & TCP_RST) !== 0
    // What a reset carries is a reason for people to read (RFC 9293 §3.10.7.4), no part of the stream.
    const given =
      isReset || packet.payloadLen === 0
        ? NOTHING
        : this.data.take(packet, packet.seq | 0, wanted, hash)
    if (given !== NOTHING || !flows.table.isWatched(hash)) return given
    return this.takeEnd(packet, isReset, hash)
  }

  /** Counts a SYN-ACK of a server that is looked at. */
  countAccepted(packet: Packet): void {
    if ((packet.flags & TCP_SYN) === 0 || (packet.flags & TCP_ACK) === 0) return
    if (this.ports.isFromServer(packet)) this.counters.tcp_syn_acks++
  }

  /** Notes what a server's SYN-ACK permits its client to acknowledge, and whether timestamps were agreed on. */
  noteAnswer(packet: Packet): void {
    const { flows, receiver } = this
    const client = this.reverse.of(packet)
    const entry = flows.find(flows.table.hash(client), client, secondsOf(packet))
    if (entry < 0 || packet.tcpOff < 0 || !flows.has(entry, SYN_SEEN)) return
    const at = entry * FLOW_WORDS
    const shape = flows.words[at + SYN_SHAPE] ?? 0
    if (shape === 0) return
    flows.words[at + SERVER_NEXT] = (packet.seq + 1) | 0
    const isAsked = (shape & SYN_HAS_TIMESTAMPS) !== 0
    const agreed = isAsked && receiver.hasTimestamps(packet) ? ANSWER_HAS_TIMESTAMPS : 0
    flows.words[at + SYN_SHAPE] = shape | ANSWERED | agreed
  }

  private takeSyn(packet: Packet, side: number, wanted: number, hash: number): number {
    const { data, flows, receiver } = this
    const { words } = flows
    const first = (packet.seq + 1) | 0
    const seconds = secondsOf(packet)
    const isClient = side === WANT_CLIENT_HELLO
    const sum = isClient ? receiver.sumOfSyn(packet) : UNKNOWN
    const isRight = sum === RIGHT
    receiver.noteSyn(sum)
    let entry = flows.find(hash, packet, seconds)
    const isOther = entry < 0 || words[entry * FLOW_WORDS + FIRST] !== first
    if (entry >= 0 && isOther && isClient && data.mayGoOn(entry)) {
      // Some other connection's, or none's: the bytes that follow show it (RFC 5961 §4).
      readSyn(packet, isRight, data.rivals.add(entry, first), 0)
      return NOTHING
    }
    // A SYN sent again, or seen only after the hello that it opened the way for, keeps the flow.
    if (isOther) {
      if (entry < 0) entry = flows.open(hash, packet, seconds)
      flows.begin(entry, first, 0)
      flows.watch(entry)
    }
    const isNew = !flows.has(entry, SYN_SEEN)
    flows.mark(entry, SYN_SEEN)
    const shapeAt = entry * FLOW_WORDS + SYN_SHAPE
    const isBetter = isRight && ((words[shapeAt] ?? 0) & SUMS_ARE_RIGHT) === 0
    if (isClient && (isNew || isBetter)) readSyn(packet, isRight, words, shapeAt)
    if (packet.payloadLen === 0) return NOTHING
    if (!isClient || receiver.isFastOpen(packet)) return data.take(packet, first, wanted, hash)
    const { bytes, payloadOff, payloadLen } = packet
    const start = findStart(bytes, payloadOff, payloadOff + payloadLen, wanted)
    return this.readings.hold(packet, entry, first, start, REFUSED)
  }

  /** FIN or RST: no bytes can come behind those that are there. */
  private takeEnd(packet: Packet, isReset: boolean, hash: number): number {
    const { flows } = this
    const entry = flows.find(hash, packet, secondsOf(packet))
    if (entry < 0) return NOTHING
    if (this.receiver.verdict(packet, flows.words, entry * FLOW_WORDS) !== FINE) {
      this.counters.tcp_segments_refused++
      return NOTHING
    }
    const given = this.data.resolve(packet, entry)
    if (given !== NOTHING) return given
    const ahead = (packet.seq + packet.payloadWireLen - this.knownTo(entry)) | 0
    // A FIN that overtook bytes is not the end; a reset is only where it is exact (RFC 5961 §3.2).
    const isExact = ahead === 0
    const isEnd = flows.has(entry, SYN_SEEN)
      ? isExact
      : isReset
        ? Math.abs(ahead) <= MAX_SEQUENCE_DISTANCE
        : ahead <= 0
    if (!isEnd) return NOTHING
    flows.dropSlot(entry, 'hello_closed')
    flows.dropOther(entry)
    flows.unwatch(entry)
    return NOTHING
  }

  /** Sequence number up to which the flow's bytes are known. */
  private knownTo(entry: number): number {
    const { pool, words } = this.flows
    const slot = words[entry * FLOW_WORDS + SLOT] ?? -1
    const solid = slot < 0 ? -1 : (pool.words[slot * SLOT_WORDS + SOLID] ?? -1)
    if (solid < 0) return words[entry * FLOW_WORDS + NEXT] ?? 0
    return ((pool.words[slot * SLOT_WORDS + BASE] ?? 0) + solid) | 0
  }
}
