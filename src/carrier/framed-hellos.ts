import { MAX_SEQUENCE_DISTANCE } from '../base/limits.js'
import { ByteWriter } from '../base/byte-writer.js'
import { type Packet, secondsOf } from '../model/packet.js'
import { NOTHING, giveDatagram } from './given.js'
import { overheadBefore } from './openvpn.js'
import { KIND, NUMBER, type PiecewiseHellos } from './piecewise-hellos.js'
import { isDtls } from './starts.js'
import {
  NO_FRAMES,
  OPENVPN,
  RFC4571,
  TURN,
  framesAt,
  mayBeFramesAt,
  openVpnAt,
  unframeDatagram,
} from './tcp-frames.js'

/** Hellos in frames of a TCP connection: DTLS in TURN and RFC 4571, TLS in TPKT, TDS and OpenVPN. */
export class FramedHellos {
  readonly #hellos: PiecewiseHellos
  readonly #whole = new ByteWriter(1 << 12)
  readonly #found = { off: 0, end: 0 }
  // Frames of the segment that are left.
  #kind = NO_FRAMES
  #start = 0
  #at = 0
  #end = 0

  constructor(hellos: PiecewiseHellos) {
    this.#hellos = hellos
  }

  /** Takes a segment. */
  take(packet: Packet): number {
    const { bytes, payloadOff: off } = packet
    const end = off + packet.payloadLen
    const kind = framesAt(bytes, off, end)
    this.#at = this.#end = 0
    if (kind === TURN || kind === RFC4571) {
      this.#kind = kind
      this.#start = this.#at = off
      this.#end = end
      return this.next(packet)
    }
    if (kind === NO_FRAMES) return this.#goOn(packet, off, end)
    const overhead = kind === OPENVPN ? overheadBefore(bytes, openVpnAt(bytes, off, end), end) : 0
    const transport = kind === OPENVPN ? 'openvpn' : 'tcp'
    const hellos = this.#hellos
    return hellos.begin(packet, packet, kind, packet.seq, overhead, bytes, off, end, transport)
  }

  /** What the next frames of the segment give, each a datagram; NOTHING at their end. */
  next(packet: Packet): number {
    const { bytes } = packet
    while (this.#at < this.#end) {
      const next = unframeDatagram(this.#kind, bytes, this.#at, this.#end, this.#found)
      if (next < 0) {
        this.#holdRest(packet)
        this.#at = this.#end
        return NOTHING
      }
      this.#at = next
      const given = giveDatagram(packet, this.#found.off, this.#found.end)
      if (given !== NOTHING) return given
    }
    return NOTHING
  }

  /** A segment of a flow that a hello, or a frame with one, has begun in. */
  #goOn(packet: Packet, off: number, end: number): number {
    const hellos = this.#hellos
    if (hellos.unfinished === 0) return NOTHING
    const entry = hellos.pendingOf(packet, secondsOf(packet))
    if (entry < 0) return NOTHING
    const kind = hellos.word(entry, KIND)
    const distance = (packet.seq - hellos.word(entry, NUMBER)) | 0
    if (kind === NO_FRAMES || Math.abs(distance) > MAX_SEQUENCE_DISTANCE) return NOTHING
    if (kind !== TURN && kind !== RFC4571) {
      const transport = kind === OPENVPN ? 'openvpn' : 'tcp'
      return hellos.goOn(packet, entry, packet.seq, packet.bytes, off, end, transport)
    }
    if (!hellos.put(entry, packet.seq, packet.bytes, off, end)) return NOTHING
    return this.#giveFrame(packet, entry, kind)
  }

  /** Holds a frame that goes on in the next segment, if it begins like one with DTLS. */
  #holdRest(packet: Packet): void {
    const { bytes, seq } = packet
    const at = this.#at
    const isSure = this.#end - at >= 6
    if (isSure && !isDtls(bytes, at + (this.#kind === RFC4571 ? 2 : 4))) return
    if (!isSure && !mayBeFramesAt(bytes, at, this.#end)) return
    // the payload of the packet may be a frame before this one
    this.#hellos.hold(packet, this.#kind, (seq + at - this.#start) | 0, bytes, at, this.#end)
  }

  /** Gives the frames of a flow as far as they are there, with the addresses before them: offsets into one buffer. */
  #giveFrame(packet: Packet, entry: number, kind: number): number {
    const whole = this.#whole
    const addressLen = packet.ipVersion === 4 ? 4 : 16
    whole.len = 0
    whole.copy(packet.bytes, packet.srcAddrOff, packet.srcAddrOff + addressLen)
    whole.copy(packet.bytes, packet.dstAddrOff, packet.dstAddrOff + addressLen)
    const off = whole.len
    this.#hellos.assemble(entry, whole)
    if (unframeDatagram(kind, whole.bytes, off, whole.len, this.#found) < 0) return NOTHING
    packet.bytes = whole.bytes
    packet.srcAddrOff = 0
    packet.dstAddrOff = addressLen
    packet.seq = this.#hellos.word(entry, NUMBER) >>> 0
    this.#hellos.free(entry)
    this.#kind = kind
    this.#start = this.#at = off
    this.#end = whole.len
    return this.next(packet)
  }
}
