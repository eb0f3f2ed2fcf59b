// Encapsulated remote mirroring of HP (ProCurve, Aruba) switches, UDP 7932: 12 bytes, then the mirrored Ethernet frame.

import type { OffsetOrFault } from '../base/fault.js'
import { TRUNCATED, UNSUPPORTED } from '../base/fault.js'
import type { Cursor } from './cursor.js'
import { ENCAPSULATION_HP_ERM } from './encapsulation.js'
import { LAYER_ETHERNET } from './layer.js'
import { IMPLAUSIBLE, looksLikeEthernet } from './plausible.js'

const HP_ERM_HEADER_LEN = 12

/** Passes the header at `off`. @returns the offset of the frame; UNSUPPORTED where none that is decoded follows */
export function decodeHpErm(
  bytes: Uint8Array,
  off: number,
  end: number,
  cursor: Cursor,
): OffsetOrFault {
  const at = off + HP_ERM_HEADER_LEN
  if (at >= end) return TRUNCATED
  if (looksLikeEthernet(bytes, at, end, cursor.wireEnd) === IMPLAUSIBLE)
    return end < cursor.wireEnd ? TRUNCATED : UNSUPPORTED
  cursor.encapsulation = ENCAPSULATION_HP_ERM
  cursor.next = LAYER_ETHERNET
  return at
}
