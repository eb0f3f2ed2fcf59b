// Layer Two Tunneling Protocol, over UDP 1701 and, version 3 only, over IP 115
//
//   version 2, RFC 2661 §3.1   | T L x x S x O P … ver 4 | (length 2) | tunnel 2 | session 2 | (Ns 2, Nr 2) | (offset 2, pad) | PPP
//   version 3, RFC 3931 §4.1   | T … ver 4 | reserved 2 |       over UDP only
//                              | session 4 | (cookie 4 or 8) | (sublayer 4) | payload

import { u16, u32 } from '../base/bytes.js'
import type { OffsetOrFault } from '../base/fault.js'
import { TRUNCATED, UNSUPPORTED } from '../base/fault.js'
import type { Cursor } from './cursor.js'
import { ENCAPSULATION_L2TP, ENCAPSULATION_L2TPV3 } from './encapsulation.js'
import { LAYER_ETHERNET, LAYER_IP, LAYER_PPP } from './layer.js'
import { CERTAIN, IMPLAUSIBLE, POSSIBLE, looksLikeEthernet, looksLikeIp } from './plausible.js'

const CONTROL = 0x8000
const LENGTH_PRESENT = 0x4000
const SEQUENCE_PRESENT = 0x0800
const OFFSET_PRESENT = 0x0200
/** Bits that are 0 in both versions (RFC 2661 §3.1). */
const RESERVED = 0x34f0
const VERSION_MASK = 0x000f
const V3_UDP_HEADER_LEN = 4
const SESSION_LEN = 4
/** Cookie and sublayer together. */
const MAX_COOKIE_AND_SUBLAYER_LEN = 12
const PPP_ADDRESS_AND_CONTROL = 0xff03
const PPP_IPV4 = 0x0021
const PPP_IPV6 = 0x0057

/** Decodes the L2TP header of the datagram at `off`. @returns the offset of the payload; UNSUPPORTED for control messages and where it is no such header */
export function decodeL2tpOverUdp(
  bytes: Uint8Array,
  off: number,
  end: number,
  cursor: Cursor,
): OffsetOrFault {
  if (end - off < 6) return TRUNCATED
  const flags = u16(bytes, off)
  if ((flags & (CONTROL | RESERVED)) !== 0) return UNSUPPORTED
  const version = flags & VERSION_MASK
  if (version === 3) return decodeL2tpv3(bytes, off + V3_UDP_HEADER_LEN, end, cursor)
  if (version !== 2) return UNSUPPORTED

  let at = off + 2
  if ((flags & LENGTH_PRESENT) !== 0) {
    const length = u16(bytes, at)
    if (off + length > cursor.wireEnd) return UNSUPPORTED
    cursor.limit(off, length)
    at += 2
  }
  at += 4
  if ((flags & SEQUENCE_PRESENT) !== 0) at += 4
  if ((flags & OFFSET_PRESENT) !== 0) {
    if (cursor.end - at < 2) return TRUNCATED
    at += 2 + u16(bytes, at)
  }
  if (at > cursor.end) return TRUNCATED
  cursor.encapsulation = ENCAPSULATION_L2TP
  cursor.next = LAYER_PPP
  return at
}

/**
 * Decodes the data message at `off`, which begins with the session. How long its cookie is and what it carries was agreed
 * upon before, so the payload tells: the reading wins that the payload's own lengths confirm.
 *
 * @returns the offset of the payload; UNSUPPORTED for control messages and where nothing known follows
 */
export function decodeL2tpv3(
  bytes: Uint8Array,
  off: number,
  end: number,
  cursor: Cursor,
): OffsetOrFault {
  if (end - off < SESSION_LEN) return TRUNCATED
  if (u32(bytes, off) === 0) return UNSUPPORTED
  const first = off + SESSION_LEN
  for (let least = CERTAIN; least >= POSSIBLE; least--) {
    for (let at = first; at <= first + MAX_COOKIE_AND_SUBLAYER_LEN && at < end; at += 4) {
      const next = tellPayload(bytes, at, end, cursor.wireEnd, least)
      if (next === 0) continue
      cursor.encapsulation = ENCAPSULATION_L2TPV3
      cursor.next = next
      return at
    }
  }
  return end < cursor.wireEnd ? TRUNCATED : UNSUPPORTED
}

/** What stands at `off` by at least `least`: a LAYER_ number, or 0. */
function tellPayload(
  bytes: Uint8Array,
  off: number,
  end: number,
  wireEnd: number,
  least: number,
): number {
  const ip = looksLikeIp(bytes, off, end, wireEnd)
  if (ip !== IMPLAUSIBLE && ip >= least) return LAYER_IP
  const frame = looksLikeEthernet(bytes, off, end, wireEnd)
  if (frame !== IMPLAUSIBLE && frame >= least) return LAYER_ETHERNET
  if (end - off < 4) return 0
  const at = u16(bytes, off) === PPP_ADDRESS_AND_CONTROL ? off + 2 : off
  const protocol = u16(bytes, at)
  if (protocol !== PPP_IPV4 && protocol !== PPP_IPV6) return 0
  const inPpp = looksLikeIp(bytes, at + 2, end, wireEnd)
  return inPpp !== IMPLAUSIBLE && inPpp >= least ? LAYER_PPP : 0
}
