// Encapsulating Security Payload without encryption (ESP-NULL, RFC 2410; AES-GMAC, RFC 4543), told by RFC 5879's heuristics
//
//  +-------+------------+--------+---------+---------+----------------+---------------+----------
//  | SPI 4 | sequence 4 | (IV 8) | payload | padding | padding length | next header 1 | ICV
//  +-------+------------+--------+---------+---------+----------------+---------------+----------

import { u16, u32, u8 } from '../base/bytes.js'
import type { OffsetOrFault } from '../base/fault.js'
import { TRUNCATED, UNSUPPORTED } from '../base/fault.js'
import { PROTOCOL_SCTP, PROTOCOL_TCP, PROTOCOL_UDP } from '../model/packet.js'
import type { Cursor } from './cursor.js'
import { ENCAPSULATION_ESP } from './encapsulation.js'
import {
  LAYER_IP_PROTOCOL,
  PROTOCOL_ETHERNET,
  PROTOCOL_GRE,
  PROTOCOL_IPIP,
  PROTOCOL_IPV6,
} from './layer.js'
import { IMPLAUSIBLE, looksLikeEthernet, looksLikeIpv4, looksLikeIpv6 } from './plausible.js'

const ESP_HEADER_LEN = 8
const TRAILER_LEN = 2
/** Bytes of integrity check value: HMAC-SHA1-96, HMAC-SHA2-256-128 and GMAC, -384-192, -512-256, none. */
const ICV_LENGTHS = [12, 16, 24, 32, 0]
/** None, or that of AES-GMAC. */
const IV_LENGTHS = [0, 8]
const MAX_PADDING_LEN = 255
const MIN_GRE_LEN = 4
/** Bits of GRE's first word that are 0, and types it carries besides IP: frames, MPLS, tags of Cisco. */
const GRE_RESERVED = 0x4fff
const IN_GRE = [0x0800, 0x86dd, 0x6558, 0x8847, 0x88be, 0x22eb, 0x8909]
const MIN_TCP_LEN = 20
const MIN_UDP_LEN = 8
const MIN_SCTP_LEN = 16
/** SPIs below are reserved; 0 in UDP is the marker of IKE (RFC 3948 §2.2). */
const MIN_SPI = 256

/** Decodes ESP at `off`, where its payload is readable. @returns the offset of the payload; UNSUPPORTED where it is encrypted */
export function decodeEsp(
  bytes: Uint8Array,
  off: number,
  end: number,
  cursor: Cursor,
): OffsetOrFault {
  // The trailer tells what is inside: without it nothing can be told.
  if (end < cursor.wireEnd) return TRUNCATED
  if (end - off < ESP_HEADER_LEN + TRAILER_LEN) return UNSUPPORTED
  if (u32(bytes, off) < MIN_SPI) return UNSUPPORTED
  for (const icvLen of ICV_LENGTHS) {
    const trailer = end - icvLen - TRAILER_LEN
    if (trailer < off + ESP_HEADER_LEN) continue
    const paddingLen = u8(bytes, trailer)
    const payloadEnd = trailer - paddingLen
    if (payloadEnd <= off + ESP_HEADER_LEN || !isPadding(bytes, payloadEnd, paddingLen)) continue
    const next = u8(bytes, trailer + 1)
    for (const ivLen of IV_LENGTHS) {
      const at = off + ESP_HEADER_LEN + ivLen
      if (!isPayload(next, bytes, at, payloadEnd)) continue
      cursor.limit(at, payloadEnd - at)
      cursor.encapsulation = ENCAPSULATION_ESP
      cursor.next = LAYER_IP_PROTOCOL + next
      return at
    }
  }
  return UNSUPPORTED
}

/** Padding counts 1, 2, 3 … (RFC 4303 §2.4). */
function isPadding(bytes: Uint8Array, off: number, length: number): boolean {
  if (length > MAX_PADDING_LEN) return false
  for (let i = 0; i < length; i++) if (u8(bytes, off + i) !== i + 1) return false
  return true
}

/** Whether a packet of the protocol `next` fills `bytes[off, end)`. */
function isPayload(next: number, bytes: Uint8Array, off: number, end: number): boolean {
  const length = end - off
  switch (next) {
    case PROTOCOL_IPIP:
      return looksLikeIpv4(bytes, off, end, end) !== IMPLAUSIBLE && u16(bytes, off + 2) === length
    case PROTOCOL_IPV6:
      return looksLikeIpv6(bytes, off, end, end) !== IMPLAUSIBLE
    case PROTOCOL_TCP: {
      if (length < MIN_TCP_LEN) return false
      const headerLen = (u8(bytes, off + 12) >> 4) << 2
      // The bits behind the header's length are reserved, but for one.
      const isReservedClear = (u8(bytes, off + 12) & 0x0e) === 0
      return headerLen >= MIN_TCP_LEN && headerLen <= length && isReservedClear
    }
    case PROTOCOL_UDP:
      return length >= MIN_UDP_LEN && u16(bytes, off + 4) === length
    case PROTOCOL_SCTP:
      return length >= MIN_SCTP_LEN && (length & 3) === 0
    case PROTOCOL_GRE:
      return (
        length >= MIN_GRE_LEN &&
        (u16(bytes, off) & GRE_RESERVED) === 0 &&
        IN_GRE.includes(u16(bytes, off + 2))
      )
    case PROTOCOL_ETHERNET:
      return looksLikeEthernet(bytes, off, end, end) !== IMPLAUSIBLE
    default:
      return false
  }
}
