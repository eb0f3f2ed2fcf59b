// Cisco MetaData (EtherType 0x8909), which holds the Security Group Tag: draft-smith-kandula-sxp §5
//
//  +-----------+----------+-----------------------------------+-------------+---------
//  | version 1 | length 1 | options: length and type 2, value | type/length | payload      length in units of 4 bytes
//  +-----------+----------+-----------------------------------+-------------+---------
//
// In GRE the EtherType of the payload stands in front instead.

import { u16, u8 } from '../base/bytes.js'
import type { OffsetOrFault } from '../base/fault.js'
import { MALFORMED, TRUNCATED } from '../base/fault.js'
import type { Cursor } from './cursor.js'
import { decodeTypeOrLength } from './ethernet.js'
import { ETHERTYPE_MIN } from './layer.js'

const LENGTH = 1
const HEADER_LEN = 2
const TYPE_LEN = 2

/** Decodes the metadata behind its EtherType. @returns the offset past the EtherType behind it, or a Fault */
export function decodeCiscoMetadata(
  bytes: Uint8Array,
  off: number,
  end: number,
  cursor: Cursor,
): OffsetOrFault {
  if (end - off < HEADER_LEN + TYPE_LEN) return TRUNCATED
  if (u8(bytes, off) === 1) {
    const at = off + HEADER_LEN + (u8(bytes, off + LENGTH) << 2)
    return end - at < TYPE_LEN ? TRUNCATED : decodeTypeOrLength(bytes, at, cursor)
  }
  const type = u16(bytes, off)
  const header = off + TYPE_LEN
  if (type < ETHERTYPE_MIN) return MALFORMED
  if (end - header < HEADER_LEN) return TRUNCATED
  if (u8(bytes, header) !== 1) return MALFORMED
  const at = header + HEADER_LEN + (u8(bytes, header + LENGTH) << 2)
  cursor.next = type
  return at > end ? TRUNCATED : at
}
