// Hellos in pieces, each in a packet of its own: put together by number, or for TCP by byte.

import { i32, u8 } from '../base/bytes.js'
import type { Counters } from '../base/counters.js'
import { TRUNCATED } from '../base/fault.js'
import type { FlowKey, FlowTable } from '../base/flow-table.js'
import { ByteWriter } from '../base/byte-writer.js'
import { HandshakeBytes, QUALITY_HRR, type Transport } from '../model/handshake-bytes.js'
import { PROTOCOL_TCP, type Packet, secondsOf } from '../model/packet.js'
import { messageInRecords } from '../tls/message-in-records.js'
import { CLIENT_HELLO, HELD, NOTHING } from './given.js'
import { FLOW_WORDS, Pieces, USER } from './pieces.js'
import { NO_FRAMES, unframeTls } from './tcp-frames.js'

// Words of a flow, from USER on.
/** Framing of a TCP flow, tcp-frames.ts. */
export const KIND = USER
/** Number of the piece that the hello begins in; for EAP that of the last piece. */
export const NUMBER = USER + 1
/** Bytes that OpenVPN puts before each payload. */
export const OVERHEAD = USER + 2
/** In place of it: the piece that the hello begins in was not seen yet. */
const NOT_BEGUN = -1
const RANDOM = USER + 3
const GIVEN_NUMBER = USER + 4
/** EAP's Identifier. */
export const IDENTIFIER = USER + 5
/** In doubles. */
const FIRST_MICROS = (USER + 6) / 2

const RANDOM_OFF = 6

/** Puts hellos together, within fixed memory. */
export class PiecewiseHellos {
  /** The hello given last, until the next call. */
  readonly message = new HandshakeBytes()
  /** Where RADIUS names the client in the packet; length 0 if it does not. */
  stationOff = 0
  stationLen = 0
  readonly #seed: number
  readonly #table: FlowTable
  readonly #counters: Counters
  /** Made when first needed: it is large. */
  #pieces: Pieces | undefined
  /** Hash of the watched TCP flow of an entry. */
  readonly #watched = new Map<number, number>()
  /** TCP flows with pieces of a hello: how many, by the hash of their flow. */
  readonly pendingFlows = new Map<number, number>()
  readonly #whole = new ByteWriter(1 << 12)
  readonly #stream = new ByteWriter(1 << 12)
  readonly #message = new ByteWriter(1 << 12)

  /** @param table table of TCP flows: a flow watched in it has every segment decoded */
  constructor(seed: number, table: FlowTable, counters: Counters) {
    this.#seed = seed
    this.#table = table
    this.#counters = counters
  }

  /** Hellos that have begun and of which pieces are missing. */
  get unfinished(): number {
    return this.#pieces?.unfinished ?? 0
  }

  /** Forgets all flows; nothing is counted. */
  clear(): void {
    this.#pieces?.clear()
  }

  /** Shifts the time of all that is known by `seconds`, as the clock of the packets was. */
  shiftTime(seconds: number): void {
    this.#pieces?.shiftTime(seconds)
  }

  /** The flow whose hello has begun and waits for pieces; -1 if there is none. */
  pendingOf(key: FlowKey, seconds: number): number {
    const pieces = this.#pieces
    if (pieces === undefined) return -1
    const entry = pieces.find(key, seconds)
    return entry >= 0 && pieces.isPending(entry) ? entry : -1
  }

  /** What a word of a flow holds. */
  word(entry: number, word: number): number {
    return this.#pieces?.words[entry * FLOW_WORDS + word] ?? 0
  }

  setWord(entry: number, word: number, value: number): void {
    this.#piecesMade().words[entry * FLOW_WORDS + word] = value
  }

  /** A hello begins in a piece of this number: given if it is whole, else held. */
  begin(
    packet: Packet,
    key: FlowKey,
    kind: number,
    number: number,
    overhead: number,
    bytes: Uint8Array,
    off: number,
    end: number,
    transport: Transport,
  ): number {
    const stream = this.#streamOf(kind, overhead, bytes, off, end)
    const result = this.#read(stream)
    if (result < 0 && result !== TRUNCATED) return NOTHING
    const pieces = this.#piecesMade()
    const entry = pieces.open(key, secondsOf(packet))
    if (result >= 0) {
      pieces.free(entry)
      return this.#give(packet, entry, number, stream, transport)
    }
    const isHeld = pieces.isPending(entry) && this.word(entry, NUMBER) === (number | 0)
    if (!isHeld && transport !== 'tls/sctp') pieces.drop(entry, 'hello_broken_off')
    this.#set(entry, kind, number, overhead)
    this.setWord(entry, IDENTIFIER, number)
    if (transport === 'eap') this.setWord(entry, NUMBER, 0)
    if (packet.protocol === PROTOCOL_TCP) this.#watch(entry, packet)
    pieces.put(entry, transport === 'eap' ? 0 : number, bytes, off, end, kind !== NO_FRAMES)
    // Pieces that overtook this one are there.
    return transport === 'tls/sctp' ? this.#readPieces(packet, entry, transport) : HELD
  }

  /** Holds a piece of a flow of which nothing is known, which may be of a hello that begins in another. */
  holdEarly(packet: Packet, number: number, bytes: Uint8Array, off: number, end: number): void {
    const pieces = this.#piecesMade()
    const seconds = secondsOf(packet)
    if (pieces.find(packet, seconds) >= 0) return
    const entry = pieces.open(packet, seconds)
    this.#set(entry, NO_FRAMES, number, NOT_BEGUN)
    pieces.put(entry, number, bytes, off, end, false)
  }

  /** Holds the begin of a TCP frame that goes on in the next segment. */
  hold(packet: Packet, kind: number, seq: number, bytes: Uint8Array, off: number, end: number) {
    const pieces = this.#piecesMade()
    const entry = pieces.open(packet, secondsOf(packet))
    pieces.free(entry)
    this.#set(entry, kind, seq, 0)
    this.#watch(entry, packet)
    pieces.put(entry, seq, bytes, off, end, true)
  }

  /** Adds bytes to those of a TCP flow. @returns whether there was room for them */
  put(entry: number, number: number, bytes: Uint8Array, off: number, end: number): boolean {
    return this.#piecesMade().put(entry, number, bytes, off, end, true)
  }

  /** Appends the pieces of a TCP flow to `out`, as far as they are there without a gap. */
  assemble(entry: number, out: ByteWriter): void {
    this.#piecesMade().assemble(entry, this.word(entry, NUMBER), true, out)
  }

  /** Frees the pieces of a flow. */
  free(entry: number): void {
    this.#piecesMade().free(entry)
  }

  /** A further piece of a hello that has begun. */
  goOn(
    packet: Packet,
    entry: number,
    number: number,
    bytes: Uint8Array,
    off: number,
    end: number,
    transport: Transport,
  ): number {
    const pieces = this.#piecesMade()
    const kind = this.word(entry, KIND)
    if (!pieces.put(entry, number, bytes, off, end, kind !== NO_FRAMES)) return NOTHING
    if (this.word(entry, OVERHEAD) === NOT_BEGUN) return HELD
    return this.#readPieces(packet, entry, transport)
  }

  /** Gives the hello that the pieces of a flow make, or waits for more of them. */
  #readPieces(packet: Packet, entry: number, transport: Transport): number {
    const pieces = this.#piecesMade()
    if (!pieces.isPending(entry)) return NOTHING
    const kind = this.word(entry, KIND)
    const first = transport === 'eap' ? 0 : this.word(entry, NUMBER)
    const whole = this.#whole
    whole.len = 0
    pieces.assemble(entry, first, kind !== NO_FRAMES, whole)
    const stream = this.#streamOf(kind, this.word(entry, OVERHEAD), whole.bytes, 0, whole.len)
    const result = this.#read(stream)
    if (result === TRUNCATED) return HELD
    if (result < 0) {
      pieces.drop(entry, 'hello_broken_off')
      return NOTHING
    }
    pieces.free(entry)
    return this.#give(packet, entry, first, stream, transport)
  }

  /** The TLS bytes: all there are, or what is in the frames. */
  #streamOf(kind: number, overhead: number, bytes: Uint8Array, off: number, end: number): Stream {
    if (kind === NO_FRAMES) return { bytes, off, end }
    const stream = this.#stream
    stream.len = 0
    unframeTls(kind, bytes, off, end, overhead, stream)
    return { bytes: stream.bytes, off: 0, end: stream.len }
  }

  #read({ bytes, off, end }: Stream): number {
    this.#message.len = 0
    return messageInRecords(bytes, off, end, this.#message)
  }

  #give(
    packet: Packet,
    entry: number,
    number: number,
    stream: Stream,
    transport: Transport,
  ): number {
    const { bytes, len } = this.#message
    const { doubles } = this.#piecesMade()
    if (len < RANDOM_OFF + 4 || u8(bytes, 0) !== CLIENT_HELLO) return NOTHING
    const first = entry * (FLOW_WORDS / 2) + FIRST_MICROS
    const random = i32(bytes, RANDOM_OFF) || 1
    const isSame = this.word(entry, RANDOM) === random
    if (isSame && this.word(entry, GIVEN_NUMBER) === (number | 0)) {
      this.#counters.hello_retransmitted++
      return NOTHING
    }
    const message = this.message
    message.bytes = bytes
    message.off = 0
    message.end = len
    message.transport = transport
    message.stationBytes = packet.bytes
    message.stationOff = this.stationOff
    message.stationLen = this.stationLen
    message.recordVersion =
      (u8(stream.bytes, stream.off + 1) << 8) | u8(stream.bytes, stream.off + 2)
    message.quality = isSame ? QUALITY_HRR : 0
    message.firstMicros = isSame ? (doubles[first] ?? -1) : -1
    if (!isSame) doubles[first] = packet.timeMicros
    this.setWord(entry, RANDOM, random)
    this.setWord(entry, GIVEN_NUMBER, number)
    return CLIENT_HELLO
  }

  #set(entry: number, kind: number, number: number, overhead: number): void {
    this.setWord(entry, KIND, kind)
    this.setWord(entry, NUMBER, number)
    this.setWord(entry, OVERHEAD, overhead)
  }

  #watch(entry: number, packet: Packet): void {
    if (this.#watched.has(entry)) return
    const hash = this.#table.hash(packet)
    this.#table.watch(hash)
    this.#watched.set(entry, hash)
    this.pendingFlows.set(hash, 1 + (this.pendingFlows.get(hash) ?? 0))
  }

  #piecesMade(): Pieces {
    this.#pieces ??= new Pieces(this.#seed, this.#counters, (entry) => {
      const hash = this.#watched.get(entry)
      if (hash === undefined) return
      this.#watched.delete(entry)
      this.#table.unwatch(hash)
      const left = (this.pendingFlows.get(hash) ?? 1) - 1
      if (left > 0) this.pendingFlows.set(hash, left)
      else this.pendingFlows.delete(hash)
    })
    return this.#pieces
  }
}

/** Bytes of records. */
interface Stream {
  readonly bytes: Uint8Array
  readonly off: number
  readonly end: number
}
