// Ethernet in IP (protocol 97), RFC 3378 §3; MikroTik's EoIPv6 puts its tunnel's number into the reserved bits
//
//  +-----------+-------------+----------------
//  | version 4 | reserved 12 | Ethernet frame      version 3, in the upper or (MikroTik) the lower half of the first byte
//  +-----------+-------------+----------------

import { u8 } from '../base/bytes.js'
import type { OffsetOrFault } from '../base/fault.js'
import { MALFORMED, TRUNCATED } from '../base/fault.js'
import type { Cursor } from './cursor.js'
import { ENCAPSULATION_ETHERIP } from './encapsulation.js'
import { LAYER_ETHERNET } from './layer.js'

const ETHERIP_HEADER_LEN = 2
const VERSION = 3

/** Decodes the EtherIP header at `off`. @returns the offset of the frame, or a Fault */
export function decodeEtherip(
  bytes: Uint8Array,
  off: number,
  end: number,
  cursor: Cursor,
): OffsetOrFault {
  if (end - off < ETHERIP_HEADER_LEN) return TRUNCATED
  const first = u8(bytes, off)
  if (first >> 4 !== VERSION && (first & 0x0f) !== VERSION) return MALFORMED
  cursor.encapsulation = ENCAPSULATION_ETHERIP
  cursor.next = LAYER_ETHERNET
  return off + ETHERIP_HEADER_LEN
}
