// Darwin packet tap, LINKTYPE_PKTAP (258): https://www.tcpdump.org/linktypes/LINKTYPE_PKTAP.html; little-endian
//
//  +----------+---------------+-------+----------------------+-------
//  | length 4 | record type 4 | DLT 4 | interface, process … | frame      length counts all before the frame
//  +----------+---------------+-------+----------------------+-------

import { u32le } from '../base/bytes.js'
import type { OffsetOrFault } from '../base/fault.js'
import { MALFORMED, TRUNCATED, UNSUPPORTED } from '../base/fault.js'
import type { Cursor } from './cursor.js'
import { LAYER_OTHER, LAYER_PKTAP } from './layer.js'
import { layerOfLinkType } from './link-type.js'

const RECORD_TYPE = 4
const DLT = 8
const PKTAP_MIN_LEN = 12
const RECORD_TYPE_PACKET = 1

/** Decodes the packet tap header at `off`. @returns the offset of the frame, or a Fault */
export function decodePktap(
  bytes: Uint8Array,
  off: number,
  end: number,
  cursor: Cursor,
): OffsetOrFault {
  if (end - off < PKTAP_MIN_LEN) return TRUNCATED
  const length = u32le(bytes, off)
  if (length < PKTAP_MIN_LEN) return MALFORMED
  if (end - off < length) return TRUNCATED
  if (u32le(bytes, off + RECORD_TYPE) !== RECORD_TYPE_PACKET) return UNSUPPORTED
  const next = layerOfLinkType(u32le(bytes, off + DLT))
  if (next === LAYER_OTHER || next === LAYER_PKTAP) return UNSUPPORTED
  cursor.next = next
  return off + length
}
