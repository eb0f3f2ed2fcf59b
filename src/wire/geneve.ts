// Generic Network Virtualization Encapsulation, RFC 8926 §3.4
//
//  +-----+------------+---+---+----------+-----------------+--------+----------+---------
//  |Ver 2| Opt Len 6  | O | C | reserved | protocol type 2 | VNI 24 | reserved | options      Opt Len in units of 4 octets
//  +-----+------------+---+---+----------+-----------------+--------+----------+---------

import { u16, u8 } from '../base/bytes.js'
import type { OffsetOrFault } from '../base/fault.js'
import { TRUNCATED, UNSUPPORTED } from '../base/fault.js'
import type { Cursor } from './cursor.js'
import { ENCAPSULATION_GENEVE } from './encapsulation.js'
import { ETHERTYPE_MIN } from './layer.js'

const PROTOCOL_TYPE = 2
const GENEVE_HEADER_LEN = 8
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
