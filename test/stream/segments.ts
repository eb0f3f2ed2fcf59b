import { Packet, TCP_ACK } from '../../src/model/packet.js'

/** One direction of a flow; what is left out has a fixed value. */
export interface Ends {
  readonly src?: readonly number[]
  readonly dst?: readonly number[]
  readonly srcPort?: number
  readonly dstPort?: number
}

/** What a segment or datagram says besides its bytes. */
export interface SegmentOptions extends Ends {
  readonly flags?: number
  /** Seconds of packet time. */
  readonly seconds?: number
  /** Bytes of payload kept, as a snaplen would. */
  readonly kept?: number
  readonly protocol?: number
  readonly ttl?: number
  /** Acknowledgment number, where the ACK flag is set. */
  readonly ack?: number
  readonly window?: number
  readonly urgent?: number
  /** TCP options, a multiple of four bytes. */
  readonly options?: readonly number[]
  /** What is added to the right TCP checksum. */
  readonly wrongBy?: number
}

const V4_LEN = 4
const TCP_HEADER_LEN = 20

/** A packet of its own buffer: IP and TCP headers with right checksums, then the payload. */
export function segment(seq: number, payload: Uint8Array, options: SegmentOptions = {}): Packet {
  const src = options.src ?? [192, 0, 2, 1]
  const dst = options.dst ?? [198, 51, 100, 7]
  const flags = options.flags ?? TCP_ACK
  const isV4 = src.length === V4_LEN
  const tcpOptions = options.options ?? []
  const ipLen = isV4 ? 20 : 40
  const tcpLen = TCP_HEADER_LEN + tcpOptions.length
  const total = ipLen + tcpLen + payload.length
  const bytes = new Uint8Array(total)
  const view = new DataView(bytes.buffer)
  if (isV4) {
    bytes.set([0x45, 0, total >> 8, total & 0xff, 0, 1, 0x40, 0, options.ttl ?? 64, 6, 0, 0])
    bytes.set([...src, ...dst], 12)
    view.setUint16(10, checksumOf(bytes.subarray(0, ipLen)))
  } else {
    const length = total - ipLen
    bytes.set([0x60, 0, 0, 0, length >> 8, length & 0xff, 6, options.ttl ?? 64, ...src, ...dst])
  }
  view.setUint16(ipLen, options.srcPort ?? 40_000)
  view.setUint16(ipLen + 2, options.dstPort ?? 443)
  view.setUint32(ipLen + 4, seq >>> 0)
  view.setUint32(ipLen + 8, (flags & TCP_ACK) === 0 ? 0 : (options.ack ?? 1))
  bytes.set([(tcpLen / 4) << 4, flags], ipLen + 12)
  view.setUint16(ipLen + 14, options.window ?? 64_240)
  view.setUint16(ipLen + 18, options.urgent ?? 0)
  bytes.set(tcpOptions, ipLen + TCP_HEADER_LEN)
  bytes.set(payload, ipLen + tcpLen)
  const sum = checksumOf(
    Uint8Array.from([...src, ...dst, 0, 6, (total - ipLen) >> 8, (total - ipLen) & 0xff]),
    bytes.subarray(ipLen),
  )
  view.setUint16(ipLen + 16, (sum + (options.wrongBy ?? 0)) & 0xffff)

  const kept = Math.min(options.kept ?? payload.length, payload.length)
  const packet = new Packet()
  packet.bytes = bytes.slice(0, ipLen + tcpLen + kept)
  packet.timeMicros = (options.seconds ?? 1_700_000_000) * 1e6
  packet.ipVersion = isV4 ? 4 : 6
  packet.ipOff = 0
  packet.srcAddrOff = isV4 ? 12 : 8
  packet.dstAddrOff = packet.srcAddrOff + src.length
  packet.protocol = options.protocol ?? 6
  packet.srcPort = options.srcPort ?? 40_000
  packet.dstPort = options.dstPort ?? 443
  packet.seq = seq >>> 0
  packet.flags = flags
  packet.tcpOff = ipLen
  packet.payloadOff = ipLen + tcpLen
  packet.payloadLen = kept
  packet.payloadWireLen = payload.length
  return packet
}

/** The checksum of the bytes of `parts` (RFC 1071), each of an even number but the last. */
export function checksumOf(...parts: readonly Uint8Array[]): number {
  let sum = 0
  for (const part of parts) part.forEach((byte, i) => (sum += (i & 1) === 0 ? byte << 8 : byte))
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}

/** The options of a SYN as Linux sends it: MSS 1460, SACK permitted, timestamps, NOP, window scale 7. */
export function linuxOptions(timestamp: number): number[] {
  return [2, 4, 5, 180, 4, 2, 8, 10, ...bytesOf(timestamp), 0, 0, 0, 0, 1, 3, 3, 7]
}

/** NOP, NOP, timestamps. */
export function timestamps(timestamp: number, echo = 0): number[] {
  return [1, 1, 8, 10, ...bytesOf(timestamp), ...bytesOf(echo)]
}

function bytesOf(word: number): number[] {
  return [24, 16, 8, 0].map((shift) => (word >>> shift) & 0xff)
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

/** A handshake message of `length` bytes in all: type, length, version 3.3, then bytes told by `fill`. */
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

/** `bytes` cut at the ascending offsets of `cuts`. */
export function split(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const bounds = [0, ...cuts, bytes.length]
  return bounds.slice(1).map((end, i) => bytes.subarray(bounds[i], end))
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
