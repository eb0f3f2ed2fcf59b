import { u8 } from '../base/bytes.js'
import type { Counters } from '../base/counters.js'
import type { FlowTable } from '../base/flow-table.js'
import { ReversedFlow } from '../base/reversed-flow.js'
import { MAX_HELLO_SPAN, MAX_PREAMBLE_LEN, MAX_SEQUENCE_DISTANCE } from '../base/limits.js'
import type { HandshakeBytes } from '../model/handshake-bytes.js'
import {
  type Packet,
  secondsOf,
  TCP_ACK,
  TCP_FIN,
  TCP_RST,
  TCP_SYN,
  TCP_URG,
} from '../model/packet.js'
import { EarlySegments } from './early-segments.js'
import { findEmbedded, findStart, isHttpRequest } from './find-start.js'
import {
  CONTENT_HANDSHAKE,
  isPrefix,
  MIN_LOOK,
  skipLeadingRecords,
  STRICT_LEN,
  WANT_CERTIFICATE,
  WANT_CLIENT_HELLO,
  WANT_SERVER_HELLO,
} from './hello-start.js'
import { SOLID, SLOT_WORDS, BASE, ANCHOR } from '../base/slot-layout.js'
import { OrdinarySegments } from './fast-path.js'
import { RIGHT, UNKNOWN } from './checksum.js'
import { FINE, Receiver, REFUSED, takeUrgentOut } from './receiver.js'
import { isPadding, MAX_PADDING, Paddings } from './paddings.js'
import { RivalSyns } from './rival-syns.js'
import { SegmentRun } from './segment-run.js'
import { readSyn } from './syn-facts.js'
import { type StreamFrames, StreamHeads, type StreamRun } from './stream-heads.js'
import { DEFAULT_SIZES, TcpFlows, type TcpFlowSizes } from './tcp-flows.js'
import {
  ANSWER_HAS_TIMESTAMPS,
  ANSWERED,
  CERTIFICATE_DUE,
  CUT,
  FIRST,
  FLOW_WORDS,
  GIVEN,
  GIVEN_AT,
  LEFT,
  NEXT,
  PASSED,
  PLAIN_HTTP,
  SERVER_NEXT,
  SLOT,
  SUMS_ARE_RIGHT,
  SYN_HAS_TIMESTAMPS,
  SYN_SEEN,
  SYN_SHAPE,
  TAKEN_HELLO,
  TAKEN_LAST_PART,
  TAKEN_SYN,
  UNPLACED,
} from '../kernels/tcp-layout.js'
import { CLIENT_HELLO, NOTHING, TcpMessages } from './tcp-messages.js'
import { TcpReadings } from './tcp-readings.js'

// From segments to whole hellos, one direction of a connection at a time.
//
//   segment ─▶ ordinary? ─ yes ─▶ taken in WebAssembly, a hello given where it lies
//                    │ no
//                    ▼
//              begins like a hello? ── no ──▶ flow watched? ── no ──▶ nothing (nearly all traffic)
//                    │ yes                         │ yes
//                    ▼                             ▼
//              whole in one record? ─ yes ─▶ given where it lies, never copied
//                    │ no
//                    ▼
//              copied into the flow's slot, read on as far as it is solid, given from there

const CONTROL = TCP_SYN | TCP_FIN | TCP_RST
const SYN_ACK = TCP_SYN | TCP_ACK
const ZEROS = new Uint8Array(MAX_PADDING)

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
  /** What `take` or `next` gave, until the next call of either. */
  readonly message: HandshakeBytes
  /** Ordinary segments that need no decoding. */
  readonly run: SegmentRun
  private readonly messages: TcpMessages
  private readonly flows: TcpFlows
  private readonly ordinary: OrdinarySegments
  private readonly readings: TcpReadings
  private readonly receiver: Receiver
  private readonly rivals = new RivalSyns()
  private readonly heads: StreamHeads
  private readonly paddings = new Paddings()
  /** A carrier's frames that the segment given to `take` made recognisable, from a stream's first bytes on. */
  framed: StreamRun | undefined
  private readonly reverse = new ReversedFlow()
  private readonly early = new EarlySegments()
  private readonly hashWord = new Int32Array(1)
  /** A segment to be taken once what it showed to be whole is given. */
  private again: Packet | undefined
  /** Whose hello `takeHeld` gave. */
  heldPacket: Packet | undefined
  /** Whether `message` is of the client that the packet answers: its ends are the packet's, the other way round. */
  isAnswered = false
  private readonly counters: Counters
  private readonly anyPort: boolean
  private readonly isPort = new Uint8Array(65_536)
  private readonly server: boolean

  constructor(options: TcpHellosOptions, counters: Counters, sizes: TcpFlowSizes = DEFAULT_SIZES) {
    this.counters = counters
    this.flows = new TcpFlows(options.seed, counters, sizes)
    this.messages = new TcpMessages(this.flows, counters)
    this.message = this.messages.message
    this.receiver = new Receiver(counters, this.flows.sums)
    this.readings = new TcpReadings(this.flows, this.messages, counters)
    this.messages.readings = this.readings
    this.ordinary = new OrdinarySegments(this.flows, this.receiver)
    this.run = new SegmentRun(this.flows, this.ordinary, this.message, counters)
    this.heads = new StreamHeads(this.flows, options.frames)
    this.server = options.server
    this.anyPort = options.ports === undefined
    for (const port of options.ports ?? []) this.isPort[port & 0xffff] = 1
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
    this.paddings.clear()
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
    this.again = undefined
    this.framed = undefined
    this.isAnswered = false
    // The prefilter passes none without both: what comes of a capture must not depend on it.
    if (packet.payloadLen === 0 && (packet.flags & CONTROL) === 0) return NOTHING
    const given = this.takeSegment(packet)
    return given === NOTHING && this.early.size > 0 ? this.takeEarly(packet) : given
  }

  private takeSegment(packet: Packet): number {
    const hasControl = (packet.flags & CONTROL) !== 0
    if ((packet.flags & SYN_ACK) === SYN_ACK) {
      this.takeAnswer(packet, this.flows.table.hash(this.reverse.of(packet)))
      if (!this.server) {
        this.countAccepted(packet)
        return NOTHING
      }
    }
    if (!this.server && this.isToServer(packet)) {
      const taken = this.ordinary.take(packet)
      if (taken !== LEFT) return this.noteTaken(packet, taken)
    }
    const wanted = this.wantedOf(packet)
    if (wanted === 0) {
      if (hasControl) this.countAccepted(packet)
      return NOTHING
    }
    if (hasControl) return this.takeControl(packet, wanted)

    const off = packet.payloadOff
    const start = findStart(packet.bytes, off, off + packet.payloadLen, wanted)
    const hash = this.flows.table.hash(packet)
    if (start < 0 && !this.flows.table.isWatched(hash)) {
      this.hashWord[0] = hash
      this.early.add(packet, this.hashWord, 0)
      return NOTHING
    }
    // Not before: the prefilter passes no other segments of the server.
    if (this.server && this.takeAnswered(packet)) return CLIENT_HELLO
    return this.takeBytes(packet, packet.seq | 0, start, wanted, hash)
  }

  /**
   * Gives a hello in doubt that has waited long enough at a time, microseconds, and is all there is: `message`, of the ends
   * and the time of `heldPacket`. Ask until there is none. @returns as `take`
   */
  takeHeld(nowMicros: number): number {
    const { held } = this.readings
    this.messages.following = -1
    this.messages.rival = -1
    this.again = undefined
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
      const given = this.takeData(early, early.seq | 0, this.wantedOf(early), hash)
      if (given !== NOTHING) return given
    }
    return NOTHING
  }

  /** A further message that the segment given to `take` made whole; as `take`. */
  next(): number {
    const given = this.messages.next()
    const packet = this.again
    this.isAnswered = false
    if (given !== NOTHING || packet === undefined) return given
    this.again = undefined
    return this.takeData(
      packet,
      packet.seq | 0,
      this.wantedOf(packet),
      this.flows.table.hash(packet),
    )
  }

  private noteTaken(packet: Packet, taken: number): number {
    if (taken === TAKEN_SYN) this.counters.tcp_syns++
    if (taken === UNPLACED) this.ordinary.remember(packet, this.early)
    if (taken !== TAKEN_HELLO && taken !== TAKEN_LAST_PART) return NOTHING
    const { bytes, payloadOff, payloadLen } = packet
    this.ordinary.fill(this.message, bytes, payloadOff, payloadOff + payloadLen, taken)
    return CLIENT_HELLO
  }

  private wantedOf(packet: Packet): number {
    const client = this.isToServer(packet) ? WANT_CLIENT_HELLO : 0
    if (!this.server) return client
    return this.anyPort || this.isPort[packet.srcPort] !== 0 ? client | WANT_SERVER_HELLO : client
  }

  private isToServer(packet: Packet): boolean {
    return this.anyPort || this.isPort[packet.dstPort] !== 0
  }

  /** SYN, FIN and RST, with or without bytes. */
  private takeControl(packet: Packet, wanted: number): number {
    const flows = this.flows
    const hash = flows.table.hash(packet)
    if ((packet.flags & TCP_SYN) !== 0) {
      const side = (packet.flags & TCP_ACK) === 0 ? WANT_CLIENT_HELLO : WANT_SERVER_HELLO
      if (side === WANT_SERVER_HELLO) this.countAccepted(packet)
      if ((wanted & side) === 0) return NOTHING
      if (side === WANT_CLIENT_HELLO) this.counters.tcp_syns++
      return this.takeSyn(packet, (packet.seq + 1) | 0, side, wanted, hash)
    }
    const isReset = (packet.flags & TCP_RST) !== 0
    // What a reset carries is a reason for people to read (RFC 9293 §3.10.7.4), no part of the stream.
    const given =
      isReset || packet.payloadLen === 0
        ? NOTHING
        : this.takeData(packet, packet.seq | 0, wanted, hash)
    if (given !== NOTHING || !flows.table.isWatched(hash)) return given
    return this.takeEnd(packet, isReset, hash)
  }

  private countAccepted(packet: Packet): void {
    if ((packet.flags & TCP_SYN) === 0 || (packet.flags & TCP_ACK) === 0) return
    if (this.anyPort || this.isPort[packet.srcPort] !== 0) this.counters.tcp_syn_acks++
  }

  private takeData(packet: Packet, seq: number, wanted: number, hash: number): number {
    const off = packet.payloadOff
    const start = findStart(packet.bytes, off, off + packet.payloadLen, wanted)
    if (start < 0 && !this.flows.table.isWatched(hash)) return NOTHING
    return this.takeBytes(packet, seq, start, wanted, hash)
  }

  private takeSyn(
    packet: Packet,
    first: number,
    side: number,
    wanted: number,
    hash: number,
  ): number {
    const { flows, receiver } = this
    const { words } = flows
    const seconds = secondsOf(packet)
    const isClient = side === WANT_CLIENT_HELLO
    const sum = isClient ? receiver.sumOfSyn(packet) : UNKNOWN
    const isRight = sum === RIGHT
    receiver.noteSyn(sum)
    let entry = flows.find(hash, packet, seconds)
    const at = entry * FLOW_WORDS
    if (entry >= 0 && words[at + FIRST] !== first && isClient && this.mayGoOn(entry)) {
      // Some other connection's, or none's: which shows by what follows (RFC 5961 §4).
      readSyn(packet, isRight, this.rivals.add(entry, first), 0)
      return NOTHING
    }
    // A SYN sent again, or seen only after the hello it opened the way for, keeps the flow.
    if (entry < 0 || words[at + FIRST] !== first) {
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
    if (!isClient || receiver.isFastOpen(packet)) return this.takeData(packet, first, wanted, hash)
    const { bytes, payloadOff, payloadLen } = packet
    const start = findStart(bytes, payloadOff, payloadOff + payloadLen, wanted)
    return this.readings.hold(packet, entry, first, start, REFUSED)
  }

  /** Whether a connection that was seen to begin has not come to its hello yet. */
  private mayGoOn(entry: number): boolean {
    const { flows } = this
    return flows.isWatched(entry) && flows.has(entry, SYN_SEEN) && !flows.has(entry, GIVEN)
  }

  /** A server's SYN-ACK tells what its client may acknowledge, and whether timestamps were agreed on. */
  private takeAnswer(packet: Packet, hash: number): void {
    const { flows, receiver } = this
    const entry = flows.find(hash, this.reverse.of(packet), secondsOf(packet))
    if (entry < 0 || packet.tcpOff < 0 || !flows.has(entry, SYN_SEEN)) return
    const at = entry * FLOW_WORDS
    const shape = flows.words[at + SYN_SHAPE] ?? 0
    if (shape === 0) return
    flows.words[at + SERVER_NEXT] = (packet.seq + 1) | 0
    const isAsked = (shape & SYN_HAS_TIMESTAMPS) !== 0
    const agreed = isAsked && receiver.hasTimestamps(packet) ? ANSWER_HAS_TIMESTAMPS : 0
    flows.words[at + SYN_SHAPE] = shape | ANSWERED | agreed
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
    this.again = packet
    this.isAnswered = true
    return true
  }

  /** FIN or RST: no bytes can come behind what is there. */
  private takeEnd(packet: Packet, isReset: boolean, hash: number): number {
    const flows = this.flows
    const entry = flows.find(hash, packet, secondsOf(packet))
    if (entry < 0) return NOTHING
    const at = entry * FLOW_WORDS
    if (this.receiver.verdict(packet, flows.words, at) !== FINE) {
      this.counters.tcp_segments_refused++
      return NOTHING
    }
    this.messages.nowMicros = packet.timeMicros
    const given = this.readings.resolve(entry, packet.seq | 0)
    if (given !== NOTHING) return given
    const slot = flows.words[at + SLOT] ?? -1
    let known = flows.words[at + NEXT] ?? 0
    if (slot >= 0) {
      const solid = flows.pool.words[slot * SLOT_WORDS + SOLID] ?? -1
      if (solid >= 0) known = ((flows.pool.words[slot * SLOT_WORDS + BASE] ?? 0) + solid) | 0
    }
    const ahead = (packet.seq + packet.payloadWireLen - known) | 0
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

  private takeBytes(
    packet: Packet,
    seq: number,
    startInPacket: number,
    wantedHellos: number,
    hash: number,
  ): number {
    const flows = this.flows
    const words = flows.words
    let bytes = packet.bytes
    const isCut = packet.payloadLen < packet.payloadWireLen
    const payloadOff = packet.payloadOff
    let end = payloadOff + packet.payloadLen
    this.messages.nowMicros = packet.timeMicros
    let start = startInPacket
    let entry = flows.find(hash, packet, secondsOf(packet))
    if (entry < 0) {
      if (start < 0) return NOTHING
      entry = flows.open(hash, packet, secondsOf(packet))
      flows.begin(entry, (seq + start - payloadOff) | 0, 0)
    }
    const at = entry * FLOW_WORDS
    if (this.rivals.size > 0) this.adoptRival(entry, seq)
    const isFar = Math.abs((seq - (words[at + NEXT] ?? 0)) | 0) > MAX_SEQUENCE_DISTANCE
    // Another connection of the same ends: what is known of the one before does not judge it.
    if (isFar && start >= 0 && !this.mayGoOn(entry))
      flows.begin(entry, (seq + start - payloadOff) | 0, 0)
    if ((wantedHellos & WANT_CLIENT_HELLO) !== 0 && (packet.flags & TCP_SYN) === 0) {
      const verdict = this.receiver.verdict(packet, words, at)
      if (verdict !== FINE) return this.readings.hold(packet, entry, seq, start, verdict)
      if ((packet.flags & TCP_URG) !== 0 && flows.has(entry, SYN_SEEN) && takeUrgentOut(packet)) {
        bytes = packet.bytes
        end--
        start = findStart(bytes, payloadOff, end, wantedHellos)
      }
      const given = this.readings.resolve(entry, seq)
      if (given !== NOTHING) {
        this.again = packet
        return given
      }
    }
    let ahead = (seq - (words[at + NEXT] ?? 0)) | 0
    // Zeros that were no padding: the stream goes on behind them.
    if (ahead > 0 && this.paddings.size > 0 && this.paddings.takeEnd(entry, seq))
      this.holdHead(entry, (seq - ahead) | 0, ZEROS, 0, ahead, wantedHellos)
    if (Math.abs(ahead) > MAX_SEQUENCE_DISTANCE) {
      // Outside any window.
      if (start >= 0) this.counters.tcp_segments_refused++
      return NOTHING
    }
    if (isCut) {
      flows.mark(entry, CUT)
      this.counters.tcp_segments_cut++
    }

    // Bytes before what the slot holds, or before what is known, came already.
    const slot = words[at + SLOT] ?? -1
    const base =
      slot < 0 ? (words[at + NEXT] ?? 0) : (flows.pool.words[slot * SLOT_WORDS + BASE] ?? 0)
    const old = Math.max(0, (base - seq) | 0)
    const off = payloadOff + old
    if (off >= end) {
      if ((wantedHellos & WANT_CLIENT_HELLO) !== 0)
        return this.readings.takeLate(packet, entry, seq, start)
      if (start >= 0) this.counters.hello_retransmitted++
      return NOTHING
    }
    const wanted = flows.has(entry, CERTIFICATE_DUE)
      ? wantedHellos | WANT_CERTIFICATE
      : wantedHellos
    if (start < off) start = findStart(bytes, off, end, wanted)
    ahead += old
    // Where the bytes wanted next begin, a hello may begin with fewer than are asked for elsewhere.
    const isWatched = flows.isWatched(entry)
    const mayHold = this.mayHold(entry, wanted)
    if (start < 0 && ahead === 0 && isWatched && !(mayHold && slot >= 0)) {
      // a byte or two of it may be anything's
      const isShort = mayHold && end - off < MIN_LOOK && u8(bytes, off) === CONTENT_HANDSHAKE
      if (!isShort && isPrefix(bytes, off, end, wanted)) start = off
      else if (
        (wanted & WANT_CLIENT_HELLO) !== 0 &&
        !(mayHold && this.heads.mayBeFramed(bytes, off, end))
      )
        start = this.findBehind(entry, bytes, off, end)
    }

    const offset = ((seq - base) | 0) + old
    if (slot >= 0) {
      const isAnchored = (flows.pool.words[slot * SLOT_WORDS + ANCHOR] ?? -1) >= 0
      if (isAnchored || offset + end - off <= MAX_HELLO_SPAN) {
        if (!isAnchored && mayHold && (start < 0 || this.heads.reaches(entry, offset))) {
          this.messages.put(entry, bytes, off, end, offset, -1, wanted)
          return this.takeHead(entry, wanted, start < 0 ? -1 : offset + start - off)
        }
        if (!isAnchored && start < 0 && ahead === 0) this.pass(entry, packet, seq)
        if ((words[at + SLOT] ?? -1) < 0) return NOTHING
        return this.messages.put(entry, bytes, off, end, offset, start, wanted)
      }
      flows.dropSlot(entry, 'hello_too_long')
    }
    ahead = (seq - (words[at + NEXT] ?? 0) + old) | 0
    if (start >= 0) return this.messages.begin(packet, entry, seq, off, start, ahead, wanted)
    if (!isWatched) return NOTHING
    if (ahead === 0) {
      if (isPadding(bytes, off, end) && !flows.has(entry, GIVEN)) {
        this.paddings.add(entry, seq + end - payloadOff)
        this.counters.tcp_zero_padding++
        return NOTHING
      }
      const isOnlyChange = skipLeadingRecords(bytes, off, end) === end
      const cut = isOnlyChange || !mayHold ? -1 : this.heads.cutAt(bytes, off, end)
      if (cut >= 0)
        return this.holdHead(entry, (seq + cut - payloadOff) | 0, bytes, cut, end, wanted)
      if (isOnlyChange) words[at + NEXT] = (seq + packet.payloadWireLen) | 0
      else this.pass(entry, packet, seq)
      if (!isOnlyChange && flows.has(entry, GIVEN)) flows.unwatch(entry)
      return NOTHING
    }
    const isBehindGiven = flows.has(entry, GIVEN) && ((seq - (words[at + GIVEN_AT] ?? 0)) | 0) > 0
    if (
      isBehindGiven &&
      ahead > 0 &&
      (((words[at + GIVEN_AT] ?? 0) - (words[at + NEXT] ?? 0)) | 0) > 0
    ) {
      // The hello was given although bytes before it are missing: these do not come any more.
      words[at + NEXT] = (seq + packet.payloadWireLen) | 0
      flows.unwatch(entry)
      return NOTHING
    }
    if (ahead + end - off > MAX_HELLO_SPAN) {
      flows.unwatch(entry)
      return NOTHING
    }
    // It overtook what comes before it, which may be the start of a hello.
    if (flows.takeSlot(entry, ahead + end - off, words[at + NEXT] ?? 0) < 0) return NOTHING
    return this.messages.put(entry, bytes, off, end, ahead, -1, wanted)
  }

  /** Whether bytes of the flow may be held before it is known what they are. */
  private mayHold(entry: number, wanted: number): boolean {
    const { flows } = this
    if ((wanted & WANT_CLIENT_HELLO) === 0 || !flows.has(entry, SYN_SEEN)) return false
    return !flows.has(entry, GIVEN | PLAIN_HTTP)
  }

  /** Holds bytes that may begin something, and are next in the stream. */
  private holdHead(
    entry: number,
    seq: number,
    bytes: Uint8Array,
    off: number,
    end: number,
    wanted: number,
  ): number {
    this.flows.words[entry * FLOW_WORDS + NEXT] = seq
    if (this.flows.takeSlot(entry, end - off, seq) < 0) return NOTHING
    return this.messages.put(entry, bytes, off, end, 0, -1, wanted)
  }

  /**
   * Looks at the first bytes of a stream, which have grown, for a hello or a carrier's frames.
   *
   * @param known offset in the slot where a segment began like a hello, or -1
   */
  private takeHead(entry: number, wanted: number, known: number): number {
    const { flows, heads } = this
    const from = (flows.words[entry * FLOW_WORDS + SLOT] ?? -1) < 0 ? -1 : heads.look(entry)
    if (from < 0) return NOTHING
    const { bytes, off, end, seq } = heads.run
    if (heads.isFramed()) {
      flows.words[entry * FLOW_WORDS + NEXT] = (seq + end - off) | 0
      flows.freeSlot(entry)
      this.framed = heads.run
      return NOTHING
    }
    if (heads.mayBeFramed(bytes, off, end)) return NOTHING
    let start = findStart(bytes, off, end, wanted)
    if (start < 0) start = this.findBehind(entry, bytes, Math.max(off, from - STRICT_LEN), end)
    if (start < 0 && known >= 0) start = off + known
    if (start < 0) {
      heads.release(entry)
      return NOTHING
    }
    const slot = flows.words[entry * FLOW_WORDS + SLOT] ?? -1
    flows.pool.setAnchor(slot, start - off)
    return this.messages.read(entry, slot, wanted)
  }

  /**
   * Bytes of the packet's flow that came ahead of what is at `seq` of it and were not recognised as part of a hello; undefined
   * where there are none.
   */
  aheadAt(packet: Packet, seq: number): StreamRun | undefined {
    const { flows } = this
    if (flows.pool.used === 0) return undefined
    const entry = flows.find(flows.table.hash(packet), packet, secondsOf(packet))
    if (entry < 0) return undefined
    const slot = flows.words[entry * FLOW_WORDS + SLOT] ?? -1
    if (slot < 0 || (flows.pool.words[slot * SLOT_WORDS + ANCHOR] ?? -1) >= 0) return undefined
    return this.heads.runAt(entry, seq) ? this.heads.run : undefined
  }

  /** Where a SYN with another initial sequence number is borne out by `seq`, its connection is the flow's. */
  private adoptRival(entry: number, seq: number): void {
    const { flows } = this
    const rival = this.rivals.of(entry)
    if (rival?.first !== seq || seq === flows.words[entry * FLOW_WORDS + NEXT]) return
    flows.begin(entry, seq, SYN_SEEN)
    flows.words.set(rival.words, entry * FLOW_WORDS + SYN_SHAPE)
    flows.watch(entry)
    this.rivals.delete(entry)
  }

  /** Where a hello begins behind what the client of a watched flow says before it, or -1. */
  private findBehind(entry: number, bytes: Uint8Array, off: number, end: number): number {
    const flows = this.flows
    if (flows.has(entry, GIVEN | PLAIN_HTTP) || !flows.has(entry, SYN_SEEN)) return -1
    if (isHttpRequest(bytes, off, end)) flows.mark(entry, PLAIN_HTTP)
    return flows.has(entry, PLAIN_HTTP) ? -1 : findEmbedded(bytes, off, end)
  }

  /** Passes over bytes that are no hello; a flow that goes on like that is no longer watched. */
  private pass(entry: number, packet: Packet, seq: number): void {
    const words = this.flows.words
    const at = entry * FLOW_WORDS
    words[at + NEXT] = (seq + packet.payloadWireLen) | 0
    const before = words[at + PASSED] ?? 0
    if (before === 0 && !this.flows.has(entry, GIVEN) && this.isToServer(packet))
      this.counters.tcp_not_tls++
    const passed = before + packet.payloadWireLen
    words[at + PASSED] = passed
    if (passed <= MAX_PREAMBLE_LEN) return
    this.flows.dropSlot(entry, 'hello_too_long')
    this.flows.unwatch(entry)
  }
}
