// Aggregate MSDU of 802.11, IEEE 802.11-2020 §9.3.2.2.2
//
//  +-------+-------+----------+-----+-------------------------+-------+----
//  | dst 6 | src 6 | length 2 | LLC … length bytes | padding to 4 | dst 6 | …
//  +-------+-------+----------+-----+-------------------------+-------+----

import { u16 } from '../base/bytes.js'
import type { OffsetOrFault } from '../base/fault.js'
import { TRUNCATED } from '../base/fault.js'
import type { Cursor } from './cursor.js'
import { LAYER_LLC } from './layer.js'

const SRC = 6
const LENGTH = 12
const SUBFRAME_HEADER_LEN = 14

/**
 * Decodes the header of the subframe at `off`; where another follows, `cursor.subframeOff`, `cursor.subframeEnd` and
 * `cursor.subframeWireEnd` say where.
 *
 * @returns the offset of the LLC header, or a Fault
 */
export function decodeAmsduSubframe(
  bytes: Uint8Array,
  off: number,
  end: number,
  cursor: Cursor,
): OffsetOrFault {
  cursor.subframeOff = -1
  if (end - off < SUBFRAME_HEADER_LEN) return TRUNCATED
  const at = off + SUBFRAME_HEADER_LEN
  const length = u16(bytes, off + LENGTH)
  const next = off + ((SUBFRAME_HEADER_LEN + length + 3) & ~3)
  if (next + SUBFRAME_HEADER_LEN <= cursor.wireEnd && next < end) {
    cursor.subframeOff = next
    cursor.subframeEnd = end
    cursor.subframeWireEnd = cursor.wireEnd
  }
  if (at + length < cursor.wireEnd) cursor.limit(at, length)
  cursor.srcMacOff = off + SRC
  cursor.next = LAYER_LLC
  return at
}
