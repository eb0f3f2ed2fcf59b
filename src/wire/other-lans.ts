// Link layers of LANs other than Ethernet
//
//   LINKTYPE_FDDI (10)         | control 1 | dst 6 | src 6 | LLC                               ANSI X3.139
//   LINKTYPE_IEEE802_5 (6)     | access 1 | control 1 | dst 6 | src 6 | (routing 2-30) | LLC   IEEE 802.5
//   LINKTYPE_IP_OVER_FC (122)  | dst 8 | src 8 | LLC                                           RFC 2625
//   LINKTYPE_IPOIB (242)       | dst 20 | src 20 | EtherType 2 | reserved 2                    RFC 4391 §6
//   LINKTYPE_APPLE_IP_OVER_IEEE1394 (138)  | dst 8 | src 8 | EtherType 2                       RFC 2734

import { u16, u8 } from '../base/bytes.js'
import type { OffsetOrFault } from '../base/fault.js'
import { MALFORMED, TRUNCATED, UNSUPPORTED } from '../base/fault.js'
import type { Cursor } from './cursor.js'
import { ETHERTYPE_MIN, LAYER_LLC } from './layer.js'

const FDDI_LEN = 13
const FDDI_SRC = 7
/** Frames with an LLC payload: 0b01 in these bits of the control byte. */
const FDDI_TYPE_MASK = 0x30
const FDDI_LLC = 0x10
const TOKEN_RING_LEN = 14
const TOKEN_RING_SRC = 8
const TOKEN_RING_CONTROL = 1
const TOKEN_RING_TYPE_MASK = 0xc0
const TOKEN_RING_LLC = 0x40
/** In the source address's first byte: routing information follows the addresses, its length in the low five bits. */
const ROUTED = 0x80
const ROUTING_LEN_MASK = 0x1f
const FC_LEN = 16
const IPOIB_LEN = 44
const IPOIB_TYPE = 40
const IEEE1394_LEN = 18
const IEEE1394_TYPE = 16

/** Decodes the FDDI header at `off`. @returns the offset of the LLC header, or a Fault */
export function decodeFddi(
  bytes: Uint8Array,
  off: number,
  end: number,
  cursor: Cursor,
): OffsetOrFault {
  if (end - off < FDDI_LEN) return TRUNCATED
  if ((u8(bytes, off) & FDDI_TYPE_MASK) !== FDDI_LLC) return UNSUPPORTED
  cursor.srcMacOff = off + FDDI_SRC
  cursor.next = LAYER_LLC
  return off + FDDI_LEN
}

/** Decodes the Token Ring header at `off`. @returns the offset of the LLC header, or a Fault */
export function decodeTokenRing(
  bytes: Uint8Array,
  off: number,
  end: number,
  cursor: Cursor,
): OffsetOrFault {
  if (end - off < TOKEN_RING_LEN) return TRUNCATED
  if ((u8(bytes, off + TOKEN_RING_CONTROL) & TOKEN_RING_TYPE_MASK) !== TOKEN_RING_LLC)
    return UNSUPPORTED
  cursor.next = LAYER_LLC
  cursor.srcMacOff = off + TOKEN_RING_SRC
  const at = off + TOKEN_RING_LEN
  if ((u8(bytes, off + TOKEN_RING_SRC) & ROUTED) === 0) return at
  if (end - at < 2) return TRUNCATED
  const routingLen = u8(bytes, at) & ROUTING_LEN_MASK
  if (routingLen < 2) return MALFORMED
  return end - at < routingLen ? TRUNCATED : at + routingLen
}

/** Decodes the Fibre Channel network header at `off`. @returns the offset of the LLC header, or a Fault */
export function decodeIpOverFc(off: number, end: number, cursor: Cursor): OffsetOrFault {
  if (end - off < FC_LEN) return TRUNCATED
  cursor.next = LAYER_LLC
  return off + FC_LEN
}

/** Decodes the header of IP over InfiniBand at `off`. @returns the offset of the payload, or a Fault */
export function decodeIpoib(
  bytes: Uint8Array,
  off: number,
  end: number,
  cursor: Cursor,
): OffsetOrFault {
  return typed(bytes, off, end, IPOIB_TYPE, IPOIB_LEN, cursor)
}

/** Decodes the header of IP over IEEE 1394 at `off`. @returns the offset of the payload, or a Fault */
export function decodeIpOver1394(
  bytes: Uint8Array,
  off: number,
  end: number,
  cursor: Cursor,
): OffsetOrFault {
  return typed(bytes, off, end, IEEE1394_TYPE, IEEE1394_LEN, cursor)
}

function typed(
  bytes: Uint8Array,
  off: number,
  end: number,
  typeOff: number,
  length: number,
  cursor: Cursor,
): OffsetOrFault {
  if (end - off < length) return TRUNCATED
  const type = u16(bytes, off + typeOff)
  if (type < ETHERTYPE_MIN) return UNSUPPORTED
  cursor.next = type
  return off + length
}
