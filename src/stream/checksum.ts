// The Internet checksum of a segment (RFC 1071, RFC 9293 §3.1) and of its IPv4 header (RFC 791 §3.1).

import { u16, u8 } from '../base/bytes.js'
import type { Packet } from '../model/packet.js'

/** Both checksums are right. */
export const RIGHT = 0
/** That of TCP covers the addresses and the length alone: a network card fills in the rest, or the kernel put segments together. */
export const PARTIAL = 1
export const WRONG = 2
/** The snaplen cut the segment. */
export const UNKNOWN = 3

const TCP_CHECKSUM = 16
const ALL_ONES = 0xffff
const PROTOCOL_TCP = 6

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

/** Sum of the 16-bit words of `bytes[off, end)`, a last octet being a word's upper half; exact up to 2^37 octets. */
function sumOf(bytes: Uint8Array, off: number, end: number): number {
  let sum = 0
  let at = off
  for (; at + 1 < end; at += 2) sum += u16(bytes, at)
  return at < end ? sum + (u8(bytes, at) << 8) : sum
}

function fold(sum: number): number {
  let folded = sum
  while (folded > ALL_ONES) folded = (folded & ALL_ONES) + (folded >>> 16)
  return folded
}
