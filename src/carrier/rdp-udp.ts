// Data of RDP over UDP: version 1, MS-RDPEUDP §2.2.2; version 3, MS-RDPEUDP2 §2.2.1
//
//   version 1  | acknowledged 4 | window 2 | flags 2 | (ACK vector: size 2, elements, padding to 4) | (ack of acks 4)
//              | coded 4 | source 4 | data
//   version 3  | prefix 1, swapped with byte 7 | flags 12, window 4, little-endian | (payloads by flag) | channel number 2 | data

import { u16, u16le, u32, u8 } from '../base/bytes.js'

const HEADER_LEN = 8
const FLAGS = 6
const SYN = 0x0001
const ACK = 0x0004
const DATA = 0x0008
const FEC = 0x0010
const ACK_OF_ACKS = 0x0100
const SOURCE_HEADER_LEN = 8
const HANDSHAKE = 22
const TLS_MAJOR = 3
const DTLS_MAJOR = 0xfe

const V3_ACK = 0x001
const V3_DATA = 0x004
const V3_ACK_VECTOR = 0x008
const V3_ACK_OF_ACKS = 0x010
const V3_OVERHEAD = 0x040
const V3_DELAY = 0x100
const V3_HEADER_LEN = 2
const V3_MIN_LEN = 9

/** Data of one datagram. One instance, overwritten. */
export class RdpUdpData {
  /** Number of the datagram among those with data. */
  number = 0
  off = 0
  readonly #plain = new Uint8Array(64)

  /** Reads the datagram `bytes[off, end)`. @returns whether it carries data */
  read(bytes: Uint8Array, off: number, end: number): boolean {
    return this.#readV1(bytes, off, end) || this.#readV3(bytes, off, end)
  }

  /** Whether the data begins a handshake record of TLS or DTLS. */
  begins(bytes: Uint8Array, end: number): boolean {
    const at = this.off
    if (end - at < 6 || u8(bytes, at) !== HANDSHAKE) return false
    const major = u8(bytes, at + 1)
    return major === TLS_MAJOR || major === DTLS_MAJOR
  }

  #readV1(bytes: Uint8Array, off: number, end: number): boolean {
    if (end - off < HEADER_LEN) return false
    const flags = u16(bytes, off + FLAGS)
    if ((flags & DATA) === 0 || (flags & (SYN | FEC)) !== 0 || flags >= 0x2000) return false
    let at = off + HEADER_LEN
    if ((flags & ACK) !== 0) {
      if (end - at < 2) return false
      at += (2 + u16(bytes, at) + 3) & ~3
    }
    if ((flags & ACK_OF_ACKS) !== 0) at += 4
    if (end - at <= SOURCE_HEADER_LEN) return false
    this.number = u32(bytes, at + 4)
    this.off = at + SOURCE_HEADER_LEN
    return true
  }

  /** The first byte and the eighth are in each other's place (§2.2.1.1). */
  #readV3(bytes: Uint8Array, off: number, end: number): boolean {
    if (end - off < V3_MIN_LEN) return false
    const plain = this.#plain
    const count = Math.min(plain.length, end - off)
    for (let i = 0; i < count; i++) plain[i] = u8(bytes, off + i)
    plain[7] = u8(bytes, off)
    const at = offsetOfV3(plain, count)
    if (at < 0 || off + at >= end) return false
    this.number = u16le(plain, at - 2)
    this.off = off + at
    return true
  }
}

/** Offset of the data in a datagram of version 3, of which the first `count` bytes are at hand; -1 where there is none. */
function offsetOfV3(bytes: Uint8Array, count: number): number {
  let at = 1
  const flags = u16le(bytes, at) & 0x0fff
  if ((flags & V3_DATA) === 0) return -1
  at += V3_HEADER_LEN
  if ((flags & V3_ACK) !== 0) {
    // number 2, time 3, delay 1; then how many delays follow, in the low four bits, one byte each
    if (at + 7 > count) return -1
    at += 7 + (u8(bytes, at + 6) & 0x0f)
  }
  if ((flags & V3_OVERHEAD) !== 0) at += 1
  if ((flags & V3_DELAY) !== 0) at += 3
  if ((flags & V3_ACK_OF_ACKS) !== 0) at += 2
  if ((flags & V3_ACK_VECTOR) !== 0) {
    if (at + 3 > count) return -1
    const size = u8(bytes, at + 2)
    at += 3 + (size & 0x7f) + ((size & 0x80) !== 0 ? 4 : 0)
  }
  // DataSeqNum stands before the vector, ChannelSeqNum behind it
  at += 4
  return at < count ? at : -1
}
