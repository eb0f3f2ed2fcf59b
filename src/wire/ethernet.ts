// Ethernet, IEEE 802.3 §3.2
//
//  +-----------+-----------+-------------+---------
//  | dst MAC 6 | src MAC 6 | type/length | payload
//  +-----------+-----------+-------------+---------

import { u16 } from '../base/bytes.js'
import type { OffsetOrFault } from '../base/fault.js'
import { TRUNCATED, UNSUPPORTED } from '../base/fault.js'
import type { Cursor } from './cursor.js'
import { ETHERTYPE_MIN, LAYER_LLC } from './layer.js'

const SRC = 6
const TYPE = 12
export const ETHERNET_HEADER_LEN = 14
/** Values up to this are the length of an 802.3 frame, not an EtherType (IEEE 802.3 §3.2.6). */
const MAX_LENGTH = 1500

/** Decodes the Ethernet header at `off`. @returns the offset of the payload, or a Fault */
export function decodeEthernet(
  bytes: Uint8Array,
  off: number,
  end: number,
  cursor: Cursor,
): OffsetOrFault {
  if (end - off < ETHERNET_HEADER_LEN) return TRUNCATED
  cursor.srcMacOff = off + SRC
  return decodeTypeOrLength(bytes, off + TYPE, cursor)
}

/**
 * Decodes the two bytes at `off` that are either an EtherType or the length of an LLC payload.
 *
 * @returns the offset past them, or UNSUPPORTED for values that are neither
 */
export function decodeTypeOrLength(bytes: Uint8Array, off: number, cursor: Cursor): OffsetOrFault {
  const type = u16(bytes, off)
  if (type >= ETHERTYPE_MIN) {
    cursor.next = type
    return off + 2
  }
  if (type > MAX_LENGTH) return UNSUPPORTED
  cursor.next = LAYER_LLC
  // Padding of a short frame follows the length and is no payload.
  if (off + 2 + type < cursor.wireEnd) cursor.limit(off + 2, type)
  return off + 2
}
