// Linux cooked capture, LINKTYPE_LINUX_SLL (113): https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL.html
//
//  +---------------+----------+-----------+-----------+------------+---------
//  | packet type 2 | ARPHRD 2 | addrlen 2 | address 8 | protocol 2 | payload
//  +---------------+----------+-----------+-----------+------------+---------

import { u16 } from '../base/bytes.js'
import type { OffsetOrFault } from '../base/fault.js'
import { TRUNCATED, UNSUPPORTED } from '../base/fault.js'
import type { Cursor } from './cursor.js'
import { ETHERTYPE_MIN, LAYER_IEEE80211, LAYER_LLC, LAYER_RADIOTAP } from './layer.js'

const ARPHRD = 2
const PROTOCOL = 14
const SLL_HEADER_LEN = 16
/** ETH_P_802_2 of linux/if_ether.h: the payload begins with an LLC header. */
const PROTOCOL_LLC = 0x0004
const ARPHRD_IEEE80211 = 801
const ARPHRD_IEEE80211_RADIOTAP = 803

/** Decodes the cooked header at `off`. @returns the offset of the payload, or a Fault */
export function decodeSll(
  bytes: Uint8Array,
  off: number,
  end: number,
  cursor: Cursor,
): OffsetOrFault {
  if (end - off < SLL_HEADER_LEN) return TRUNCATED
  const next = cookedPayload(u16(bytes, off + ARPHRD), u16(bytes, off + PROTOCOL))
  if (next < 0) return UNSUPPORTED
  cursor.next = next
  return off + SLL_HEADER_LEN
}

/** What follows a cooked header of this hardware type and protocol: a LAYER_ number, or UNSUPPORTED. */
export function cookedPayload(arphrd: number, protocol: number): number {
  if (arphrd === ARPHRD_IEEE80211_RADIOTAP) return LAYER_RADIOTAP
  if (arphrd === ARPHRD_IEEE80211) return LAYER_IEEE80211
  if (protocol >= ETHERTYPE_MIN) return protocol
  return protocol === PROTOCOL_LLC ? LAYER_LLC : UNSUPPORTED
}
