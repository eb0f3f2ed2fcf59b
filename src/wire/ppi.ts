// Per-Packet Information, LINKTYPE_PPI (192): https://www.tcpdump.org/linktypes/LINKTYPE_PPI.html; little-endian
//
//  +---------+-------+----------+-------+--------+-------
//  | version | flags | length 2 | DLT 4 | fields | frame      length counts header and fields
//  +---------+-------+----------+-------+--------+-------

import { u16le, u32le, u8 } from '../base/bytes.js'
import type { OffsetOrFault } from '../base/fault.js'
import { MALFORMED, TRUNCATED, UNSUPPORTED } from '../base/fault.js'
import type { Cursor } from './cursor.js'
import { LAYER_OTHER, LAYER_PPI } from './layer.js'
import { layerOfLinkType } from './link-type.js'

const LENGTH = 2
const DLT = 4
const PPI_HEADER_LEN = 8

/** Decodes the PPI header at `off`. @returns the offset of the frame, or a Fault */
export function decodePpi(
  bytes: Uint8Array,
  off: number,
  end: number,
  cursor: Cursor,
): OffsetOrFault {
  if (end - off < PPI_HEADER_LEN) return TRUNCATED
  const length = u16le(bytes, off + LENGTH)
  if (u8(bytes, off) !== 0 || length < PPI_HEADER_LEN) return MALFORMED
  if (end - off < length) return TRUNCATED
  const next = layerOfLinkType(u32le(bytes, off + DLT))
  if (next === LAYER_OTHER || next === LAYER_PPI) return UNSUPPORTED
  cursor.next = next
  return off + length
}
