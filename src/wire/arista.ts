// Arista's time stamp header (EtherType 0xd28b), "Timestamping on the 7500R, 7280R" (Arista EOS documentation)
//
//  +-----------+-------------+------------------+------------+-------------+---------
//  | subtype 2 | timescale 1 | format 4, hw 4   | time stamp | type/length | payload      subtype 1; format 1: 8 bytes, 2: 6 bytes
//  +-----------+-------------+------------------+------------+-------------+---------

import { u16, u8 } from '../base/bytes.js'
import type { OffsetOrFault } from '../base/fault.js'
import { TRUNCATED, UNSUPPORTED } from '../base/fault.js'
import type { Cursor } from './cursor.js'
import { decodeTypeOrLength } from './ethernet.js'

const FORMAT = 3
const HEADER_LEN = 4
const TYPE_LEN = 2
const SUBTYPE_TIMESTAMP = 1
const FORMAT_64_BITS = 1
const FORMAT_48_BITS = 2

/** Decodes the time stamp behind its EtherType. @returns the offset past the EtherType behind it, or a Fault */
export function decodeArista(
  bytes: Uint8Array,
  off: number,
  end: number,
  cursor: Cursor,
): OffsetOrFault {
  if (end - off < HEADER_LEN) return TRUNCATED
  const format = u8(bytes, off + FORMAT) >> 4
  const isKnown = format === FORMAT_64_BITS || format === FORMAT_48_BITS
  if (u16(bytes, off) !== SUBTYPE_TIMESTAMP || !isKnown) return UNSUPPORTED
  const at = off + HEADER_LEN + (format === FORMAT_64_BITS ? 8 : 6)
  return end - at < TYPE_LEN ? TRUNCATED : decodeTypeOrLength(bytes, at, cursor)
}
