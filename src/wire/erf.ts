// Extensible Record Format of Endace, LINKTYPE_ERF (197): https://www.endace.com/erf-extensible-record-format-types.pdf
//
//  +--------------+--------+---------+----------+-----------+---------+------------------+----------------------
//  | time stamp 8 | type 1 | flags 1 | length 2 | colour 2  | wire 2  | extensions, 8 each | (pad 2 or 4) frame
//  +--------------+--------+---------+----------+-----------+---------+------------------+----------------------
//
// The top bit of the type, and of the first byte of each extension, says that an extension follows.

import { u16, u8 } from '../base/bytes.js'
import type { OffsetOrFault } from '../base/fault.js'
import { MALFORMED, TRUNCATED, UNSUPPORTED } from '../base/fault.js'
import { MAX_HEADER_OPTIONS } from '../base/limits.js'
import type { Cursor } from './cursor.js'
import {
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
  LAYER_AAL5,
  LAYER_ETHERNET,
  LAYER_PPP_HDLC,
} from './layer.js'

const TYPE = 8
const LENGTH = 10
const ERF_HEADER_LEN = 16
const EXTENSION_LEN = 8
const MORE = 0x80
const TYPE_MASK = 0x7f

/** Decodes the ERF header at `off`. @returns the offset of the frame, or a Fault */
export function decodeErf(
  bytes: Uint8Array,
  off: number,
  end: number,
  cursor: Cursor,
): OffsetOrFault {
  if (end - off < ERF_HEADER_LEN) return TRUNCATED
  const type = u8(bytes, off + TYPE)
  const length = u16(bytes, off + LENGTH)
  let at = off + ERF_HEADER_LEN
  let hasMore = (type & MORE) !== 0
  for (let i = 0; hasMore; i++) {
    if (i === MAX_HEADER_OPTIONS) return MALFORMED
    if (end - at < EXTENSION_LEN) return TRUNCATED
    hasMore = (u8(bytes, at) & MORE) !== 0
    at += EXTENSION_LEN
  }
  const padding = decodeType(type & TYPE_MASK, cursor)
  if (padding < 0) return UNSUPPORTED
  at += padding
  if (off + length < at) return MALFORMED
  if (at > end) return TRUNCATED
  return at
}

/** Sets what a record of this type holds. @returns the bytes before it, or UNSUPPORTED */
function decodeType(type: number, cursor: Cursor): OffsetOrFault {
  switch (type) {
    // ETH, COLOR_ETH, DSM_COLOR_ETH, COLOR_HASH_ETH: an offset and a padding byte
    case 2:
    case 11:
    case 16:
    case 20:
      cursor.next = LAYER_ETHERNET
      return 2
    // HDLC_POS, COLOR_HDLC_POS, DSM_COLOR_HDLC_POS, COLOR_HASH_POS
    case 1:
    case 10:
    case 15:
    case 19:
      cursor.next = LAYER_PPP_HDLC
      return 0
    // MC_HDLC, COLOR_MC_HDLC_POS: a word about the channel
    case 5:
    case 17:
      cursor.next = LAYER_PPP_HDLC
      return 4
    // AAL5, and MC_AAL5 with a word about the channel
    case 4:
      cursor.next = LAYER_AAL5
      return 0
    case 9:
      cursor.next = LAYER_AAL5
      return 4
    case 22:
      cursor.next = ETHERTYPE_IPV4
      return 0
    case 23:
      cursor.next = ETHERTYPE_IPV6
      return 0
    default:
      return UNSUPPORTED
  }
}
