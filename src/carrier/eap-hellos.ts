import type { FlowKey } from '../base/flow-table.js'
import { ByteWriter } from '../base/byte-writer.js'
import { type Packet, secondsOf } from '../model/packet.js'
import { EapPacket } from './eap.js'
import { NOTHING } from './given.js'
import { IDENTIFIER, NUMBER, type PiecewiseHellos } from './piecewise-hellos.js'
import { AccessRequest } from './radius.js'
import { isRecord } from './starts.js'

const ADDRESSES_LEN = 32
const MAC_LEN = 6

/** Hellos of EAP-TLS, TTLS, PEAP and FAST: in EAPOL on a LAN, in RADIUS between authenticator and server. */
export class EapHellos {
  readonly #hellos: PiecewiseHellos
  readonly #eap = new EapPacket()
  readonly #request = new AccessRequest()
  readonly #eapMessage = new ByteWriter(1 << 10)
  readonly #addresses = new Uint8Array(ADDRESSES_LEN)
  /** EAP has no addresses and ports: the client's MAC address or name stands for them. */
  readonly #key: FlowKey = {
    bytes: this.#addresses,
    ipVersion: 6,
    srcAddrOff: 0,
    dstAddrOff: 16,
    srcPort: 0,
    dstPort: 0,
  }

  constructor(hellos: PiecewiseHellos) {
    this.#hellos = hellos
  }

  /** Takes a packet of EAPOL. */
  takeEapol(packet: Packet): number {
    const { bytes, srcMacOff, payloadOff, payloadLen } = packet
    const key = this.#addresses.fill(0)
    if (srcMacOff >= 0) key.set(bytes.subarray(srcMacOff, srcMacOff + MAC_LEN))
    return this.#take(packet, bytes, payloadOff, payloadOff + payloadLen)
  }

  /**
   * Takes a datagram that may be a RADIUS Access-Request. One authenticator may carry many clients' EAP from one port:
   * they are told apart by Calling-Station-Id.
   *
   * @returns undefined if it is none
   */
  takeRadius(packet: Packet): number | undefined {
    const { bytes, ipVersion, srcAddrOff, payloadOff, payloadLen } = packet
    const request = this.#request
    if (!request.read(bytes, payloadOff, payloadOff + payloadLen, this.#eapMessage))
      return undefined
    const { stationOff, stationLen } = request
    this.#hellos.stationOff = stationOff
    this.#hellos.stationLen = stationLen
    const key = this.#addresses.fill(0)
    key.set(bytes.subarray(srcAddrOff, srcAddrOff + (ipVersion === 4 ? 4 : 16)))
    const from = stationOff + Math.max(0, stationLen - 16)
    key.set(bytes.subarray(from, stationOff + stationLen), 16)
    return this.#take(packet, this.#eapMessage.bytes, 0, this.#eapMessage.len)
  }

  #take(packet: Packet, bytes: Uint8Array, off: number, end: number): number {
    const eap = this.#eap
    const hellos = this.#hellos
    const key = this.#key
    if (!eap.read(bytes, off, end)) return NOTHING
    const { identifier } = eap
    const entry = hellos.pendingOf(key, secondsOf(packet))
    const isKnown = entry >= 0 && hellos.word(entry, IDENTIFIER) === identifier
    // a fragment may look like a record's start and be the next of a message that has begun
    if (isRecord(bytes, eap.off, eap.end) && !isKnown)
      return hellos.begin(packet, key, 0, identifier, 0, bytes, eap.off, eap.end, 'eap')
    // The server asks for each fragment anew (RFC 5216 §2.1.5), so an identifier is a fragment's.
    if (entry < 0 || isKnown) return NOTHING
    hellos.setWord(entry, IDENTIFIER, identifier)
    const number = hellos.word(entry, NUMBER) + 1
    hellos.setWord(entry, NUMBER, number)
    return hellos.goOn(packet, entry, number, bytes, eap.off, eap.end, 'eap')
  }
}
