// Prism monitor mode header, LINKTYPE_IEEE802_11_PRISM (119)
//
//  +-----------+----------+----------------+-----------+---------------
//  | message 4 | length 4 | device name 16 | items ... | 802.11 header      in the byte order of the machine that captured
//  +-----------+----------+----------------+-----------+---------------

import { u32, u32le } from '../base/bytes.js'
import type { OffsetOrFault } from '../base/fault.js'
import { MALFORMED, TRUNCATED } from '../base/fault.js'
import { isAvs } from './avs.js'
import type { Cursor } from './cursor.js'
import { LAYER_AVS, LAYER_IEEE80211 } from './layer.js'

const LENGTH = 4
const PRISM_MIN_LEN = 24

/** Decodes the Prism header at `off`, or leaves it to AVS, which shares the link type. @returns the offset of the next header, or a Fault */
export function decodePrism(
  bytes: Uint8Array,
  off: number,
  end: number,
  cursor: Cursor,
): OffsetOrFault {
  if (end - off < PRISM_MIN_LEN) return TRUNCATED
  if (isAvs(bytes, off)) {
    cursor.next = LAYER_AVS
    return off
  }
  // The length is small, so the wrong byte order makes the larger number.
  const length = Math.min(u32(bytes, off + LENGTH), u32le(bytes, off + LENGTH))
  if (length < PRISM_MIN_LEN) return MALFORMED
  if (end - off < length) return TRUNCATED
  cursor.next = LAYER_IEEE80211
  return off + length
}
