// Header of captures made on Juniper routers, LINKTYPE_JUNIPER_ETHER (178), _PPP (179), _FRELAY (180), _CHDLC (181), _ATM1
// (137), _ATM2 (135), _PPPOE (167), _PPPOE_ATM (168), and others: https://www.tcpdump.org/linktypes.html, JunOS "packet capture" file format
//
//  +-------------+---------+--------------------------+----------+--------------------------
//  | magic 3 MGC | flags 1 | (extensions: length 2 …) | (family 4 | cookie) frame or IP packet
//  +-------------+---------+--------------------------+----------+--------------------------
//
// Where the flag "no layer 2" is set, a protocol family in little-endian stands before the packet.

import { u16, u24, u8 } from '../base/bytes.js'
import type { OffsetOrFault } from '../base/fault.js'
import { MALFORMED, TRUNCATED, UNSUPPORTED } from '../base/fault.js'
import type { Cursor } from './cursor.js'
import {
  ETHERTYPE_MIN,
  LAYER_CISCO_HDLC,
  LAYER_ETHERNET,
  LAYER_FRAME_RELAY,
  LAYER_IP,
  LAYER_JUNIPER_ATM1,
  LAYER_JUNIPER_ATM2,
  LAYER_JUNIPER_ETHERNET,
  LAYER_JUNIPER_FRAME_RELAY,
  LAYER_JUNIPER_OTHER,
  LAYER_JUNIPER_PPP,
  LAYER_JUNIPER_TYPED,
  LAYER_LLC,
  LAYER_PPP,
} from './layer.js'
import { SAP_SNAP } from './llc.js'
import { CERTAIN, IMPLAUSIBLE, looksLikeIp } from './plausible.js'

const MAGIC = 0x4d4743
const FLAGS = 3
const HEADER_LEN = 4
const EXTENDED = 0x80
const NO_LAYER_2 = 0x02
const FAMILY_LEN = 4
const ATM1_COOKIE_LEN = 4
const ATM2_COOKIE_LEN = 8
const MAX_COOKIE_LEN = 16

/** Decodes the header at `off`, of the link type `layer`. @returns the offset of the frame or packet, or a Fault */
export function decodeJuniper(
  layer: number,
  bytes: Uint8Array,
  off: number,
  end: number,
  cursor: Cursor,
): OffsetOrFault {
  if (end - off < HEADER_LEN) return TRUNCATED
  if (u24(bytes, off) !== MAGIC) return MALFORMED
  const flags = u8(bytes, off + FLAGS)
  let at = off + HEADER_LEN
  if ((flags & EXTENDED) !== 0) {
    if (end - at < 2) return TRUNCATED
    at += 2 + u16(bytes, at)
  }
  if ((flags & NO_LAYER_2) !== 0) {
    cursor.next = LAYER_IP
    at += FAMILY_LEN
  } else if (layer === LAYER_JUNIPER_ETHERNET) cursor.next = LAYER_ETHERNET
  else if (layer === LAYER_JUNIPER_PPP) cursor.next = LAYER_PPP
  else if (layer === LAYER_JUNIPER_FRAME_RELAY) cursor.next = LAYER_FRAME_RELAY
  else if (layer === LAYER_JUNIPER_ATM1) return passCookie(bytes, at + ATM1_COOKIE_LEN, end, cursor)
  else if (layer === LAYER_JUNIPER_ATM2) return passCookie(bytes, at + ATM2_COOKIE_LEN, end, cursor)
  else if (layer === LAYER_JUNIPER_OTHER) return findIp(bytes, at, end, cursor)
  else if (layer === LAYER_JUNIPER_TYPED) {
    if (end - at < 2) return TRUNCATED
    cursor.next = u16(bytes, at)
    return cursor.next < ETHERTYPE_MIN ? UNSUPPORTED : at + 2
  } else cursor.next = LAYER_CISCO_HDLC
  return at > end ? TRUNCATED : at
}

/** Finds the IP packet behind a cookie of unknown length: one that its checksum, or its length, confirms. */
function findIp(bytes: Uint8Array, off: number, end: number, cursor: Cursor): OffsetOrFault {
  cursor.next = LAYER_IP
  for (let at = off; at <= off + MAX_COOKIE_LEN && at < end; at++)
    if (looksLikeIp(bytes, at, end, cursor.wireEnd) === CERTAIN) return at
  return end < cursor.wireEnd ? TRUNCATED : UNSUPPORTED
}

/** Tells what follows the cookie of an ATM interface: LLC with SNAP, or IP. */
export function passCookie(
  bytes: Uint8Array,
  off: number,
  end: number,
  cursor: Cursor,
): OffsetOrFault {
  if (end - off < 2) return TRUNCATED
  if (u16(bytes, off) === SAP_SNAP) cursor.next = LAYER_LLC
  else if (looksLikeIp(bytes, off, end, cursor.wireEnd) !== IMPLAUSIBLE) cursor.next = LAYER_IP
  else return UNSUPPORTED
  return off
}
