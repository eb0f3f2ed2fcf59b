// Radiotap, LINKTYPE_IEEE802_11_RADIOTAP (127): https://www.radiotap.org; little-endian
//
//  +---------+-----+----------+-----------+--------+---------------
//  | version | pad | length 2 | present 4 | fields | 802.11 header      present repeats while its bit 31 is set
//  +---------+-----+----------+-----------+--------+---------------

import { u16le, u32le, u8 } from '../base/bytes.js'
import type { OffsetOrFault } from '../base/fault.js'
import { MALFORMED, TRUNCATED } from '../base/fault.js'
import { MAX_HEADER_OPTIONS } from '../base/limits.js'
import type { Cursor } from './cursor.js'
import { LAYER_IEEE80211 } from './layer.js'

const LENGTH = 2
const PRESENT = 4
const RADIOTAP_MIN_LEN = 8
const PRESENT_TSFT = 1 << 0
const PRESENT_FLAGS = 1 << 1
const PRESENT_MORE = 0x8000_0000
const TSFT_LEN = 8
const FLAG_FCS = 0x10
const FLAG_PADDED = 0x20
const FCS_LEN = 4

/** Decodes the radiotap header at `off`, of its fields only Flags: frame check sequence and padding. @returns the offset of the 802.11 header, or a Fault */
export function decodeRadiotap(
  bytes: Uint8Array,
  off: number,
  end: number,
  cursor: Cursor,
): OffsetOrFault {
  if (end - off < RADIOTAP_MIN_LEN) return TRUNCATED
  const length = u16le(bytes, off + LENGTH)
  if (u8(bytes, off) !== 0 || length < RADIOTAP_MIN_LEN) return MALFORMED
  if (end - off < length) return TRUNCATED

  const headerEnd = off + length
  const present = u32le(bytes, off + PRESENT)
  let at = off + RADIOTAP_MIN_LEN
  let words = 1
  for (let word = present; word >= PRESENT_MORE; words++) {
    if (words > MAX_HEADER_OPTIONS || headerEnd - at < 4) return MALFORMED
    word = u32le(bytes, at)
    at += 4
  }
  if ((present & PRESENT_FLAGS) !== 0) {
    if ((present & PRESENT_TSFT) !== 0) at += (-(at - off) & 7) + TSFT_LEN
    if (at >= headerEnd) return MALFORMED
    const flags = u8(bytes, at)
    if ((flags & FLAG_FCS) !== 0) dropFcs(headerEnd, cursor)
    cursor.isPadded = (flags & FLAG_PADDED) !== 0
  }
  cursor.next = LAYER_IEEE80211
  return headerEnd
}

/** Takes the frame check sequence off the end, of which the snaplen may have cut some already. */
function dropFcs(headerEnd: number, cursor: Cursor): void {
  if (cursor.wireEnd - headerEnd < FCS_LEN) return
  cursor.wireEnd -= FCS_LEN
  if (cursor.end > cursor.wireEnd) cursor.end = cursor.wireEnd
}
