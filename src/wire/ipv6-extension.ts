// IPv6 extension headers, RFC 8200 §4, and the Authentication Header of both IP versions, RFC 4302 §2
//
//  +-------------+------------+---------     hop-by-hop options, routing, destination options, mobility, HIP, Shim6:
//  | next header | length     | ...          length in units of 8 bytes, the first 8 not counted
//  +-------------+------------+---------     authentication: in units of 4 bytes, the first 8 not counted
//
//  +-------------+----------+--------------+-----+---+---------------+
//  | next header | reserved | offset 13    | res | M | identification|     fragment
//  +-------------+----------+--------------+-----+---+---------------+

import { u16, u32, u8 } from '../base/bytes.js'
import type { OffsetOrFault } from '../base/fault.js'
import { MALFORMED, TRUNCATED, UNSUPPORTED } from '../base/fault.js'
import { MAX_HEADER_OPTIONS, MAX_WIRE_LEN } from '../base/limits.js'
import type { Packet } from '../model/packet.js'
import type { Cursor } from './cursor.js'
import { LAYER_IP_FRAGMENT, LAYER_IP_PROTOCOL } from './layer.js'

const LENGTH = 1
const MIN_LEN = 8
const FRAGMENT_OFFSET = 2
const FRAGMENT_ID = 4
const MORE_FRAGMENTS = 0x0001
const OFFSET_MASK = 0xfff8

const OPTION_PAD1 = 0
const OPTION_JUMBO = 0xc2
/** A shorter packet must not be a jumbogram (RFC 2675 §3). */
const MIN_JUMBO_LEN = 65_536

/** Passes an extension header of the common form. @returns the offset past it, or a Fault; UNSUPPORTED in IPv4 */
export function decodeIpv6Extension(
  bytes: Uint8Array,
  off: number,
  end: number,
  cursor: Cursor,
  packet: Packet,
): OffsetOrFault {
  if (packet.ipVersion !== 6) return UNSUPPORTED
  if (end - off < MIN_LEN) return TRUNCATED
  const headerEnd = off + ((u8(bytes, off + LENGTH) + 1) << 3)
  if (headerEnd > end) return TRUNCATED
  cursor.next = LAYER_IP_PROTOCOL + u8(bytes, off)
  return headerEnd
}

/** Decodes hop-by-hop options, of which a Jumbo Payload (RFC 2675 §2) is the packet's length. @returns the offset past them, or a Fault */
export function decodeHopByHop(
  bytes: Uint8Array,
  off: number,
  end: number,
  cursor: Cursor,
  packet: Packet,
): OffsetOrFault {
  const headerEnd = decodeIpv6Extension(bytes, off, end, cursor, packet)
  if (headerEnd < 0 || cursor.jumboOff < 0) return headerEnd

  let at = off + 2
  for (let i = 0; i < MAX_HEADER_OPTIONS && at < headerEnd; i++) {
    const type = u8(bytes, at)
    if (type === OPTION_PAD1) {
      at++
      continue
    }
    if (headerEnd - at < 2) return MALFORMED
    const length = u8(bytes, at + 1)
    if (headerEnd - at - 2 < length) return MALFORMED
    if (type === OPTION_JUMBO) {
      if (length !== 4) return MALFORMED
      const jumboLength = u32(bytes, at + 2)
      if (jumboLength < MIN_JUMBO_LEN || jumboLength > MAX_WIRE_LEN) return MALFORMED
      cursor.limit(cursor.jumboOff, jumboLength)
      return headerEnd
    }
    at += 2 + length
  }
  return headerEnd
}

/** Decodes the fragment header; one that is whole by itself (RFC 6946) is passed. @returns the offset past it, or a Fault */
export function decodeIpv6Fragment(
  bytes: Uint8Array,
  off: number,
  end: number,
  cursor: Cursor,
  packet: Packet,
): OffsetOrFault {
  if (packet.ipVersion !== 6) return UNSUPPORTED
  if (end - off < MIN_LEN) return TRUNCATED
  const offsetAndFlags = u16(bytes, off + FRAGMENT_OFFSET)
  if ((offsetAndFlags & (OFFSET_MASK | MORE_FRAGMENTS)) === 0) {
    cursor.next = LAYER_IP_PROTOCOL + u8(bytes, off)
  } else {
    cursor.next = LAYER_IP_FRAGMENT
    cursor.fragmentId = u32(bytes, off + FRAGMENT_ID) | 0
    cursor.fragmentOffset = offsetAndFlags & OFFSET_MASK
    cursor.moreFragments = (offsetAndFlags & MORE_FRAGMENTS) !== 0
    cursor.fragmentProtocol = u8(bytes, off)
  }
  return off + MIN_LEN
}

/** Passes an Authentication Header, which leaves the payload readable. @returns the offset past it, or a Fault */
export function decodeAuthentication(
  bytes: Uint8Array,
  off: number,
  end: number,
  cursor: Cursor,
): OffsetOrFault {
  if (end - off < MIN_LEN) return TRUNCATED
  const headerEnd = off + ((u8(bytes, off + LENGTH) + 2) << 2)
  if (headerEnd > end) return TRUNCATED
  cursor.next = LAYER_IP_PROTOCOL + u8(bytes, off)
  return headerEnd
}
