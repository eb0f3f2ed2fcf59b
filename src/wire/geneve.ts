// Generic Network Virtualization Encapsulation, RFC 8926 §3.4
//
//  +-----+------------+---+---+----------+-----------------+--------+----------+---------
//  |Ver 2| Opt Len 6  | O | C | reserved | protocol type 2 | VNI 24 | reserved | options      Opt Len in units of 4 bytes
//  +-----+------------+---+---+----------+-----------------+--------+----------+---------

import { u16, u8 } from '../base/bytes.js'
import type { OffsetOrFault } from '../base/fault.js'
import { TRUNCATED, UNSUPPORTED } from '../base/fault.js'
import { MAX_HEADER_OPTIONS } from '../base/limits.js'
import type { Cursor } from './cursor.js'
import { ENCAPSULATION_GENEVE } from './encapsulation.js'
import {
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
  ETHERTYPE_MIN,
  ETHERTYPE_TRANSPARENT_BRIDGING,
} from './layer.js'
import { CERTAIN, looksLikeEthernet, looksLikeIpv4, looksLikeIpv6 } from './plausible.js'

const PROTOCOL_TYPE = 2
const GENEVE_HEADER_LEN = 8
const FLAGS = 1
const RESERVED_FLAGS = 0x3f
const RESERVED = 7
const VERSION_MASK = 0xc0
const OPTIONS_LENGTH_MASK = 0x3f

/** Decodes the GENEVE header at `off`. @returns the offset of the payload; UNSUPPORTED where it is no GENEVE header */
export function decodeGeneve(
  bytes: Uint8Array,
  off: number,
  end: number,
  cursor: Cursor,
): OffsetOrFault {
  if (end - off < GENEVE_HEADER_LEN) return TRUNCATED
  const versionAndLength = u8(bytes, off)
  const type = u16(bytes, off + PROTOCOL_TYPE)
  if ((versionAndLength & VERSION_MASK) !== 0 || type < ETHERTYPE_MIN) return UNSUPPORTED
  const at = off + GENEVE_HEADER_LEN + ((versionAndLength & OPTIONS_LENGTH_MASK) << 2)
  if (at > end) return TRUNCATED
  cursor.encapsulation = ENCAPSULATION_GENEVE
  cursor.next = type
  return at
}

/**
 * Whether the datagram `bytes[off, end)` begins with a GENEVE header beyond doubt, whatever its port: what is reserved is 0,
 * its options fill their length, and a frame or packet follows that is whole and in order.
 */
export function isGeneve(bytes: Uint8Array, off: number, end: number, wireEnd: number): boolean {
  if (end - off < GENEVE_HEADER_LEN) return false
  const first = u8(bytes, off)
  if ((first & VERSION_MASK) !== 0 || (u8(bytes, off + FLAGS) & RESERVED_FLAGS) !== 0) return false
  if (u8(bytes, off + RESERVED) !== 0) return false
  const type = u16(bytes, off + PROTOCOL_TYPE)
  const at = off + GENEVE_HEADER_LEN + ((first & OPTIONS_LENGTH_MASK) << 2)
  if (at > end || !areOptions(bytes, off + GENEVE_HEADER_LEN, at)) return false
  if (type === ETHERTYPE_TRANSPARENT_BRIDGING)
    return looksLikeEthernet(bytes, at, end, wireEnd) === CERTAIN
  if (type === ETHERTYPE_IPV4) return looksLikeIpv4(bytes, at, end, wireEnd) === CERTAIN
  return type === ETHERTYPE_IPV6 && looksLikeIpv6(bytes, at, end, wireEnd) === CERTAIN
}

/** Whether options fill `bytes[off, end)`: class 2, type 1, length in units of 4 bytes in the low five bits of 1. */
function areOptions(bytes: Uint8Array, off: number, end: number): boolean {
  let at = off
  for (let i = 0; i < MAX_HEADER_OPTIONS && at < end; i++)
    at += 4 + ((u8(bytes, at + 3) & 0x1f) << 2)
  return at === end
}
