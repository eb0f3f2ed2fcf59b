// Point-to-Point Protocol, RFC 1661 §2, in HDLC-like framing, RFC 1662 §3.1
//
//  +---------+---------+-------------+---------
//  | 0xff    | 0x03    | protocol 1-2| information     address and control may be left out (§3.2),
//  +---------+---------+-------------+---------         the protocol's zero byte too (RFC 1661 §6.5)

import { u16, u8 } from '../base/bytes.js'
import type { OffsetOrFault } from '../base/fault.js'
import { TRUNCATED, UNSUPPORTED } from '../base/fault.js'
import type { Cursor } from './cursor.js'
import {
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
  ETHERTYPE_MPLS,
  ETHERTYPE_MPLS_MULTICAST,
  LAYER_CISCO_HDLC,
  LAYER_PPP,
} from './layer.js'

const ADDRESS_AND_CONTROL = 0xff03
const PROTOCOL_IPV4 = 0x0021
const PROTOCOL_IPV6 = 0x0057
const PROTOCOL_MPLS = 0x0281
const PROTOCOL_MPLS_MULTICAST = 0x0283
const CISCO_UNICAST = 0x0f
const CISCO_BROADCAST = 0x8f

/** Decodes PPP at `off`: address and control if there, then the protocol. @returns the offset of the information, or a Fault */
export function decodePpp(
  bytes: Uint8Array,
  off: number,
  end: number,
  cursor: Cursor,
): OffsetOrFault {
  if (end - off < 2) return TRUNCATED
  let at = off
  if (u16(bytes, at) === ADDRESS_AND_CONTROL) {
    at += 2
    if (end - at < 2) return TRUNCATED
  }
  // Protocols are odd and their first byte is even, so an odd first byte is a compressed protocol.
  const isCompressed = (u8(bytes, at) & 1) === 1
  const protocol = isCompressed ? u8(bytes, at) : u16(bytes, at)
  if (protocol === PROTOCOL_IPV4) cursor.next = ETHERTYPE_IPV4
  else if (protocol === PROTOCOL_IPV6) cursor.next = ETHERTYPE_IPV6
  else if (protocol === PROTOCOL_MPLS) cursor.next = ETHERTYPE_MPLS
  else if (protocol === PROTOCOL_MPLS_MULTICAST) cursor.next = ETHERTYPE_MPLS_MULTICAST
  else return UNSUPPORTED
  return at + (isCompressed ? 1 : 2)
}

/** Tells PPP from Cisco HDLC, which share LINKTYPE_PPP_HDLC (50), by the first byte. @returns `off`, or a Fault */
export function decodePppHdlc(
  bytes: Uint8Array,
  off: number,
  end: number,
  cursor: Cursor,
): OffsetOrFault {
  if (end - off < 1) return TRUNCATED
  const address = u8(bytes, off)
  cursor.next =
    address === CISCO_UNICAST || address === CISCO_BROADCAST ? LAYER_CISCO_HDLC : LAYER_PPP
  return off
}

/** Passes the direction byte of LINKTYPE_PPP_WITH_DIR (204). @returns the offset of the PPP frame, or a Fault */
export function decodePppWithDirection(off: number, end: number, cursor: Cursor): OffsetOrFault {
  if (end - off < 1) return TRUNCATED
  cursor.next = LAYER_PPP
  return off + 1
}
