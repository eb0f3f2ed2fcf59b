// Network Service Header, RFC 8300 §2.2
//
//  +-----+---+---+-----+----------+---------+-----------+-----------------+----------------+----------
//  |Ver 2| O | U |TTL 6| length 6 | U4 MD 4 | next 1    | service path 3  | service index 1| context      length in units of 4 bytes
//  +-----+---+---+-----+----------+---------+-----------+-----------------+----------------+----------

import { u16, u8 } from '../base/bytes.js'
import type { OffsetOrFault } from '../base/fault.js'
import { MALFORMED, TRUNCATED, UNSUPPORTED } from '../base/fault.js'
import type { Cursor } from './cursor.js'
import { ENCAPSULATION_NSH } from './encapsulation.js'
import {
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
  ETHERTYPE_MPLS,
  ETHERTYPE_NSH,
  LAYER_ETHERNET,
  LAYER_OTHER,
} from './layer.js'

const NEXT_PROTOCOL = 3
const NSH_MIN_LEN = 8
const VERSION_SHIFT = 14
const LENGTH_MASK = 0x3f

/** Decodes the NSH at `off`. @returns the offset of the payload, or a Fault */
export function decodeNsh(
  bytes: Uint8Array,
  off: number,
  end: number,
  cursor: Cursor,
): OffsetOrFault {
  if (end - off < NSH_MIN_LEN) return TRUNCATED
  const base = u16(bytes, off)
  const length = (base & LENGTH_MASK) << 2
  if (base >> VERSION_SHIFT !== 0 || length < NSH_MIN_LEN) return MALFORMED
  if (end - off < length) return TRUNCATED
  const next = layerOfNextProtocol(u8(bytes, off + NEXT_PROTOCOL))
  if (next === LAYER_OTHER) return UNSUPPORTED
  cursor.encapsulation = ENCAPSULATION_NSH
  cursor.next = next
  return off + length
}

/** The numbers of payloads that NSH, VXLAN-GPE and LISP-GPE share (RFC 8300 §2.2, RFC 9305 §3). */
export function layerOfNextProtocol(next: number): number {
  switch (next) {
    case 1:
      return ETHERTYPE_IPV4
    case 2:
      return ETHERTYPE_IPV6
    case 3:
      return LAYER_ETHERNET
    case 4:
      return ETHERTYPE_NSH
    case 5:
      return ETHERTYPE_MPLS
    default:
      return LAYER_OTHER
  }
}
