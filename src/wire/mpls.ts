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
import { looksLikeEthernet } from './ethernet.js'
import { ETHERTYPE_IPV4, ETHERTYPE_IPV6, LAYER_ETHERNET } from './layer.js'

const LABEL_LEN = 4
const BOTTOM_OF_STACK = 0x01
const CONTROL_WORD_LEN = 4
/** An Ethernet header behind a control word, and the two octets after it. */
const LEAST_TO_TELL = 20
const IPV4_TOTAL_LENGTH = 2
const IPV4_HEADER_LEN = 20
const IPV6_PAYLOAD_LENGTH = 4
const IPV6_HEADER_LEN = 40

/**
 * Decodes the label stack at `off`. What follows is told by its first nibble: 4 and 6 are IP if the length fits,
 * 0 the control word of a pseudowire, and without one an Ethernet frame shows by its EtherType.
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

  const nibble = u8(bytes, at) >> 4
  const left = cursor.wireEnd - at
  if (nibble === 4 && looksLikeIpv4(bytes, at, left)) {
    cursor.next = ETHERTYPE_IPV4
    return at
  }
  if (nibble === 6 && looksLikeIpv6(bytes, at, left)) {
    cursor.next = ETHERTYPE_IPV6
    return at
  }
  cursor.next = LAYER_ETHERNET
  if (nibble === 0 && looksLikeEthernet(bytes, at + CONTROL_WORD_LEN, end)) {
    return at + CONTROL_WORD_LEN
  }
  if (looksLikeEthernet(bytes, at, end)) return at
  return UNSUPPORTED
}

/** A MAC address may begin with 4 too, so the total length must fit; 0 is the offload's. */
function looksLikeIpv4(bytes: Uint8Array, off: number, left: number): boolean {
  if ((u8(bytes, off) & 0x0f) < 5) return false
  const totalLength = u16(bytes, off + IPV4_TOTAL_LENGTH)
  return totalLength === 0 || (totalLength >= IPV4_HEADER_LEN && totalLength <= left)
}

function looksLikeIpv6(bytes: Uint8Array, off: number, left: number): boolean {
  return IPV6_HEADER_LEN + u16(bytes, off + IPV6_PAYLOAD_LENGTH) <= left
}
