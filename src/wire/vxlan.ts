// Virtual eXtensible Local Area Network, RFC 7348 §5; Generic Protocol Extension, draft-ietf-nvo3-vxlan-gpe §3
//
//  +---------------+-----------------------------------+---------------+
//  |R R Ver I P B O|     reserved     | next protocol |     VNI 24, reserved 8
//  +---------------+-----------------------------------+---------------+
//
// Reserved bits are to be ignored, and extensions use them (0x80 is the group policy's). Bit 0x40 is left out of
// that: no extension sets it, and every QUIC packet does (RFC 9000 §17).

import { u8 } from '../base/bytes.js'
import type { OffsetOrFault } from '../base/fault.js'
import { TRUNCATED, UNSUPPORTED } from '../base/fault.js'
import type { Cursor } from './cursor.js'
import { ENCAPSULATION_VXLAN, ENCAPSULATION_VXLAN_GPE } from './encapsulation.js'
import { ETHERTYPE_IPV4, ETHERTYPE_IPV6, ETHERTYPE_MPLS, LAYER_ETHERNET } from './layer.js'

const NEXT_PROTOCOL = 3
const VXLAN_HEADER_LEN = 8
const QUIC_FIXED_BIT = 0x40
const VERSION_MASK = 0x30
const VNI_VALID = 0x08
const NEXT_PROTOCOL_PRESENT = 0x04
const OAM = 0x01
const NEXT_IPV4 = 1
const NEXT_IPV6 = 2
const NEXT_ETHERNET = 3
const NEXT_MPLS = 5

/** Decodes the VXLAN header at `off`. @returns the offset of the Ethernet frame; UNSUPPORTED where it is no VXLAN header */
export function decodeVxlan(
  bytes: Uint8Array,
  off: number,
  end: number,
  cursor: Cursor,
): OffsetOrFault {
  if (end - off < VXLAN_HEADER_LEN) return TRUNCATED
  if ((u8(bytes, off) & (VNI_VALID | QUIC_FIXED_BIT)) !== VNI_VALID) return UNSUPPORTED
  cursor.encapsulation = ENCAPSULATION_VXLAN
  cursor.next = LAYER_ETHERNET
  return off + VXLAN_HEADER_LEN
}

/** Decodes the VXLAN-GPE header at `off`. @returns the offset of the payload; UNSUPPORTED where it is no such header, or its payload is not looked into */
export function decodeVxlanGpe(
  bytes: Uint8Array,
  off: number,
  end: number,
  cursor: Cursor,
): OffsetOrFault {
  if (end - off < VXLAN_HEADER_LEN) return TRUNCATED
  const flags = u8(bytes, off)
  if ((flags & (VNI_VALID | QUIC_FIXED_BIT | VERSION_MASK | OAM)) !== VNI_VALID) return UNSUPPORTED
  const next =
    (flags & NEXT_PROTOCOL_PRESENT) === 0 ? NEXT_ETHERNET : u8(bytes, off + NEXT_PROTOCOL)
  if (next === NEXT_ETHERNET) cursor.next = LAYER_ETHERNET
  else if (next === NEXT_IPV4) cursor.next = ETHERTYPE_IPV4
  else if (next === NEXT_IPV6) cursor.next = ETHERTYPE_IPV6
  else if (next === NEXT_MPLS) cursor.next = ETHERTYPE_MPLS
  else return UNSUPPORTED
  cursor.encapsulation = ENCAPSULATION_VXLAN_GPE
  return off + VXLAN_HEADER_LEN
}
