// MPLS label stack, RFC 3032 §2.1, and pseudowires, RFC 4385 §3, RFC 4448 §4.6
//
//  +----------+----+---+-----+
//  | label 20 | TC | S | TTL |  ... until S is set; then a packet whose kind no field tells
//  +----------+----+---+-----+

import { u16, u8 } from '../base/bytes.js'
import type { OffsetOrFault } from '../base/fault.js'
import { MALFORMED, TRUNCATED, UNSUPPORTED } from '../base/fault.js'
import { MAX_MPLS_LABELS } from '../base/limits.js'
import type { Cursor } from './cursor.js'
import { ENCAPSULATION_MPLS } from './encapsulation.js'
import { ETHERTYPE_IPV4, ETHERTYPE_IPV6, LAYER_ETHERNET, LAYER_PPP } from './layer.js'
import { CERTAIN, IMPLAUSIBLE, looksLikeEthernet, looksLikeIp } from './plausible.js'

const LABEL_LEN = 4
const BOTTOM_OF_STACK = 0x01
const CONTROL_WORD_LEN = 4
/** An Ethernet header behind a control word, and the two bytes after it. */
const LEAST_TO_TELL = 20
/** A control word, an Ethernet header with a tag, and an IPv6 header. */
const ENOUGH_TO_TELL = 64
const PPP_IPV4 = 0x0021
const PPP_IPV6 = 0x0057

/**
 * Decodes the label stack at `off`. No field names what follows: an IP packet, or a frame of a pseudowire, with
 * or without a control word.
 *
 * @returns the offset of the packet, or a Fault
 */
export function decodeMpls(
  bytes: Uint8Array,
  off: number,
  end: number,
  cursor: Cursor,
): OffsetOrFault {
  let at = off
  let isBottom = false
  for (let i = 0; !isBottom; i++) {
    if (i === MAX_MPLS_LABELS) return MALFORMED
    if (end - at < LABEL_LEN) return TRUNCATED
    isBottom = (u8(bytes, at + 2) & BOTTOM_OF_STACK) !== 0
    at += LABEL_LEN
  }
  if (end - at < LEAST_TO_TELL) return TRUNCATED
  cursor.encapsulation = ENCAPSULATION_MPLS

  return tellPayload(bytes, at, end, cursor)
}

/**
 * Tells what a label stack carries. The first nibble names IPv4 and IPv6, but a MAC address may begin with 4 and 6 as well, so
 * the reading that its own lengths and checksum confirm wins.
 */
function tellPayload(bytes: Uint8Array, off: number, end: number, cursor: Cursor): OffsetOrFault {
  const { wireEnd } = cursor
  const nibble = u8(bytes, off) >> 4
  const word = off + CONTROL_WORD_LEN
  const ip = nibble === 4 || nibble === 6 ? looksLikeIp(bytes, off, end, wireEnd) : IMPLAUSIBLE
  const frame = looksLikeEthernet(bytes, off, end, wireEnd)
  // The control word of a pseudowire begins with a nibble of 0 (RFC 4385 §3).
  const inWord = nibble === 0 ? looksLikeEthernet(bytes, word, end, wireEnd) : IMPLAUSIBLE
  if (ip !== IMPLAUSIBLE && (ip === CERTAIN || frame !== CERTAIN)) {
    cursor.next = nibble === 4 ? ETHERTYPE_IPV4 : ETHERTYPE_IPV6
    return off
  }
  cursor.next = LAYER_ETHERNET
  if (inWord !== IMPLAUSIBLE && (inWord === CERTAIN || frame !== CERTAIN)) return word
  if (frame !== IMPLAUSIBLE) return off
  return tellPpp(bytes, off, end, cursor)
}

/** PPP pseudowires (RFC 4618 §2) carry the protocol, with or without a control word. */
function tellPpp(bytes: Uint8Array, off: number, end: number, cursor: Cursor): OffsetOrFault {
  for (let at = off; at <= off + CONTROL_WORD_LEN; at += CONTROL_WORD_LEN) {
    const protocol = u16(bytes, at)
    const isPpp = protocol === PPP_IPV4 || protocol === PPP_IPV6
    if (!isPpp || looksLikeIp(bytes, at + 2, end, cursor.wireEnd) === IMPLAUSIBLE) continue
    cursor.next = LAYER_PPP
    return at
  }
  return end < cursor.wireEnd && end - off < ENOUGH_TO_TELL ? TRUNCATED : UNSUPPORTED
}
