// Ethernet, IEEE 802.3 §3.2
//
//  +-----------+-----------+-------------+---------
//  | dst MAC 6 | src MAC 6 | type/length | payload
//  +-----------+-----------+-------------+---------

import { u16 } from '../base/bytes.js'
import type { OffsetOrFault } from '../base/fault.js'
import { TRUNCATED, UNSUPPORTED } from '../base/fault.js'
import type { Cursor } from './cursor.js'
import { SAP_SNAP } from './llc.js'
import { ETHERTYPE_ARP, ETHERTYPE_MIN, LAYER_LLC, isDecodedEtherType } from './layer.js'

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
  return decodeTypeOrLength(bytes, off + TYPE, cursor)
}

/**
 * Decodes the two octets at `off` that are either an EtherType or the length of an LLC payload.
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

/**
 * Whether the octets at `off` could be an Ethernet header, judged by an EtherType that is looked into, ARP's, or a
 * length with the SNAP header behind it. For payloads no header names.
 */
export function looksLikeEthernet(bytes: Uint8Array, off: number, end: number): boolean {
  if (end - off < ETHERNET_HEADER_LEN + 2) return false
  const type = u16(bytes, off + TYPE)
  if (type > MAX_LENGTH) return isDecodedEtherType(type) || type === ETHERTYPE_ARP
  return u16(bytes, off + ETHERNET_HEADER_LEN) === SAP_SNAP
}
