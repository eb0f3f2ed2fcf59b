import { type Packet, secondsOf } from '../model/packet.js'
import { MIN_DTLS_LEN, NOTHING, giveDatagram } from './given.js'
import { NUMBER, OVERHEAD, type PiecewiseHellos } from './piecewise-hellos.js'
import { DataChunks } from './sctp-chunks.js'
import { isDtls, isRecord } from './starts.js'

/** Transmission sequence numbers by which a chunk may be off the one that a hello begins in. */
const MAX_DISTANCE = 64

/** Hellos in DATA chunks of SCTP: DTLS datagrams (RFC 6083), and TLS records (RFC 3436). */
export class SctpHellos {
  readonly #hellos: PiecewiseHellos
  readonly #chunks = new DataChunks()

  constructor(hellos: PiecewiseHellos) {
    this.#hellos = hellos
  }

  /** Takes a packet. @returns as `next` */
  take(packet: Packet): number {
    this.#chunks.begin(packet.bytes, packet.payloadOff, packet.payloadOff + packet.payloadLen)
    return this.next(packet)
  }

  /** What the next chunks of the packet give; NOTHING at their end. */
  next(packet: Packet): number {
    const chunks = this.#chunks
    const { bytes } = packet
    while (chunks.next()) {
      const { off, end, tsn, stream, begins, ends } = chunks
      if (begins && end - off >= MIN_DTLS_LEN && isDtls(bytes, off))
        return giveDatagram(packet, off, end)
      const given =
        begins && isRecord(bytes, off, end)
          ? this.#hellos.begin(packet, packet, 0, tsn, stream, bytes, off, end, 'tls/sctp')
          : this.#hold(packet, tsn, begins && ends, stream, off, end)
      if (given !== NOTHING) return given
    }
    return NOTHING
  }

  /** A chunk of a hello that has begun, or is to begin in a packet that was overtaken. */
  #hold(
    packet: Packet,
    tsn: number,
    isWhole: boolean,
    stream: number,
    off: number,
    end: number,
  ): number {
    const hellos = this.#hellos
    const { bytes } = packet
    const entry = hellos.pendingOf(packet, secondsOf(packet))
    if (entry < 0) {
      if (!isWhole && !this.#chunks.begins) hellos.holdEarly(packet, tsn, bytes, off, end)
      return NOTHING
    }
    // A message of its own goes on with the hello in its stream alone; where it is due, its bytes tell.
    const distance = Math.abs((tsn - hellos.word(entry, NUMBER)) | 0)
    if (distance > MAX_DISTANCE || (isWhole && stream !== hellos.word(entry, OVERHEAD)))
      return NOTHING
    return hellos.goOn(packet, entry, tsn, bytes, off, end, 'tls/sctp')
  }
}
