// Segments with payload that the fast path leaves: where their bytes lie in the stream, and whether a hello begins in them.
//
//   of a flow that is known? ─ no, and begins no hello ─▶ nothing
//        │
//        ▼
//   does the receiver take it? ─ no ─▶ held apart: tcp-readings.ts
//        │
//        ▼
//   does the flow have a slot? ─ yes ─▶ put there; read as far as it is solid: tcp-messages.ts
//        │ no
//        ▼
//   begins a hello? ─ yes ─▶ given where it lies, or a slot is taken for it
//        │ no
//        ▼
//   next in the stream: passed over, or held if something may begin in it; ahead of it: held

import { u8 } from '../base/bytes.js'
import type { Counters } from '../base/counters.js'
import { MAX_HELLO_SPAN, MAX_PREAMBLE_LEN, MAX_SEQUENCE_DISTANCE } from '../base/limits.js'
import { ANCHOR, BASE, SLOT_WORDS } from '../base/slot-layout.js'
import { type Packet, secondsOf, TCP_SYN, TCP_URG } from '../model/packet.js'
import {
  CERTIFICATE_DUE,
  CUT,
  FLOW_WORDS,
  GIVEN,
  GIVEN_AT,
  NEXT,
  PASSED,
  PLAIN_HTTP,
  SLOT,
  SYN_SEEN,
  SYN_SHAPE,
} from '../kernels/tcp-layout.js'
import { findEmbedded, findStart, isHttpRequest } from './find-start.js'
import {
  CONTENT_HANDSHAKE,
  isPrefix,
  MIN_LOOK,
  skipLeadingRecords,
  STRICT_LEN,
  WANT_CERTIFICATE,
  WANT_CLIENT_HELLO,
} from './hello-start.js'
import { isPadding, MAX_PADDING, Paddings } from './paddings.js'
import { FINE, type Receiver, takeUrgentOut } from './receiver.js'
import { RivalSyns } from './rival-syns.js'
import { type StreamFrames, StreamHeads, type StreamRun } from './stream-heads.js'
import type { TcpFlows } from './tcp-flows.js'
import { NOTHING, type TcpMessages } from './tcp-messages.js'
import type { TcpPorts } from './tcp-ports.js'
import type { TcpReadings } from './tcp-readings.js'

const ZEROS = new Uint8Array(MAX_PADDING)

/** Takes the bytes of segments. */
export class TcpData {
  /** A segment to be taken once the hello that it showed to be whole is given. */
  again: Packet | undefined
  /** A carrier's frames that the segment given to `take` made recognisable, from a stream's first bytes on. */
  framed: StreamRun | undefined
  /** SYNs with another initial sequence number than their flow's. */
  readonly rivals = new RivalSyns()
  private readonly flows: TcpFlows
  private readonly messages: TcpMessages
  private readonly readings: TcpReadings
  private readonly receiver: Receiver
  private readonly ports: TcpPorts
  private readonly counters: Counters
  private readonly heads: StreamHeads
  private readonly paddings = new Paddings()

  // The segment at hand: its flow, the sequence number of its payload, and the payload that is looked at.
  private entry = 0
  private seq = 0
  private bytes: Uint8Array = ZEROS
  private off = 0
  private end = 0
  /** Where a hello begins, or -1. */
  private start = -1
  /** Whether the capture has less of the payload than the wire had. */
  private isCut = false
  private wanted = 0

  constructor(
    flows: TcpFlows,
    messages: TcpMessages,
    readings: TcpReadings,
    receiver: Receiver,
    ports: TcpPorts,
    counters: Counters,
    frames: StreamFrames | undefined,
  ) {
    this.flows = flows
    this.messages = messages
    this.readings = readings
    this.receiver = receiver
    this.ports = ports
    this.counters = counters
    this.heads = new StreamHeads(flows, frames)
  }

  /** Forgets the zeros that streams began with. */
  clear(): void {
    this.paddings.clear()
  }

  /** Takes a segment's payload, which begins at `seq`. @returns a kind of message, or NOTHING */
  take(packet: Packet, seq: number, wanted: number, hash: number): number {
    const { bytes, payloadOff, payloadLen } = packet
    const start = findStart(bytes, payloadOff, payloadOff + payloadLen, wanted)
    if (start < 0 && !this.flows.table.isWatched(hash)) return NOTHING
    return this.takeFrom(packet, seq, start, wanted, hash)
  }

  /** Takes a segment's payload in which a hello begins at `start`, or -1. @returns a kind of message, or NOTHING */
  takeFrom(packet: Packet, seq: number, start: number, wanted: number, hash: number): number {
    const { receiver, readings } = this
    this.messages.nowMicros = packet.timeMicros
    const entry = this.flowOf(packet, seq, start, hash)
    if (entry < 0) return NOTHING
    this.entry = entry
    this.seq = seq
    this.bytes = packet.bytes
    this.end = packet.payloadOff + packet.payloadLen
    this.start = start
    this.isCut = packet.payloadLen < packet.payloadWireLen
    this.wanted = wanted
    if (this.isClients && (packet.flags & TCP_SYN) === 0) {
      const verdict = receiver.verdict(packet, this.flows.words, entry * FLOW_WORDS)
      if (verdict !== FINE) return readings.hold(packet, entry, seq, start, verdict)
      this.leaveUrgentOut(packet)
      const given = readings.resolve(entry, seq)
      if (given !== NOTHING) {
        this.again = packet
        return given
      }
    }
    return this.place(packet)
  }

  /** Gives the other reading of a flow whose client goes on behind it. @returns a kind of message, or NOTHING */
  resolve(packet: Packet, entry: number): number {
    this.messages.nowMicros = packet.timeMicros
    return this.readings.resolve(entry, packet.seq | 0)
  }

  /** Whether a connection that was seen to begin has not come to its hello yet. */
  mayGoOn(entry: number): boolean {
    const { flows } = this
    return flows.isWatched(entry) && flows.has(entry, SYN_SEEN) && !flows.has(entry, GIVEN)
  }

  /**
   * Bytes of the packet's flow that came ahead of those at `seq` and were not recognised as part of a hello; undefined if there
   * are none.
   */
  aheadAt(packet: Packet, seq: number): StreamRun | undefined {
    const { flows } = this
    if (flows.pool.used === 0) return undefined
    const entry = flows.find(flows.table.hash(packet), packet, secondsOf(packet))
    if (entry < 0) return undefined
    const slot = flows.words[entry * FLOW_WORDS + SLOT] ?? -1
    if (slot < 0 || this.isAnchored(slot)) return undefined
    return this.heads.runAt(entry, seq) ? this.heads.run : undefined
  }

  /** The flow that the segment belongs to, which begins with it if none is known; -1 where it begins none. */
  private flowOf(packet: Packet, seq: number, start: number, hash: number): number {
    const { flows } = this
    const startSeq = (seq + start - packet.payloadOff) | 0
    let entry = flows.find(hash, packet, secondsOf(packet))
    if (entry < 0) {
      if (start < 0) return -1
      entry = flows.open(hash, packet, secondsOf(packet))
      flows.begin(entry, startSeq, 0)
    }
    if (this.rivals.size > 0) this.adoptRival(entry, seq)
    // Another connection of the same ends: what is known of the one before does not judge it.
    const isFar = Math.abs((seq - this.next(entry)) | 0) > MAX_SEQUENCE_DISTANCE
    if (isFar && start >= 0 && !this.mayGoOn(entry)) flows.begin(entry, startSeq, 0)
    return entry
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

  private leaveUrgentOut(packet: Packet): void {
    if ((packet.flags & TCP_URG) === 0 || !this.flows.has(this.entry, SYN_SEEN)) return
    if (!takeUrgentOut(packet)) return
    this.bytes = packet.bytes
    this.end--
    this.start = findStart(this.bytes, packet.payloadOff, this.end, this.wanted)
  }

  /** Finds the segment's place in the stream. */
  private place(packet: Packet): number {
    const { entry, seq, end, flows, counters } = this
    const ahead = (seq - this.next(entry)) | 0
    // Zeros that were no padding: the stream goes on behind them.
    if (ahead > 0 && this.paddings.size > 0 && this.paddings.takeEnd(entry, seq))
      this.hold((seq - ahead) | 0, ZEROS, 0, ahead)
    if (Math.abs(ahead) > MAX_SEQUENCE_DISTANCE) {
      // Outside any window.
      if (this.start >= 0) counters.tcp_segments_refused++
      return NOTHING
    }
    if (this.isCut) {
      flows.mark(entry, CUT)
      counters.tcp_segments_cut++
    }
    // Bytes before those in the slot, or before those that are known, came already.
    const base = this.slot < 0 ? this.next(entry) : this.slotBase
    const old = Math.max(0, (base - seq) | 0)
    this.off = packet.payloadOff + old
    if (this.off >= end) {
      if (this.isClients) return this.readings.takeLate(packet, entry, seq, this.start)
      if (this.start >= 0) counters.hello_retransmitted++
      return NOTHING
    }
    if (flows.has(entry, CERTIFICATE_DUE)) this.wanted |= WANT_CERTIFICATE
    if (this.start < this.off) this.start = findStart(this.bytes, this.off, end, this.wanted)
    return this.takePlaced(packet, old, ahead + old)
  }

  /** Takes the bytes that are new, `ahead` bytes behind those that are known. */
  private takePlaced(packet: Packet, old: number, ahead: number): number {
    const { entry, seq, flows, messages } = this
    const isWatched = flows.isWatched(entry)
    const mayHold = this.mayHold
    if (this.start < 0 && ahead === 0 && isWatched && !(mayHold && this.slot >= 0))
      this.start = this.startOfNext(mayHold)
    if (this.slot >= 0) {
      const offset = ((seq - this.slotBase) | 0) + old
      if (this.isAnchored(this.slot) || offset + this.end - this.off <= MAX_HELLO_SPAN)
        return this.takeIntoSlot(packet, offset, ahead, mayHold)
      flows.dropSlot(entry, 'hello_too_long')
    }
    const aheadNow = (seq - this.next(entry) + old) | 0
    if (this.start >= 0)
      return messages.begin(packet, entry, seq, this.off, this.start, aheadNow, this.wanted)
    if (!isWatched) return NOTHING
    return aheadNow === 0 ? this.takeNext(packet, mayHold) : this.takeAhead(packet, aheadNow)
  }

  /** Where a hello begins in bytes that are next in a watched stream: with fewer bytes than are asked for elsewhere; or -1. */
  private startOfNext(mayHold: boolean): number {
    const { bytes, off, end, wanted } = this
    // a byte or two of it may be anything's
    const isShort = mayHold && end - off < MIN_LOOK && u8(bytes, off) === CONTENT_HANDSHAKE
    if (!isShort && isPrefix(bytes, off, end, wanted)) return off
    const isFramed = mayHold && this.heads.mayBeFramed(bytes, off, end)
    return this.isClients && !isFramed ? this.findBehind(bytes, off, end) : -1
  }

  private takeIntoSlot(packet: Packet, offset: number, ahead: number, mayHold: boolean): number {
    const { entry, bytes, off, end, start, wanted, messages } = this
    if (!this.isAnchored(this.slot)) {
      if (mayHold && (start < 0 || this.heads.reaches(entry, offset))) {
        messages.put(entry, bytes, off, end, offset, -1, wanted)
        return this.takeHead(start < 0 ? -1 : offset + start - off)
      }
      if (start < 0 && ahead === 0) this.pass(packet)
      if (this.slot < 0) return NOTHING
    }
    return messages.put(entry, bytes, off, end, offset, start, wanted)
  }

  /** Bytes that are next in the stream and begin no hello. */
  private takeNext(packet: Packet, mayHold: boolean): number {
    const { entry, bytes, off, end, seq, flows } = this
    const seqAt = seq - packet.payloadOff
    if (isPadding(bytes, off, end) && !flows.has(entry, GIVEN)) {
      this.paddings.add(entry, seqAt + end)
      this.counters.tcp_zero_padding++
      return NOTHING
    }
    if (skipLeadingRecords(bytes, off, end) === end) {
      flows.words[entry * FLOW_WORDS + NEXT] = (seq + packet.payloadWireLen) | 0
      return NOTHING
    }
    const cut = mayHold ? this.heads.cutAt(bytes, off, end) : -1
    if (cut >= 0) return this.hold((seqAt + cut) | 0, bytes, cut, end)
    this.pass(packet)
    if (flows.has(entry, GIVEN)) flows.unwatch(entry)
    return NOTHING
  }

  /** Bytes that overtook others, in which a hello may begin. */
  private takeAhead(packet: Packet, ahead: number): number {
    const { entry, bytes, off, end, seq, flows } = this
    const at = entry * FLOW_WORDS
    const givenAt = flows.words[at + GIVEN_AT] ?? 0
    const isBehindGiven = flows.has(entry, GIVEN) && ((seq - givenAt) | 0) > 0
    if (isBehindGiven && ahead > 0 && ((givenAt - this.next(entry)) | 0) > 0) {
      // The hello was given although bytes before it are missing: these do not come any more.
      flows.words[at + NEXT] = (seq + packet.payloadWireLen) | 0
      flows.unwatch(entry)
      return NOTHING
    }
    if (ahead + end - off > MAX_HELLO_SPAN) {
      flows.unwatch(entry)
      return NOTHING
    }
    if (flows.takeSlot(entry, ahead + end - off, this.next(entry)) < 0) return NOTHING
    return this.messages.put(entry, bytes, off, end, ahead, -1, this.wanted)
  }

  /** Holds bytes that may begin something, and are next in the stream, at `seq`. */
  private hold(seq: number, bytes: Uint8Array, off: number, end: number): number {
    const { entry, flows } = this
    flows.words[entry * FLOW_WORDS + NEXT] = seq
    if (flows.takeSlot(entry, end - off, seq) < 0) return NOTHING
    return this.messages.put(entry, bytes, off, end, 0, -1, this.wanted)
  }

  /**
   * Looks at the first bytes of a stream, which have grown, for a hello or a carrier's frames.
   *
   * @param known offset in the slot where a segment began like a hello, or -1
   */
  private takeHead(known: number): number {
    const { entry, flows, heads, wanted } = this
    const from = this.slot < 0 ? -1 : heads.look(entry)
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
    if (start < 0) start = this.findBehind(bytes, Math.max(off, from - STRICT_LEN), end)
    if (start < 0 && known >= 0) start = off + known
    if (start < 0) {
      heads.release(entry)
      return NOTHING
    }
    const { slot } = this
    flows.pool.setAnchor(slot, start - off)
    return this.messages.read(entry, slot, wanted)
  }

  /** Where a hello begins behind what the client of a watched flow says before it, or -1. */
  private findBehind(bytes: Uint8Array, off: number, end: number): number {
    const { entry, flows } = this
    if (flows.has(entry, GIVEN | PLAIN_HTTP) || !flows.has(entry, SYN_SEEN)) return -1
    if (isHttpRequest(bytes, off, end)) flows.mark(entry, PLAIN_HTTP)
    return flows.has(entry, PLAIN_HTTP) ? -1 : findEmbedded(bytes, off, end)
  }

  /** Passes over bytes that are no hello; a flow that goes on like that is no longer watched. */
  private pass(packet: Packet): void {
    const { entry, seq, flows } = this
    const at = entry * FLOW_WORDS
    flows.words[at + NEXT] = (seq + packet.payloadWireLen) | 0
    const before = flows.words[at + PASSED] ?? 0
    if (before === 0 && !flows.has(entry, GIVEN) && this.ports.isToServer(packet))
      this.counters.tcp_not_tls++
    const passed = before + packet.payloadWireLen
    flows.words[at + PASSED] = passed
    if (passed <= MAX_PREAMBLE_LEN) return
    flows.dropSlot(entry, 'hello_too_long')
    flows.unwatch(entry)
  }

  private get isClients(): boolean {
    return (this.wanted & WANT_CLIENT_HELLO) !== 0
  }

  /** Whether bytes of the flow may be held before it is known what they are. */
  private get mayHold(): boolean {
    const { entry, flows } = this
    return this.isClients && flows.has(entry, SYN_SEEN) && !flows.has(entry, GIVEN | PLAIN_HTTP)
  }

  private get slot(): number {
    return this.flows.words[this.entry * FLOW_WORDS + SLOT] ?? -1
  }

  private get slotBase(): number {
    return this.flows.pool.words[this.slot * SLOT_WORDS + BASE] ?? 0
  }

  private isAnchored(slot: number): boolean {
    return (this.flows.pool.words[slot * SLOT_WORDS + ANCHOR] ?? -1) >= 0
  }

  /** Sequence number behind the flow's bytes that are known. */
  private next(entry: number): number {
    return this.flows.words[entry * FLOW_WORDS + NEXT] ?? 0
  }
}
