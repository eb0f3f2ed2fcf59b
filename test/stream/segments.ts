import { Packet, TCP_ACK } from '../../src/model/packet.js'

/** One direction of a flow; what is left out has a fixed value. */
export interface Ends {
  readonly src?: readonly number[]
  readonly dst?: readonly number[]
  readonly srcPort?: number
  readonly dstPort?: number
}

/** What a segment or datagram says besides its octets. */
export interface SegmentOptions extends Ends {
  readonly flags?: number
  /** Seconds of packet time. */
  readonly seconds?: number
  /** Octets of payload kept, as a snaplen would. */
  readonly kept?: number
  readonly protocol?: number
}

const V4_LEN = 4

/** A packet of its own buffer: addresses in front, then the payload. */
export function segment(seq: number, payload: Uint8Array, options: SegmentOptions = {}): Packet {
  const src = options.src ?? [192, 0, 2, 1]
  const dst = options.dst ?? [198, 51, 100, 7]
  const kept = payload.subarray(0, options.kept ?? payload.length)
  const packet = new Packet()
  packet.bytes = Uint8Array.from([...src, ...dst, ...kept])
  packet.timeMicros = (options.seconds ?? 1_700_000_000) * 1e6
  packet.ipVersion = src.length === V4_LEN ? 4 : 6
  packet.srcAddrOff = 0
  packet.dstAddrOff = src.length
  packet.protocol = options.protocol ?? 6
  packet.srcPort = options.srcPort ?? 40_000
  packet.dstPort = options.dstPort ?? 443
  packet.seq = seq >>> 0
  packet.flags = options.flags ?? TCP_ACK
  packet.payloadOff = src.length + dst.length
  packet.payloadLen = kept.length
  packet.payloadWireLen = payload.length
  return packet
}

/** The direction back. */
export function reversed(ends: Ends): Ends {
  return {
    src: ends.dst ?? [198, 51, 100, 7],
    dst: ends.src ?? [192, 0, 2, 1],
    srcPort: ends.dstPort ?? 443,
    dstPort: ends.srcPort ?? 40_000,
  }
}

/** A handshake message of `length` octets in all: type, length, version 3.3, then octets told by `fill`. */
export function handshake(type: number, length: number, fill = 1): Uint8Array {
  const message = new Uint8Array(length)
  for (let i = 6; i < length; i++) message[i] = (i * 31 + fill * 17 + (i >> 8)) & 0xff
  const head = [type, (length - 4) >> 16, ((length - 4) >> 8) & 0xff, (length - 4) & 0xff, 3, 3]
  message.set(head.slice(0, length))
  return message
}

/** A TLS record around `content`. */
export function record(content: Uint8Array, type = 22, version = 0x0301): Uint8Array {
  return concat([
    Uint8Array.of(type, version >> 8, version & 0xff, content.length >> 8, content.length & 0xff),
    content,
  ])
}

/** `message` in records that end at `cuts` (ascending offsets within it). */
export function records(message: Uint8Array, cuts: readonly number[] = []): Uint8Array {
  return concat(split(message, cuts).map((part) => record(part)))
}

/** `octets` cut at the ascending offsets of `cuts`. */
export function split(octets: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const bounds = [0, ...cuts, octets.length]
  return bounds.slice(1).map((end, i) => octets.subarray(bounds[i], end))
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]))
}

export const CHANGE_CIPHER_SPEC = Uint8Array.of(20, 3, 3, 0, 1, 1)

/** Tables small enough to be made for each test. */
export const SMALL_SIZES = {
  entries: 1024,
  slots: [
    { size: 4096, count: 32 },
    { size: 16_384, count: 16 },
    { size: 73_728, count: 8 },
  ],
}
