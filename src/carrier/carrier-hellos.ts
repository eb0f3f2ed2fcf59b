import type { Counters } from '../base/counters.js'
import { MAX_SEQUENCE_DISTANCE } from '../base/limits.js'
import { OctetWriter } from '../base/octet-writer.js'
import { i32, u32, u8 } from '../base/bytes.js'
import { TRUNCATED } from '../base/fault.js'
import type { FlowKey, FlowTable } from '../base/flow-table.js'
import { HandshakeOctets, QUALITY_HRR, type Transport } from '../model/handshake-octets.js'
import {
  PROTOCOL_EAPOL,
  PROTOCOL_SCTP,
  PROTOCOL_TCP,
  type Packet,
  secondsOf,
} from '../model/packet.js'
import { messageInRecords } from '../tls/message-in-records.js'
import { EapPacket } from './eap.js'
import { isControlPacket, overheadBefore, payloadOff } from './openvpn.js'
import { FLOW_WORDS, Pieces, USER } from './pieces.js'
import { AccessRequest } from './radius.js'
import { RdpUdpData } from './rdp-udp.js'
import { DataChunks } from './sctp-chunks.js'
import { CARRIER_PORTS, isDtls, isIndication } from './starts.js'
import {
  NO_FRAMES,
  OPENVPN,
  RFC4571,
  TURN,
  framesAt,
  unframeDatagram,
  unframeTls,
} from './tcp-frames.js'
import { RelayedData } from './turn.js'

// Hellos of TLS and DTLS that other protocols carry in packets of their own.
//
//   EAPOL, RADIUS ─▶ EAP ─┐                        ┌▶ a ClientHello, where the pieces make one
//   OpenVPN, RDP-UDP ─────┼▶ pieces, by number ────┤
//   SCTP ─────────────────┘                        │
//   TCP: TPKT, TDS, OpenVPN ─▶ pieces, by byte ────┘
//   TURN, RFC 4571, SCTP, RDP-UDP, CAPWAP ─▶ DTLS datagrams, handed back as the packet's payload

/** What `take` and `next` give. */
export const NOTHING = 0
export const CLIENT_HELLO = 1
/** The packet's payload is now a DTLS datagram. */
export const DTLS_DATAGRAM = 2
/** The packet is of a carrier, and what it holds of a hello waits for the rest. */
export const HELD = 3

// Words of a flow, from USER on.
const KIND = USER
const NUMBER = USER + 1
const OVERHEAD = USER + 2
const RANDOM = USER + 3
const GIVEN_NUMBER = USER + 4
const IDENTIFIER = USER + 5
/** In doubles. */
const FIRST_MICROS = (USER + 6) / 2

const RECORD_HEADER_LEN = 5
const RANDOM_OFF = 6
const HANDSHAKE = 22
const TLS_MAJOR = 3
const MIN_DTLS_LEN = 13
const ADDRESSES_LEN = 32
const MAC_LEN = 6
const RADIUS_HEADER_LEN = 20
const CAPWAP_CONTROL = 5246
const CAPWAP_DATA = 5247
const RDP = 3389

export interface CarrierHellosOptions {
  /** Server ports looked at; undefined: any. EAP has no ports, and RADIUS is looked at on any. */
  readonly ports?: ReadonlySet<number> | undefined
  readonly seed: number
  /** Table of TCP flows: a flow watched in it has every segment decoded. */
  readonly table: FlowTable
}

/** Finds whole hellos in packets of other protocols, within fixed memory. */
export class CarrierHellos {
  /** What `take` or `next` gave, until the next call of either. */
  readonly message = new HandshakeOctets()
  readonly #request = new AccessRequest()
  readonly #options: CarrierHellosOptions
  readonly #counters: Counters
  readonly #eap = new EapPacket()
  readonly #chunks = new DataChunks()
  readonly #rdp = new RdpUdpData()
  readonly #relayed = new RelayedData()
  /** Made when first needed: it is large. */
  #pieces: Pieces | undefined
  /** Hash of the watched TCP flow of an entry. */
  readonly #watched = new Map<number, number>()
  readonly #whole = new OctetWriter(1 << 12)
  readonly #stream = new OctetWriter(1 << 12)
  readonly #message = new OctetWriter(1 << 12)
  readonly #eapMessage = new OctetWriter(1 << 10)
  readonly #key = new Uint8Array(ADDRESSES_LEN)
  #key6: FlowKey = {
    bytes: this.#key,
    ipVersion: 6,
    srcAddrOff: 0,
    dstAddrOff: 16,
    srcPort: 0,
    dstPort: 0,
  }
  readonly #found = { off: 0, end: 0 }

  // What is left of the packet given to `take`: frames of TCP, or chunks of SCTP.
  #packet: Packet | undefined
  #frames = NO_FRAMES
  #bytes: Uint8Array = new Uint8Array(0)
  #at = 0
  #end = 0

  constructor(options: CarrierHellosOptions, counters: Counters) {
    this.#options = options
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

  /** Takes a packet of this protocol. @returns NOTHING, CLIENT_HELLO or DTLS_DATAGRAM; after any but NOTHING ask `next` */
  take(packet: Packet, protocol: number): number {
    this.#packet = undefined
    if (packet.payloadLen < 5) return NOTHING
    this.#request.stationLen = 0
    if (protocol === PROTOCOL_TCP) return this.#takeSegment(packet)
    if (protocol === PROTOCOL_EAPOL) return this.#takeEapol(packet)
    if (protocol === PROTOCOL_SCTP)
      return this.#isToServer(packet) ? this.#takeSctp(packet) : NOTHING
    return this.#takeDatagram(packet)
  }

  /** What else is in the packet given to `take`; as `take`. */
  next(): number {
    const packet = this.#packet
    if (packet === undefined) return NOTHING
    return this.#frames === NO_FRAMES ? this.#nextChunk(packet) : this.#nextFrame(packet)
  }

  #isToServer({ srcPort, dstPort }: Packet): boolean {
    const { ports } = this.#options
    return ports === undefined || ports.has(dstPort) || ports.has(srcPort)
  }

  #takeDatagram(packet: Packet): number {
    const { bytes, payloadOff: off, payloadLen } = packet
    const end = off + payloadLen
    const first = u8(bytes, off)
    if (
      first === 1 &&
      payloadLen >= RADIUS_HEADER_LEN &&
      this.#request.read(bytes, off, end, this.#eapMessage)
    )
      return this.#takeRadius(packet)
    if (!this.#isToServer(packet)) return NOTHING
    if (first >> 4 === 4 || (payloadLen >= 8 && isIndication(bytes, off))) {
      if (!this.#relayed.read(bytes, off, end)) return NOTHING
      return this.#give(packet, this.#relayed.off, this.#relayed.end)
    }
    const { srcPort, dstPort } = packet
    if (srcPort === RDP || dstPort === RDP) return this.#takeRdp(packet)
    if (isControlPacket(bytes, off)) return this.#takeOpenVpn(packet)
    const isCapwap =
      CARRIER_PORTS.includes(dstPort) || srcPort === CAPWAP_CONTROL || dstPort === CAPWAP_DATA
    // DTLS behind CAPWAP's preamble of type 1 and three reserved bytes (RFC 5415 §4.2)
    return isCapwap && u32(bytes, off) === 0x0100_0000 ? this.#give(packet, off + 4, end) : NOTHING
  }

  /** Makes the DTLS datagram at `off` the packet's payload, if it is one. */
  #give(packet: Packet, off: number, end: number): number {
    if (end - off < MIN_DTLS_LEN || !isDtls(packet.bytes, off)) return NOTHING
    packet.payloadOff = off
    packet.payloadLen = end - off
    packet.payloadWireLen = packet.payloadLen
    return DTLS_DATAGRAM
  }

  #takeEapol(packet: Packet): number {
    const key = this.#key.fill(0)
    if (packet.srcMacOff >= 0)
      key.set(packet.bytes.subarray(packet.srcMacOff, packet.srcMacOff + MAC_LEN))
    return this.#takeEap(
      packet,
      packet.bytes,
      packet.payloadOff,
      packet.payloadOff + packet.payloadLen,
    )
  }

  /** One authenticator may carry many clients' EAP from one port: they are told apart by Calling-Station-Id. */
  #takeRadius(packet: Packet): number {
    const { bytes, ipVersion, srcAddrOff } = packet
    const { stationOff, stationLen } = this.#request
    const key = this.#key.fill(0)
    key.set(bytes.subarray(srcAddrOff, srcAddrOff + (ipVersion === 4 ? 4 : 16)))
    const from = stationOff + Math.max(0, stationLen - 16)
    key.set(bytes.subarray(from, stationOff + stationLen), 16)
    return this.#takeEap(packet, this.#eapMessage.bytes, 0, this.#eapMessage.len)
  }

  #takeEap(packet: Packet, bytes: Uint8Array, off: number, end: number): number {
    const eap = this.#eap
    if (!eap.read(bytes, off, end)) return NOTHING
    const seconds = secondsOf(packet)
    const key = this.#key6
    if (isRecord(bytes, eap.off, eap.end) && !this.#isAwaited(key, seconds, eap.identifier))
      return this.#begin(packet, key, 0, eap.identifier, 0, bytes, eap.off, eap.end, 'eap')
    const pieces = this.#pieces
    const entry = pieces?.find(key, seconds) ?? -1
    if (pieces === undefined || entry < 0 || !pieces.isPending(entry)) return NOTHING
    const at = entry * FLOW_WORDS
    // The server asks for each fragment anew (RFC 5216 §2.1.5), so an identifier is a fragment's.
    if (pieces.words[at + IDENTIFIER] === eap.identifier) return NOTHING
    pieces.words[at + IDENTIFIER] = eap.identifier
    const number = (pieces.words[at + NUMBER] ?? 0) + 1
    pieces.words[at + NUMBER] = number
    return this.#goOn(packet, entry, number, bytes, eap.off, eap.end, 'eap')
  }

  /** Whether a fragment that looks like a record's start is the next of a message that has begun. */
  #isAwaited(key: FlowKey, seconds: number, identifier: number): boolean {
    const entry = this.#pieces?.find(key, seconds) ?? -1
    if (entry < 0 || this.#pieces?.isPending(entry) !== true) return false
    return this.#pieces.words[entry * FLOW_WORDS + IDENTIFIER] === identifier
  }

  #takeOpenVpn(packet: Packet): number {
    const { bytes, payloadOff: off } = packet
    const end = off + packet.payloadLen
    const overhead = overheadBefore(bytes, off, end)
    if (overhead >= 0) {
      const at = payloadOff(bytes, off, end, overhead)
      return this.#begin(packet, packet, 0, i32(bytes, at - 4), overhead, bytes, at, end, 'openvpn')
    }
    const entry = this.#pieces?.find(packet, secondsOf(packet)) ?? -1
    if (entry < 0 || this.#pieces?.isPending(entry) !== true) return NOTHING
    const known = this.#pieces.words[entry * FLOW_WORDS + OVERHEAD] ?? 0
    const at = payloadOff(bytes, off, end, known)
    if (at < 0) return NOTHING
    return this.#goOn(packet, entry, i32(bytes, at - 4), bytes, at, end, 'openvpn')
  }

  #takeRdp(packet: Packet): number {
    const { bytes, payloadOff } = packet
    const end = payloadOff + packet.payloadLen
    const rdp = this.#rdp
    if (!rdp.read(bytes, payloadOff, end)) return NOTHING
    if (rdp.begins(bytes, end)) {
      if (isDtls(bytes, rdp.off)) return this.#give(packet, rdp.off, end)
      return this.#begin(packet, packet, 0, rdp.number, 0, bytes, rdp.off, end, 'tls/rdpudp')
    }
    const entry = this.#pieces?.find(packet, secondsOf(packet)) ?? -1
    if (entry < 0 || this.#pieces?.isPending(entry) !== true) return NOTHING
    return this.#goOn(packet, entry, rdp.number, bytes, rdp.off, end, 'tls/rdpudp')
  }

  #takeSctp(packet: Packet): number {
    this.#packet = packet
    this.#frames = NO_FRAMES
    this.#bytes = packet.bytes
    this.#chunks.begin(packet.bytes, packet.payloadOff, packet.payloadOff + packet.payloadLen)
    return this.#nextChunk(packet)
  }

  #nextChunk(packet: Packet): number {
    const chunks = this.#chunks
    const bytes = this.#bytes
    while (chunks.next()) {
      const { off, end, tsn, begins, ends } = chunks
      if (begins && end - off >= MIN_DTLS_LEN && isDtls(bytes, off))
        return this.#give(packet, off, end)
      const given =
        begins && isRecord(bytes, off, end)
          ? this.#begin(packet, packet, 0, tsn, 0, bytes, off, end, 'tls/sctp')
          : this.#holdChunk(packet, tsn, begins && ends, off, end)
      if (given !== NOTHING) return given
    }
    this.#packet = undefined
    return NOTHING
  }

  /** A chunk of a hello that has begun, or is to begin in a packet that was overtaken. */
  #holdChunk(packet: Packet, tsn: number, isWhole: boolean, off: number, end: number): number {
    const entry = this.#pieces?.find(packet, secondsOf(packet)) ?? -1
    if (entry < 0 || this.#pieces?.isPending(entry) !== true) return NOTHING
    // A message of its own is a further record, or none of the hello's: where it is due, its bytes tell.
    const distance = Math.abs((tsn - (this.#pieces.words[entry * FLOW_WORDS + NUMBER] ?? 0)) | 0)
    if (distance > 64 || (isWhole && !isRecord(this.#bytes, off, end))) return NOTHING
    return this.#goOn(packet, entry, tsn, this.#bytes, off, end, 'tls/sctp')
  }

  #takeSegment(packet: Packet): number {
    if (!this.#isToServer(packet)) return NOTHING
    const { bytes, payloadOff: off } = packet
    const end = off + packet.payloadLen
    const kind = framesAt(bytes, off, end)
    if (kind === TURN || kind === RFC4571) return this.#takeFrames(packet, kind)
    if (kind !== NO_FRAMES) {
      const overhead = kind === OPENVPN ? overheadBefore(bytes, off + 2, end) : 0
      const transport = kind === OPENVPN ? 'openvpn' : 'tcp'
      return this.#begin(packet, packet, kind, packet.seq, overhead, bytes, off, end, transport)
    }
    if (this.unfinished === 0) return NOTHING
    const pieces = this.#pieces
    const entry = pieces?.find(packet, secondsOf(packet)) ?? -1
    if (pieces === undefined || entry < 0 || !pieces.isPending(entry)) return NOTHING
    const at = entry * FLOW_WORDS
    const framing = pieces.words[at + KIND] ?? 0
    const distance = (packet.seq - (pieces.words[at + NUMBER] ?? 0)) | 0
    if (framing === 0 || Math.abs(distance) > MAX_SEQUENCE_DISTANCE) return NOTHING
    if (framing !== TURN && framing !== RFC4571) {
      const transport = framing === OPENVPN ? 'openvpn' : 'tcp'
      return this.#goOn(packet, entry, packet.seq, bytes, off, end, transport)
    }
    if (!pieces.put(entry, packet.seq, bytes, off, end)) return NOTHING
    return this.#takeFramed(packet, entry, framing)
  }

  /** Walks over the frames of a segment, each a datagram; what is cut at its end is held for the next. */
  #takeFrames(packet: Packet, kind: number): number {
    this.#packet = packet
    this.#frames = kind
    this.#bytes = packet.bytes
    this.#at = packet.payloadOff
    this.#end = packet.payloadOff + packet.payloadLen
    return this.#nextFrame(packet)
  }

  #nextFrame(packet: Packet): number {
    const bytes = this.#bytes
    while (this.#at < this.#end) {
      const next = unframeDatagram(this.#frames, bytes, this.#at, this.#end, this.#found)
      if (next < 0) {
        this.#holdRest(packet)
        break
      }
      this.#at = next
      const given = this.#give(packet, this.#found.off, this.#found.end)
      if (given !== NOTHING) return given
    }
    this.#packet = undefined
    return NOTHING
  }

  /** Holds a frame that goes on in the next segment, if it begins like one with DTLS. */
  #holdRest(packet: Packet): void {
    const at = this.#at
    // A frame that was put together already goes no further.
    if (this.#bytes !== packet.bytes || this.#bytes === this.#whole.bytes) return
    if (this.#end - at < 6 || !isDtls(this.#bytes, at + (this.#frames === RFC4571 ? 2 : 4))) return
    const pieces = this.#piecesMade()
    const entry = pieces.open(packet, secondsOf(packet))
    const seq = (packet.seq + this.#end - at) | 0
    const start = (seq - (this.#end - at)) | 0
    pieces.free(entry)
    this.#set(entry, this.#frames, start, 0)
    this.#watch(entry, packet)
    pieces.put(entry, start, this.#bytes, at, this.#end)
  }

  /** The frames of a flow as far as they are there, with the addresses before them: offsets into one buffer. */
  #takeFramed(packet: Packet, entry: number, kind: number): number {
    const pieces = this.#piecesMade()
    const whole = this.#whole
    const addressLen = packet.ipVersion === 4 ? 4 : 16
    whole.len = 0
    whole.copy(packet.bytes, packet.srcAddrOff, packet.srcAddrOff + addressLen)
    whole.copy(packet.bytes, packet.dstAddrOff, packet.dstAddrOff + addressLen)
    const off = whole.len
    pieces.assemble(entry, pieces.words[entry * FLOW_WORDS + NUMBER] ?? 0, true, whole)
    if (unframeDatagram(kind, whole.bytes, off, whole.len, this.#found) < 0) return NOTHING
    pieces.free(entry)
    packet.bytes = whole.bytes
    packet.srcAddrOff = 0
    packet.dstAddrOff = addressLen
    return this.#give(packet, this.#found.off, this.#found.end)
  }

  /** A hello begins in a piece of this number: given where it is whole, else held. */
  #begin(
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
    const message = this.#message
    message.len = 0
    const stream = this.#streamOf(kind, overhead, bytes, off, end)
    const result = messageInRecords(stream.bytes, stream.off, stream.end, message)
    if (result < 0 && result !== TRUNCATED) return NOTHING
    const pieces = this.#piecesMade()
    const entry = pieces.open(key, secondsOf(packet))
    const at = entry * FLOW_WORDS
    if (result >= 0) {
      pieces.free(entry)
      return this.#giveHello(
        packet,
        entry,
        number,
        u8(stream.bytes, stream.off + 1),
        u8(stream.bytes, stream.off + 2),
        transport,
      )
    }
    const isHeld = pieces.isPending(entry) && pieces.words[at + NUMBER] === (number | 0)
    if (!isHeld && transport !== 'tls/sctp') pieces.drop(entry, 'hello_broken_off')
    this.#set(entry, kind, number, overhead)
    pieces.words[at + IDENTIFIER] = number
    if (transport === 'eap') pieces.words[at + NUMBER] = 0
    if (packet.protocol === PROTOCOL_TCP) this.#watch(entry, packet)
    pieces.put(entry, transport === 'eap' ? 0 : number, bytes, off, end)
    return HELD
  }

  /** A further piece of a hello that has begun. */
  #goOn(
    packet: Packet,
    entry: number,
    number: number,
    bytes: Uint8Array,
    off: number,
    end: number,
    transport: Transport,
  ): number {
    const pieces = this.#piecesMade()
    if (!pieces.put(entry, number, bytes, off, end)) return NOTHING
    const at = entry * FLOW_WORDS
    const kind = pieces.words[at + KIND] ?? 0
    const first = transport === 'eap' ? 0 : (pieces.words[at + NUMBER] ?? 0)
    const whole = this.#whole
    whole.len = 0
    pieces.assemble(entry, first, kind !== NO_FRAMES, whole)
    const stream = this.#streamOf(kind, pieces.words[at + OVERHEAD] ?? 0, whole.bytes, 0, whole.len)
    const message = this.#message
    message.len = 0
    const result = messageInRecords(stream.bytes, stream.off, stream.end, message)
    if (result === TRUNCATED) return HELD
    if (result < 0) {
      pieces.drop(entry, 'hello_broken_off')
      return NOTHING
    }
    pieces.free(entry)
    return this.#giveHello(
      packet,
      entry,
      first,
      u8(stream.bytes, stream.off + 1),
      u8(stream.bytes, stream.off + 2),
      transport,
    )
  }

  /** The TLS bytes: all there are, or what is in the frames. */
  #streamOf(kind: number, overhead: number, bytes: Uint8Array, off: number, end: number) {
    if (kind === NO_FRAMES) return { bytes, off, end }
    const stream = this.#stream
    stream.len = 0
    unframeTls(kind, bytes, off, end, overhead, stream)
    return { bytes: stream.bytes, off: 0, end: stream.len }
  }

  #giveHello(
    packet: Packet,
    entry: number,
    number: number,
    major: number,
    minor: number,
    transport: Transport,
  ): number {
    const { bytes, len } = this.#message
    const { words, doubles } = this.#piecesMade()
    if (len < RANDOM_OFF + 4 || u8(bytes, 0) !== CLIENT_HELLO) return NOTHING
    const at = entry * FLOW_WORDS
    const first = entry * (FLOW_WORDS / 2) + FIRST_MICROS
    const random = i32(bytes, RANDOM_OFF) || 1
    const isSame = words[at + RANDOM] === random
    if (isSame && words[at + GIVEN_NUMBER] === (number | 0)) {
      this.#counters.hello_retransmitted++
      return NOTHING
    }
    const message = this.message
    message.bytes = bytes
    message.off = 0
    message.end = len
    message.transport = transport
    message.stationBytes = packet.bytes
    message.stationOff = this.#request.stationOff
    message.stationLen = this.#request.stationLen
    message.recordVersion = (major << 8) | minor
    message.quality = isSame ? QUALITY_HRR : 0
    message.firstMicros = isSame ? (doubles[first] ?? -1) : -1
    if (!isSame) doubles[first] = packet.timeMicros
    words[at + RANDOM] = random
    words[at + GIVEN_NUMBER] = number
    return CLIENT_HELLO
  }

  #set(entry: number, kind: number, number: number, overhead: number): void {
    const { words } = this.#piecesMade()
    const at = entry * FLOW_WORDS
    words[at + KIND] = kind
    words[at + NUMBER] = number
    words[at + OVERHEAD] = overhead
  }

  #watch(entry: number, packet: Packet): void {
    if (this.#watched.has(entry)) return
    const { table } = this.#options
    const hash = table.hash(packet)
    table.watch(hash)
    this.#watched.set(entry, hash)
  }

  #piecesMade(): Pieces {
    this.#pieces ??= new Pieces(this.#options.seed, this.#counters, (entry) => {
      const hash = this.#watched.get(entry)
      if (hash === undefined) return
      this.#watched.delete(entry)
      this.#options.table.unwatch(hash)
    })
    return this.#pieces
  }
}

function isRecord(bytes: Uint8Array, off: number, end: number): boolean {
  return (
    end - off > RECORD_HEADER_LEN &&
    u8(bytes, off) === HANDSHAKE &&
    u8(bytes, off + 1) === TLS_MAJOR
  )
}
