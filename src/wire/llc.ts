// Logical link control, IEEE 802.2, with the SNAP header, IEEE 802 §9.5 (RFC 1042)
//
//  +------+------+---------+-------+-----------+---------
//  | DSAP | SSAP | control | OUI 3 | EtherType | payload      OUI and EtherType where DSAP and SSAP are 0xaa
//  +------+------+---------+-------+-----------+---------

import { u16, u24, u8 } from '../base/bytes.js'
import type { OffsetOrFault } from '../base/fault.js'
import { TRUNCATED, UNSUPPORTED } from '../base/fault.js'
import type { Cursor } from './cursor.js'
import { ETHERTYPE_IPV4, ETHERTYPE_MIN } from './layer.js'

const OUI = 3
const ETHERTYPE = 6
const LLC_HEADER_LEN = 3
const SNAP_HEADER_LEN = 8
/** DSAP and SSAP before a SNAP header. */
export const SAP_SNAP = 0xaaaa
const SAP_IP = 0x0606
const CONTROL_UI = 0x03
const OUI_ETHERNET = 0x000000
/** Bridge-tunnel encapsulation of 802.1H. */
const OUI_BRIDGE_TUNNEL = 0x0000f8

/** Decodes the LLC header at `off`, SNAP included. @returns the offset of the payload, or a Fault */
export function decodeLlc(
  bytes: Uint8Array,
  off: number,
  end: number,
  cursor: Cursor,
): OffsetOrFault {
  if (end - off < LLC_HEADER_LEN) return TRUNCATED
  if (u8(bytes, off + 2) !== CONTROL_UI) return UNSUPPORTED
  const saps = u16(bytes, off)
  if (saps === SAP_IP) {
    cursor.next = ETHERTYPE_IPV4
    return off + LLC_HEADER_LEN
  }
  if (saps !== SAP_SNAP) return UNSUPPORTED
  if (end - off < SNAP_HEADER_LEN) return TRUNCATED
  const oui = u24(bytes, off + OUI)
  if (oui !== OUI_ETHERNET && oui !== OUI_BRIDGE_TUNNEL) return UNSUPPORTED
  const type = u16(bytes, off + ETHERTYPE)
  if (type < ETHERTYPE_MIN) return UNSUPPORTED
  cursor.next = type
  return off + SNAP_HEADER_LEN
}
