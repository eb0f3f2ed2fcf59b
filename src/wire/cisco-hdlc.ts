// Cisco HDLC, RFC 1547 §4.3.1, LINKTYPE_C_HDLC (104)
//
//  +---------+---------+-------------+---------
//  | address | control | EtherType 2 | payload
//  +---------+---------+-------------+---------

import { u16 } from '../base/bytes.js'
import type { OffsetOrFault } from '../base/fault.js'
import { TRUNCATED, UNSUPPORTED } from '../base/fault.js'
import type { Cursor } from './cursor.js'
import { ETHERTYPE_MIN } from './layer.js'

const TYPE = 2
const CISCO_HDLC_HEADER_LEN = 4

/** Decodes the Cisco HDLC header at `off`. @returns the offset of the payload, or a Fault */
export function decodeCiscoHdlc(
  bytes: Uint8Array,
  off: number,
  end: number,
  cursor: Cursor,
): OffsetOrFault {
  if (end - off < CISCO_HDLC_HEADER_LEN) return TRUNCATED
  const type = u16(bytes, off + TYPE)
  if (type < ETHERTYPE_MIN) return UNSUPPORTED
  cursor.next = type
  return off + CISCO_HDLC_HEADER_LEN
}
