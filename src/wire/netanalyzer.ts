// hilscher netANALYZER, LINKTYPE_NETANALYZER (240) and _TRANSPARENT (241): https://www.tcpdump.org/linktypes.html
//
//  +--------+----------------------+----------------+-----
//  | word 4 | (preamble, SFD 0xd5) | Ethernet frame | FCS 4
//  +--------+----------------------+----------------+-----

import { u8 } from '../base/bytes.js'
import type { OffsetOrFault } from '../base/fault.js'
import { MALFORMED, TRUNCATED } from '../base/fault.js'
import type { Cursor } from './cursor.js'
import { LAYER_ETHERNET } from './layer.js'

const WORD_LEN = 4
const SFD = 0xd5
const MAX_PREAMBLE_LEN = 16

/** Passes the word before a frame, and its preamble where that is captured. @returns the offset of the frame, or a Fault */
export function decodeNetanalyzer(
  bytes: Uint8Array,
  off: number,
  end: number,
  isTransparent: boolean,
  cursor: Cursor,
): OffsetOrFault {
  let at = off + WORD_LEN
  if (at > end) return TRUNCATED
  cursor.next = LAYER_ETHERNET
  if (!isTransparent) return at
  for (const stop = at + MAX_PREAMBLE_LEN; at < stop; at++) {
    if (at >= end) return TRUNCATED
    if (u8(bytes, at) === SFD) return at + 1
  }
  return MALFORMED
}
