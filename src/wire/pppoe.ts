// PPP over Ethernet, RFC 2516 §4
//
//  +-----+------+------+------------+--------+-----------
//  | ver | type | code | session id | length | PPP frame      version 1, type 1, code 0 in a session
//  +-----+------+------+------------+--------+-----------

import { u16, u8 } from '../base/bytes.js'
import type { OffsetOrFault } from '../base/fault.js'
import { MALFORMED, TRUNCATED, UNSUPPORTED } from '../base/fault.js'
import type { Cursor } from './cursor.js'
import { ENCAPSULATION_PPPOE } from './encapsulation.js'
import { LAYER_PPP } from './layer.js'

const CODE = 1
const LENGTH = 4
const PPPOE_HEADER_LEN = 6
const VERSION_AND_TYPE = 0x11

/** Decodes the PPPoE session header at `off`. @returns the offset of the PPP frame, or a Fault */
export function decodePppoe(
  bytes: Uint8Array,
  off: number,
  end: number,
  cursor: Cursor,
): OffsetOrFault {
  if (end - off < PPPOE_HEADER_LEN) return TRUNCATED
  if (u8(bytes, off) !== VERSION_AND_TYPE) return MALFORMED
  if (u8(bytes, off + CODE) !== 0) return UNSUPPORTED
  cursor.limit(off + PPPOE_HEADER_LEN, u16(bytes, off + LENGTH))
  cursor.encapsulation = ENCAPSULATION_PPPOE
  cursor.next = LAYER_PPP
  return off + PPPOE_HEADER_LEN
}
