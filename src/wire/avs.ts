// AVS capture header, LINKTYPE_IEEE802_11_AVS (163): http://www.martin.cc/linux/doc/capture_format_v1.txt
//
//  +------------------------+----------+--------+---------------
//  | magic 4, 0x8021100x    | length 4 | fields | 802.11 header      big-endian
//  +------------------------+----------+--------+---------------

import { u32 } from '../base/bytes.js'
import type { OffsetOrFault } from '../base/fault.js'
import { MALFORMED, TRUNCATED } from '../base/fault.js'
import type { Cursor } from './cursor.js'
import { LAYER_IEEE80211 } from './layer.js'

const LENGTH = 4
const AVS_MIN_LEN = 8
/** The magic without its version nibble. */
const MAGIC = 0x8021100

/** Whether an AVS header stands at `off`; the caller has checked that four bytes do. */
export function isAvs(bytes: Uint8Array, off: number): boolean {
  return u32(bytes, off) >>> 4 === MAGIC
}

/** Decodes the AVS header at `off`. @returns the offset of the 802.11 header, or a Fault */
export function decodeAvs(
  bytes: Uint8Array,
  off: number,
  end: number,
  cursor: Cursor,
): OffsetOrFault {
  if (end - off < AVS_MIN_LEN) return TRUNCATED
  const length = u32(bytes, off + LENGTH)
  if (!isAvs(bytes, off) || length < AVS_MIN_LEN) return MALFORMED
  if (end - off < length) return TRUNCATED
  cursor.next = LAYER_IEEE80211
  return off + length
}
