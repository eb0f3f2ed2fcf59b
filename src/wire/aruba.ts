// Aruba's tunnels between access point and controller: GRE protocols 0x8200 to 0x83f0 in steps of 16, and 0x9000, by BSSID. Inside is
// an 802.11 frame, or an Ethernet one where the access point decrypts.

import type { OffsetOrFault } from '../base/fault.js'
import { TRUNCATED } from '../base/fault.js'
import type { Cursor } from './cursor.js'
import { ENCAPSULATION_GRE } from './encapsulation.js'
import { LAYER_ETHERNET, LAYER_IEEE80211 } from './layer.js'
import { IMPLAUSIBLE, looksLikeEthernet } from './plausible.js'

const FIRST = 0x8200
const LAST = 0x83ff
const WITHOUT_BSSID = 0x9000

/** Whether a GRE protocol is one of Aruba's. */
export function isArubaType(type: number): boolean {
  return (type >= FIRST && type <= LAST) || type === WITHOUT_BSSID
}

/** Tells which of the two frames stands at `off`. @returns `off`, or a Fault */
export function tellAruba(
  bytes: Uint8Array,
  off: number,
  end: number,
  cursor: Cursor,
): OffsetOrFault {
  if (off >= end) return TRUNCATED
  const isEthernet = looksLikeEthernet(bytes, off, end, cursor.wireEnd) !== IMPLAUSIBLE
  cursor.encapsulation = ENCAPSULATION_GRE
  cursor.next = isEthernet ? LAYER_ETHERNET : LAYER_IEEE80211
  return off
}
