// VLAN tag, IEEE 802.1Q §9.6
//
//  +-----+-----+--------+-------------+---------
//  | PCP | DEI | VID 12 | type/length | payload
//  +-----+-----+--------+-------------+---------

import { u16 } from '../base/bytes.js'
import type { OffsetOrFault } from '../base/fault.js'
import { TRUNCATED } from '../base/fault.js'
import type { Packet } from '../model/packet.js'
import type { Cursor } from './cursor.js'
import { decodeTypeOrLength } from './ethernet.js'

const TYPE = 2
const VID_MASK = 0x0fff
export const VLAN_TAG_LEN = 4

/** Decodes the VLAN tag after its EtherType; the first one of a frame is `packet.vlan`. @returns the offset past it, or a Fault */
export function decodeVlan(
  bytes: Uint8Array,
  off: number,
  end: number,
  cursor: Cursor,
  packet: Packet,
): OffsetOrFault {
  if (end - off < VLAN_TAG_LEN) return TRUNCATED
  if (packet.vlan < 0) packet.vlan = u16(bytes, off) & VID_MASK
  return decodeTypeOrLength(bytes, off + TYPE, cursor)
}
