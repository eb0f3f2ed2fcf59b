import { i32, u32, u8 } from '../base/bytes.js'
import type { Counters } from '../base/counters.js'
import type { FlowTable } from '../base/flow-table.js'
import type { HandshakeBytes } from '../model/handshake-bytes.js'
import {
  PROTOCOL_EAPOL,
  PROTOCOL_SCTP,
  PROTOCOL_TCP,
  type Packet,
  secondsOf,
} from '../model/packet.js'
import { EapHellos } from './eap-hellos.js'
import { FramedHellos } from './framed-hellos.js'
import { NOTHING, giveDatagram } from './given.js'
import { isControlPacket, overheadBefore, payloadOff } from './openvpn.js'
import { OVERHEAD, PiecewiseHellos } from './piecewise-hellos.js'
import { RdpUdpData } from './rdp-udp.js'
import { SctpHellos } from './sctp-hellos.js'
import { CARRIER_PORTS, isDtls, isIndication } from './starts.js'
import { RelayedData } from './turn.js'

// Hellos of TLS and DTLS that other protocols carry in packets of their own.
//
//   EAPOL, RADIUS ─▶ EAP ─┐                        ┌▶ a ClientHello, where the pieces make one
//   OpenVPN, RDP-UDP ─────┼▶ pieces, by number ────┤
//   SCTP ─────────────────┘                        │
//   TCP: TPKT, TDS, OpenVPN ─▶ pieces, by byte ────┘
//   TURN, RFC 4571, SCTP, RDP-UDP, CAPWAP ─▶ DTLS datagrams, handed back as the packet's payload

const MIN_PAYLOAD_LEN = 5
const RADIUS_HEADER_LEN = 20
const ACCESS_REQUEST = 1
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
  readonly #ports: ReadonlySet<number> | undefined
  readonly #hellos: PiecewiseHellos
  readonly #eap: EapHellos
  readonly #sctp: SctpHellos
  readonly #framed: FramedHellos
  readonly #rdp = new RdpUdpData()
  readonly #relayed = new RelayedData()
  /** What holds more of the packet given to `take`. */
  #rest: SctpHellos | FramedHellos | undefined
  #packet: Packet | undefined

  constructor({ ports, seed, table }: CarrierHellosOptions, counters: Counters) {
    this.#ports = ports
    this.#hellos = new PiecewiseHellos(seed, table, counters)
    this.#eap = new EapHellos(this.#hellos)
    this.#sctp = new SctpHellos(this.#hellos)
    this.#framed = new FramedHellos(this.#hellos)
  }

  /** The hello that `take` or `next` gave, until the next call of either. */
  get message(): HandshakeBytes {
    return this.#hellos.message
  }

  /** Hellos that have begun and of which pieces are missing. */
  get unfinished(): number {
    return this.#hellos.unfinished
  }

  /** TCP flows of which a segment may be a piece of a hello that has begun: by the hash of their flow. */
  get pendingFlows(): ReadonlyMap<number, number> {
    return this.#hellos.pendingFlows
  }

  /** Forgets all flows; nothing is counted. */
  clear(): void {
    this.#hellos.clear()
  }

  /** Shifts the time of all that is known by `seconds`, as the clock of the packets was. */
  shiftTime(seconds: number): void {
    this.#hellos.shiftTime(seconds)
  }

  /** Takes a packet of this protocol. @returns a constant of given.ts; after any but NOTHING ask `next` */
  take(packet: Packet, protocol: number): number {
    this.#rest = undefined
    const isSegment = protocol === PROTOCOL_TCP
    // A segment of any length may go on with what has begun.
    if (packet.payloadLen < (isSegment && this.unfinished > 0 ? 1 : MIN_PAYLOAD_LEN)) return NOTHING
    this.#hellos.stationLen = 0
    if (protocol === PROTOCOL_EAPOL) return this.#eap.takeEapol(packet)
    if (!isSegment && protocol !== PROTOCOL_SCTP) return this.#takeDatagram(packet)
    if (!this.#isToServer(packet)) return NOTHING
    this.#packet = packet
    this.#rest = isSegment ? this.#framed : this.#sctp
    return this.#rest.take(packet)
  }

  /** What else is in the packet given to `take`; as `take`. */
  next(): number {
    return this.#packet === undefined ? NOTHING : (this.#rest?.next(this.#packet) ?? NOTHING)
  }

  #isToServer({ srcPort, dstPort }: Packet): boolean {
    const ports = this.#ports
    return ports === undefined || ports.has(dstPort) || ports.has(srcPort)
  }

  #takeDatagram(packet: Packet): number {
    const { bytes, payloadOff: off, payloadLen, srcPort, dstPort } = packet
    const end = off + payloadLen
    const first = u8(bytes, off)
    if (first === ACCESS_REQUEST && payloadLen >= RADIUS_HEADER_LEN) {
      const given = this.#eap.takeRadius(packet)
      if (given !== undefined) return given
    }
    if (!this.#isToServer(packet)) return NOTHING
    if (first >> 4 === 4 || (payloadLen >= 8 && isIndication(bytes, off))) {
      if (!this.#relayed.read(bytes, off, end)) return NOTHING
      return giveDatagram(packet, this.#relayed.off, this.#relayed.end)
    }
    if (srcPort === RDP || dstPort === RDP) return this.#takeRdp(packet, off, end)
    if (isControlPacket(bytes, off)) return this.#takeOpenVpn(packet, off, end)
    const isCapwap =
      CARRIER_PORTS.includes(dstPort) || srcPort === CAPWAP_CONTROL || dstPort === CAPWAP_DATA
    // DTLS behind CAPWAP's preamble of type 1 and three reserved bytes (RFC 5415 §4.2)
    return isCapwap && u32(bytes, off) === 0x0100_0000
      ? giveDatagram(packet, off + 4, end)
      : NOTHING
  }

  #takeOpenVpn(packet: Packet, off: number, end: number): number {
    const hellos = this.#hellos
    const { bytes } = packet
    const overhead = overheadBefore(bytes, off, end)
    if (overhead >= 0) {
      const at = payloadOff(bytes, off, end, overhead)
      const number = i32(bytes, at - 4)
      return hellos.begin(packet, packet, 0, number, overhead, bytes, at, end, 'openvpn')
    }
    const entry = hellos.pendingOf(packet, secondsOf(packet))
    if (entry < 0) return NOTHING
    const at = payloadOff(bytes, off, end, hellos.word(entry, OVERHEAD))
    if (at < 0) return NOTHING
    return hellos.goOn(packet, entry, i32(bytes, at - 4), bytes, at, end, 'openvpn')
  }

  #takeRdp(packet: Packet, off: number, end: number): number {
    const hellos = this.#hellos
    const { bytes } = packet
    const rdp = this.#rdp
    if (!rdp.read(bytes, off, end)) return NOTHING
    if (rdp.begins(bytes, end)) {
      if (isDtls(bytes, rdp.off)) return giveDatagram(packet, rdp.off, end)
      return hellos.begin(packet, packet, 0, rdp.number, 0, bytes, rdp.off, end, 'tls/rdpudp')
    }
    const entry = hellos.pendingOf(packet, secondsOf(packet))
    if (entry < 0) return NOTHING
    return hellos.goOn(packet, entry, rdp.number, bytes, rdp.off, end, 'tls/rdpudp')
  }
}
