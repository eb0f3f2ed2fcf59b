// Frame Relay, RFC 2427 §3, LINKTYPE_FRELAY (107); and as Cisco encapsulates it
//
//  +-------------+---------+------------+---------+---------
//  | address 2-4 | control | (padding 0)| NLPID 1 | payload      address: its last byte has bit 0 set
//  +-------------+---------+------------+---------+---------
//
//  +-------------+-------------+---------
//  | address 2-4 | EtherType 2 | payload                        Cisco
//  +-------------+-------------+---------

import { u16, u24, u8 } from '../base/bytes.js'
import type { OffsetOrFault } from '../base/fault.js'
import { MALFORMED, TRUNCATED, UNSUPPORTED } from '../base/fault.js'
import type { Cursor } from './cursor.js'
import {
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
  ETHERTYPE_MIN,
  LAYER_ETHERNET,
  LAYER_PPP,
} from './layer.js'

const MAX_ADDRESS_LEN = 4
const CONTROL_UI = 0x03
const NLPID_SNAP = 0x80
const NLPID_IPV6 = 0x8e
const NLPID_IPV4 = 0xcc
const NLPID_PPP = 0xcf
const SNAP_LEN = 5
const OUI_ETHERNET = 0x000000
/** Bridged frames (RFC 2427 §4.2); 802.3 with or without its frame check sequence. */
const OUI_BRIDGED = 0x0080c2
const BRIDGED_8023_WITH_FCS = 0x0001
const BRIDGED_8023 = 0x0007

/** Decodes the Frame Relay header at `off`. @returns the offset of the payload, or a Fault */
export function decodeFrameRelay(
  bytes: Uint8Array,
  off: number,
  end: number,
  cursor: Cursor,
): OffsetOrFault {
  let at = off
  for (let isLast = false; !isLast; at++) {
    if (at >= end) return TRUNCATED
    if (at - off === MAX_ADDRESS_LEN) return MALFORMED
    isLast = (u8(bytes, at) & 1) !== 0
  }
  if (at - off < 2) return MALFORMED
  if (end - at < 2) return TRUNCATED
  if (u8(bytes, at) !== CONTROL_UI) {
    const type = u16(bytes, at)
    if (type < ETHERTYPE_MIN) return UNSUPPORTED
    cursor.next = type
    return at + 2
  }
  at++
  if (u8(bytes, at) === 0) at++
  if (at >= end) return TRUNCATED
  const nlpid = u8(bytes, at++)
  if (nlpid === NLPID_IPV4) cursor.next = ETHERTYPE_IPV4
  else if (nlpid === NLPID_IPV6) cursor.next = ETHERTYPE_IPV6
  else if (nlpid === NLPID_PPP) cursor.next = LAYER_PPP
  else if (nlpid === NLPID_SNAP) return decodeSnap(bytes, at, end, cursor)
  else return UNSUPPORTED
  return at
}

function decodeSnap(bytes: Uint8Array, off: number, end: number, cursor: Cursor): OffsetOrFault {
  if (end - off < SNAP_LEN) return TRUNCATED
  const oui = u24(bytes, off)
  const type = u16(bytes, off + 3)
  if (oui === OUI_ETHERNET && type >= ETHERTYPE_MIN) cursor.next = type
  else if (oui === OUI_BRIDGED && (type === BRIDGED_8023 || type === BRIDGED_8023_WITH_FCS))
    cursor.next = LAYER_ETHERNET
  else return UNSUPPORTED
  return off + SNAP_LEN
}
