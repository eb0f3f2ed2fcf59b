// Virtual eXtensible Local Area Network, RFC 7348 §5; Generic Protocol Extension, draft-ietf-nvo3-vxlan-gpe §3
//
//  +---------------+-----------------------------------+---------------+
//  |R R Ver I P B O|     reserved     | next protocol |     VNI 24, reserved 8
//  +---------------+-----------------------------------+---------------+
//
// Reserved bits are to be ignored, and extensions use them (0x80 is the group policy's). Bit 0x40 is left out of
// that: no extension sets it, and every QUIC packet does (RFC 9000 §17).

import { u32, u8 } from '../base/bytes.js'
import type { OffsetOrFault } from '../base/fault.js'
import { TRUNCATED, UNSUPPORTED } from '../base/fault.js'
import type { Cursor } from './cursor.js'
import { ENCAPSULATION_VXLAN, ENCAPSULATION_VXLAN_GPE } from './encapsulation.js'
import { LAYER_ETHERNET, LAYER_OTHER } from './layer.js'
import { layerOfNextProtocol } from './nsh.js'
import { CERTAIN, IMPLAUSIBLE, looksLikeEthernet } from './plausible.js'

const NEXT_PROTOCOL = 3
const VXLAN_HEADER_LEN = 8
const VNI_END = 7
const I_FLAG_ALONE = 0x0800_0000
/** Flags of draft-smith-vxlan-group-policy §2.1: G and I. */
const GROUP_POLICY = 0x8800
const QUIC_FIXED_BIT = 0x40
const VERSION_MASK = 0x30
const VNI_VALID = 0x08
const NEXT_PROTOCOL_PRESENT = 0x04
const OAM = 0x01
const NEXT_ETHERNET = 3

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

/**
 * Whether the datagram `bytes[off, end)` begins with a VXLAN header beyond doubt, whatever its port: the I bit and the group
 * policy's alone are set, what is reserved is 0, and an Ethernet frame follows whose IP packet is whole and in order.
 */
export function isVxlan(bytes: Uint8Array, off: number, end: number, wireEnd: number): boolean {
  if (end - off < VXLAN_HEADER_LEN || u8(bytes, off + VNI_END) !== 0) return false
  const flags = u32(bytes, off)
  const isGroup = flags >>> 16 === GROUP_POLICY
  if (flags !== I_FLAG_ALONE && !isGroup) return false
  return looksLikeEthernet(bytes, off + VXLAN_HEADER_LEN, end, wireEnd) === CERTAIN
}

/**
 * Decodes the header of Cisco's iVXLAN, the fabric's own: as VXLAN, but that the source group and the load balancing bits are
 * set as well.
 *
 * @returns the offset of the Ethernet frame; UNSUPPORTED where it is no such header
 */
export function decodeIvxlan(
  bytes: Uint8Array,
  off: number,
  end: number,
  cursor: Cursor,
): OffsetOrFault {
  if (end - off < VXLAN_HEADER_LEN) return TRUNCATED
  if ((u8(bytes, off) & VNI_VALID) === 0) return UNSUPPORTED
  const at = off + VXLAN_HEADER_LEN
  if (looksLikeEthernet(bytes, at, end, cursor.wireEnd) === IMPLAUSIBLE) return UNSUPPORTED
  cursor.encapsulation = ENCAPSULATION_VXLAN
  cursor.next = LAYER_ETHERNET
  return at
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
  const layer = layerOfNextProtocol(next)
  if (layer === LAYER_OTHER) return UNSUPPORTED
  cursor.next = layer
  cursor.encapsulation = ENCAPSULATION_VXLAN_GPE
  return off + VXLAN_HEADER_LEN
}
