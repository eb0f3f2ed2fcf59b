// The Internet checksum of a segment (RFC 1071, RFC 9293 §3.1) and of its IPv4 header (RFC 791 §3.1).

import { u16, u8 } from '../base/bytes.js'
import type { Packet } from '../model/packet.js'
import {
  SUM_PARTIAL as PARTIAL,
  SUM_RIGHT as RIGHT,
  SUM_UNKNOWN as UNKNOWN,
  SUM_WRONG as WRONG,
} from '../kernels/tcp-layout.js'

export { PARTIAL, RIGHT, UNKNOWN, WRONG }

const TCP_CHECKSUM = 16
const ALL_ONES = 0xffff
const PROTOCOL_TCP = 6
/** So many bytes and more are summed by four at once. */
const LONG_LEN = 64
const IS_LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1

/** The buffer summed last, as words of the host: frames of a block share one. */
let viewed: ArrayBufferLike | undefined
let words: Uint32Array = new Uint32Array(0)

/** What the checksums of a TCP segment are. */
export function checksumOf(packet: Packet): number {
  const { bytes, ipVersion, ipOff, srcAddrOff, dstAddrOff, tcpOff, payloadOff, payloadLen } = packet
  if (tcpOff < 0 || payloadLen < packet.payloadWireLen) return UNKNOWN
  if (ipOff >= 0 && ipVersion === 4) {
    const headerEnd = ipOff + ((u8(bytes, ipOff) & 0x0f) << 2)
    if (fold(sumOf(bytes, ipOff, headerEnd)) !== ALL_ONES) return WRONG
  }
  const end = payloadOff + payloadLen
  const addressLen = ipVersion === 4 ? 4 : 16
  const pseudo =
    sumOf(bytes, srcAddrOff, srcAddrOff + addressLen) +
    sumOf(bytes, dstAddrOff, dstAddrOff + addressLen) +
    PROTOCOL_TCP +
    (end - tcpOff)
  if (fold(pseudo + sumOf(bytes, tcpOff, end)) === ALL_ONES) return RIGHT
  return u16(bytes, tcpOff + TCP_CHECKSUM) === fold(pseudo) ? PARTIAL : WRONG
}

/** A sum that `fold` makes the one of the 16-bit words of `bytes[off, end)`, a last byte being a word's upper half. */
function sumOf(bytes: Uint8Array, off: number, end: number): number {
  if (end - off < LONG_LEN) return sumOfPairs(bytes, off, end)
  // 154 ns for 600 bytes, 377 ns by pairs
  if (bytes.buffer !== viewed) {
    viewed = bytes.buffer
    words = new Uint32Array(viewed, 0, viewed.byteLength >>> 2)
  }
  const { byteOffset } = bytes
  const firstWord = (byteOffset + off + 3) >>> 2
  const lastWord = (byteOffset + end) >>> 2
  let upper = 0
  let lower = 0
  for (let i = firstWord; i < lastWord; i++) {
    const word = words[i] ?? 0
    upper += word >>> 16
    lower += word & ALL_ONES
  }
  const from = 4 * firstWord - byteOffset
  const to = 4 * lastWord - byteOffset
  const isOdd = ((from - off) & 1) !== 0
  // The sum of words whose bytes are swapped is the sum, swapped (RFC 1071 §2).
  const middle = fold(fold(upper) + fold(lower))
  const last = fold(sumOfPairs(bytes, to, end))
  return (
    sumOfPairs(bytes, off, from) +
    (isOdd === IS_LITTLE_ENDIAN ? middle : swap(middle)) +
    (isOdd ? swap(last) : last)
  )
}

function sumOfPairs(bytes: Uint8Array, off: number, end: number): number {
  let sum = 0
  let at = off
  for (; at + 1 < end; at += 2) sum += u16(bytes, at)
  return at < end ? sum + (u8(bytes, at) << 8) : sum
}

function swap(word: number): number {
  return ((word & 0xff) << 8) | (word >>> 8)
}

function fold(sum: number): number {
  let folded = sum
  while (folded > ALL_ONES) folded = (folded & ALL_ONES) + (folded >>> 16)
  return folded
}
