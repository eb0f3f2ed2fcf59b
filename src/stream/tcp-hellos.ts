// From segments to whole hellos, one direction of a connection at a time.
//
//   segment ─▶ nothing unusual? ─ yes ─▶ fast-path.ts: a hello is given where it lies
//                    │ no
//                    ▼
//              SYN, FIN, RST? ─ yes ─▶ tcp-control.ts
//                    │ no
//                    ▼
//              begins like a hello, or its flow is watched? ─ no ─▶ nothing (nearly all traffic)
//                    │ yes
//                    ▼
//              tcp-data.ts: its place in the stream ─▶ tcp-messages.ts: whole messages

import type { Counters } from '../base/counters.js'
import type { FlowTable } from '../base/flow-table.js'
import { ReversedFlow } from '../base/reversed-flow.js'
import type { HandshakeBytes } from '../model/handshake-bytes.js'
import { type Packet, secondsOf, TCP_ACK, TCP_FIN, TCP_RST, TCP_SYN } from '../model/packet.js'
import { EarlySegments } from './early-segments.js'
import { FastPath } from './fast-path.js'
import { findStart } from './find-start.js'
import { Receiver } from './receiver.js'
import { SegmentRun } from './segment-run.js'
import type { StreamFrames, StreamRun } from './stream-heads.js'
import { TcpControl } from './tcp-control.js'
import { TcpData } from './tcp-data.js'
import { DEFAULT_SIZES, TcpFlows, type TcpFlowSizes } from './tcp-flows.js'
import {
  FALLBACK,
  HANDLED_HELLO,
  HANDLED_LAST_PART,
  HANDLED_SYN,
  UNPLACED,
} from '../kernels/tcp-layout.js'
import { CLIENT_HELLO, NOTHING, TcpMessages } from './tcp-messages.js'
import { TcpPorts } from './tcp-ports.js'
import { TcpReadings } from './tcp-readings.js'

const CONTROL = TCP_SYN | TCP_FIN | TCP_RST
const SYN_ACK = TCP_SYN | TCP_ACK

export interface TcpHellosOptions {
  /** Server ports looked at; undefined: any, by content. */
  readonly ports?: ReadonlySet<number> | undefined
  /** Whether ServerHellos, and the certificates of TLS 1.2 and before, are given too. */
  readonly server: boolean
  /** Secret of the flow table's hash, an integer from 0 to 2^48; a random one keeps others from aiming at buckets. */
  readonly seed: number
  /** Frames in which other protocols carry TLS or DTLS: taken by others, put together as far as they are cut. */
  readonly frames?: StreamFrames
}

/** Finds whole hellos in TCP segments, within fixed memory. */
export class TcpHellos {
  /** The message that `take` or `next` gave, until the next call of either. */
  readonly message: HandshakeBytes
  /** Takes segments that need no decoding. */
  readonly run: SegmentRun
  /** The packet whose hello `takeHeld` gave. */
  heldPacket: Packet | undefined
  /** Whether `message` is of the client that the packet answers: its ends are the packet's, the other way round. */
  isAnswered = false
  private readonly messages: TcpMessages
  private readonly flows: TcpFlows
  private readonly fastPath: FastPath
  private readonly readings: TcpReadings
  private readonly receiver: Receiver
  private readonly data: TcpData
  private readonly control: TcpControl
  private readonly ports: TcpPorts
  private readonly reverse = new ReversedFlow()
  private readonly early = new EarlySegments()
  private readonly hashWord = new Int32Array(1)
  private readonly counters: Counters

  constructor(options: TcpHellosOptions, counters: Counters, sizes: TcpFlowSizes = DEFAULT_SIZES) {
    this.counters = counters
    const flows = new TcpFlows(options.seed, counters, sizes)
    const messages = new TcpMessages(flows, counters)
    const receiver = new Receiver(counters, flows.sums)
    const readings = new TcpReadings(flows, messages, counters)
    const ports = new TcpPorts(options.ports, options.server)
    messages.readings = readings
    this.data = new TcpData(flows, messages, readings, receiver, ports, counters, options.frames)
    this.control = new TcpControl(flows, this.data, receiver, readings, ports, counters)
    this.fastPath = new FastPath(flows, receiver)
    this.run = new SegmentRun(flows, this.fastPath, messages.message, counters)
    this.message = messages.message
    this.flows = flows
    this.messages = messages
    this.receiver = receiver
    this.readings = readings
    this.ports = ports
  }

  /** A carrier's frames that the segment given to `take` made recognisable, from a stream's first bytes on. */
  get framed(): StreamRun | undefined {
    return this.data.framed
  }

  /** The flows it keeps. */
  get table(): FlowTable {
    return this.flows.table
  }

  /** Forgets all flows; nothing is counted. */
  clear(): void {
    this.flows.clear()
    this.receiver.clear()
    this.early.clear()
    this.data.clear()
    this.readings.held.clear()
  }

  /** Whether segments wait for the one that they came ahead of. */
  get hasEarly(): boolean {
    return this.early.size > 0
  }

  /** Says which frame of its block the packets that follow lie in, and where that begins. */
  setFrame(frame: number, off: number): void {
    this.early.frame = frame
    this.early.frameOff = off
  }

  /** Takes note that the block of the packets taken so far is over: its bytes are used no more. */
  endBlock(): void {
    this.early.clear()
  }

  /** Shifts the time of all that is known by `seconds`, as the clock of the packets was. */
  shiftTime(seconds: number): void {
    this.flows.shiftTime(seconds)
    this.readings.held.shiftTime(seconds)
  }

  /** Unfinished hellos held now, and bytes that came ahead of what may be one. */
  get pending(): number {
    return this.flows.pool.used
  }

  /** Hellos that have begun and of which bytes are missing, counted anew at each call. */
  get unfinished(): number {
    return this.flows.unfinished()
  }

  /**
   * Takes one segment.
   *
   * @returns 0 nothing, 1 `message` is a ClientHello, 2 a ServerHello, 3 a server's Certificate; after any but 0 ask `next`
   */
  take(packet: Packet): number {
    this.messages.following = -1
    this.messages.rival = -1
    this.data.again = undefined
    this.data.framed = undefined
    this.isAnswered = false
    // The prefilter passes none without both: what comes of a capture must not depend on it.
    if (packet.payloadLen === 0 && (packet.flags & CONTROL) === 0) return NOTHING
    const given = this.takeSegment(packet)
    return given === NOTHING && this.early.size > 0 ? this.takeEarly(packet) : given
  }

  private takeSegment(packet: Packet): number {
    const hasControl = (packet.flags & CONTROL) !== 0
    if ((packet.flags & SYN_ACK) === SYN_ACK) {
      this.control.noteAnswer(packet)
      if (!this.ports.server) {
        this.control.countAccepted(packet)
        return NOTHING
      }
    }
    if (!this.ports.server && this.ports.isToServer(packet)) {
      const taken = this.fastPath.take(packet)
      if (taken !== FALLBACK) return this.noteTaken(packet, taken)
    }
    const wanted = this.ports.wantedOf(packet)
    if (wanted === 0) {
      if (hasControl) this.control.countAccepted(packet)
      return NOTHING
    }
    if (hasControl) return this.control.take(packet, wanted)

    const off = packet.payloadOff
    const start = findStart(packet.bytes, off, off + packet.payloadLen, wanted)
    const hash = this.flows.table.hash(packet)
    if (start < 0 && !this.flows.table.isWatched(hash)) {
      this.hashWord[0] = hash
      this.early.add(packet, this.hashWord, 0)
      return NOTHING
    }
    // Not before: the prefilter passes no other segments of the server.
    if (this.ports.server && this.takeAnswered(packet)) return CLIENT_HELLO
    return this.data.takeFrom(packet, packet.seq | 0, start, wanted, hash)
  }

  /**
   * Gives a hello in doubt that has waited long enough at a time, microseconds, and is all there is: `message`, of the ends
   * and the time of `heldPacket`. Ask until there is none. @returns as `take`
   */
  takeHeld(nowMicros: number): number {
    const { held } = this.readings
    this.messages.following = -1
    this.messages.rival = -1
    this.data.again = undefined
    for (let one = held.due(nowMicros); one !== undefined; one = held.due(nowMicros)) {
      this.heldPacket = one.packet
      const given = this.readings.giveHeld(one)
      if (given !== NOTHING) return given
    }
    return NOTHING
  }

  /** Takes the segments that came ahead of one after which their flow is watched. */
  private takeEarly(packet: Packet): number {
    const hash = this.flows.table.hash(packet)
    if (!this.flows.table.isWatched(hash)) return NOTHING
    this.early.seek(packet, hash)
    while (this.flows.table.isWatched(hash)) {
      const early = this.early.next(packet, hash)
      if (early === undefined) break
      const given = this.data.take(early, early.seq | 0, this.ports.wantedOf(early), hash)
      if (given !== NOTHING) return given
    }
    return NOTHING
  }

  /** A further message that the segment given to `take` made whole; as `take`. */
  next(): number {
    const given = this.messages.next()
    const packet = this.data.again
    this.isAnswered = false
    if (given !== NOTHING || packet === undefined) return given
    this.data.again = undefined
    const hash = this.flows.table.hash(packet)
    return this.data.take(packet, packet.seq | 0, this.ports.wantedOf(packet), hash)
  }

  private noteTaken(packet: Packet, taken: number): number {
    if (taken === HANDLED_SYN) this.counters.tcp_syns++
    if (taken === UNPLACED) this.fastPath.remember(packet, this.early)
    if (taken !== HANDLED_HELLO && taken !== HANDLED_LAST_PART) return NOTHING
    const { bytes, payloadOff, payloadLen } = packet
    this.fastPath.fill(this.message, bytes, payloadOff, payloadOff + payloadLen, taken)
    return CLIENT_HELLO
  }

  /** Gives a client's hello that was held apart once its server speaks TLS. @returns whether there was one */
  private takeAnswered(packet: Packet): boolean {
    const { flows } = this
    const flow = this.reverse.of(packet)
    const hash = flows.table.hash(flow)
    if (!flows.table.isWatched(hash)) return false
    const entry = flows.find(hash, flow, secondsOf(packet))
    if (entry < 0) return false
    this.messages.nowMicros = packet.timeMicros
    if (this.readings.resolveAnswered(entry) === NOTHING) return false
    this.data.again = packet
    this.isAnswered = true
    return true
  }

  /**
   * Bytes of the packet's flow that came ahead of those at `seq` and were not recognised as part of a hello; undefined if there
   * are none.
   */
  aheadAt(packet: Packet, seq: number): StreamRun | undefined {
    return this.data.aheadAt(packet, seq)
  }
}
