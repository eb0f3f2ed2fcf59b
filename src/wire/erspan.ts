// Encapsulated Remote Switch Port Analyzer, draft-foschiano-erspan-03 §4
//
//  type I    no header at all
//  type II   | ver 4 | vlan 12 | cos en t session 16 | reserved 12 | index 20 |
//  type III  | ver 4 | vlan 12 | cos bso t session 16 | timestamp 32 | sgt 16 | P 1 | FT 5 | hw 6 | D 1 | gra 2 | O 1 |
//            and, where O is set, a platform specific subheader of 8 bytes

import { u16, u8 } from '../base/bytes.js'
import type { OffsetOrFault } from '../base/fault.js'
import { MALFORMED, TRUNCATED, UNSUPPORTED } from '../base/fault.js'
import type { Cursor } from './cursor.js'
import { ENCAPSULATION_ERSPAN } from './encapsulation.js'
import { LAYER_ETHERNET, LAYER_IP } from './layer.js'

const TYPE_II_HEADER_LEN = 8
const TYPE_III_HEADER_LEN = 12
const SUBHEADER_LEN = 8
const VERSION_II = 1
const VERSION_III = 2
const TYPE_III_FLAGS = 10
const SUBHEADER_PRESENT = 0x0001
const FRAME_TYPE_SHIFT = 10
const FRAME_TYPE_MASK = 0x1f
const FRAME_TYPE_ETHERNET = 0
const FRAME_TYPE_IP = 2

/** Decodes the ERSPAN header at `off`, of the type the GRE header before it told. @returns the offset of the mirrored frame, or a Fault */
export function decodeErspan(
  bytes: Uint8Array,
  off: number,
  end: number,
  cursor: Cursor,
): OffsetOrFault {
  cursor.encapsulation = ENCAPSULATION_ERSPAN
  cursor.next = LAYER_ETHERNET
  if (!cursor.isErspanIII && !cursor.hasSequence) return off

  const headerLen = cursor.isErspanIII ? TYPE_III_HEADER_LEN : TYPE_II_HEADER_LEN
  if (end - off < headerLen) return TRUNCATED
  const version = u8(bytes, off) >> 4
  if (version !== (cursor.isErspanIII ? VERSION_III : VERSION_II)) return MALFORMED
  if (!cursor.isErspanIII) return off + headerLen

  const flags = u16(bytes, off + TYPE_III_FLAGS)
  const frameType = (flags >> FRAME_TYPE_SHIFT) & FRAME_TYPE_MASK
  if (frameType === FRAME_TYPE_IP) cursor.next = LAYER_IP
  else if (frameType !== FRAME_TYPE_ETHERNET) return UNSUPPORTED
  const at = off + headerLen + ((flags & SUBHEADER_PRESENT) !== 0 ? SUBHEADER_LEN : 0)
  return at > end ? TRUNCATED : at
}
