// Generic Routing Encapsulation, RFC 2784 §2 and RFC 2890 §2; source routes RFC 1701; NVGRE is RFC 7637
//
//   0       1       2               4
//  +-------+-------+---------------+----------------------+---------+--------------+-----------------
//  |C R K S s recur|flags  version | protocol type 2      | (checksum 2, offset 2) | (key 4) | (sequence 4) | (routing)
//  +---------------+---------------+----------------------+---------+--------------+-----------------
//
// Version 1 is PPTP, RFC 2637 §4.1: the key is payload length 2 and call id 2, and bit A adds an acknowledgment.

import { u16, u8 } from '../base/bytes.js'
import type { OffsetOrFault } from '../base/fault.js'
import { MALFORMED, TRUNCATED, UNSUPPORTED } from '../base/fault.js'
import { MAX_HEADER_OPTIONS } from '../base/limits.js'
import type { Cursor } from './cursor.js'
import { ENCAPSULATION_EOIP, ENCAPSULATION_GRE, ENCAPSULATION_PPTP } from './encapsulation.js'
import { isArubaType, tellAruba } from './aruba.js'
import {
  ETHERTYPE_ERSPAN,
  ETHERTYPE_ERSPAN_III,
  ETHERTYPE_MIKROTIK_EOIP,
  ETHERTYPE_MIN,
  ETHERTYPE_PPP,
  ETHERTYPE_WCCP,
  LAYER_ERSPAN,
  LAYER_ETHERNET,
  LAYER_PPP,
} from './layer.js'
import { decodeWccp } from './wccp.js'

const PROTOCOL_TYPE = 2
const GRE_MIN_HEADER_LEN = 4
const CHECKSUM_PRESENT = 0x8000
const ROUTING_PRESENT = 0x4000
const KEY_PRESENT = 0x2000
const SEQUENCE_PRESENT = 0x1000
const ACKNOWLEDGMENT_PRESENT = 0x0080
const VERSION_MASK = 0x0007
const PPTP_PAYLOAD_LENGTH = 4
const PPTP_MIN_HEADER_LEN = 8
const EOIP_HEADER_LEN = 8
const EOIP_PAYLOAD_LENGTH = 4
const ROUTE_ENTRY_HEADER_LEN = 4
const ROUTE_ENTRY_LENGTH = 3

/** Decodes the GRE header at `off`. @returns the offset of the payload, or a Fault */
export function decodeGre(
  bytes: Uint8Array,
  off: number,
  end: number,
  cursor: Cursor,
): OffsetOrFault {
  if (end - off < GRE_MIN_HEADER_LEN) return TRUNCATED
  const flags = u16(bytes, off)
  const version = flags & VERSION_MASK
  if (version === 1 && u16(bytes, off + PROTOCOL_TYPE) === ETHERTYPE_MIKROTIK_EOIP)
    return decodeEoip(bytes, off, end, cursor)
  if (version === 1) return decodePptp(bytes, off, end, cursor, flags)
  if (version !== 0) return MALFORMED

  let at = off + GRE_MIN_HEADER_LEN
  if ((flags & (CHECKSUM_PRESENT | ROUTING_PRESENT)) !== 0) at += 4
  if ((flags & KEY_PRESENT) !== 0) at += 4
  if ((flags & SEQUENCE_PRESENT) !== 0) at += 4
  if (at > end) return TRUNCATED
  if ((flags & ROUTING_PRESENT) !== 0) at = passRouting(bytes, at, end)
  if (at < 0) return at

  const type = u16(bytes, off + PROTOCOL_TYPE)
  if (type < ETHERTYPE_MIN) return UNSUPPORTED
  cursor.encapsulation = ENCAPSULATION_GRE
  cursor.hasSequence = (flags & SEQUENCE_PRESENT) !== 0
  if (isArubaType(type)) return tellAruba(bytes, at, end, cursor)
  if (type === ETHERTYPE_WCCP) return decodeWccp(bytes, at, end, cursor)
  if (type === ETHERTYPE_ERSPAN || type === ETHERTYPE_ERSPAN_III) {
    cursor.next = LAYER_ERSPAN
    cursor.isErspanIII = type === ETHERTYPE_ERSPAN_III
  } else {
    cursor.next = type
  }
  return at
}

/** Passes source route entries; one of length 0 is the last (RFC 1701). */
function passRouting(bytes: Uint8Array, off: number, end: number): OffsetOrFault {
  let at = off
  for (let i = 0; i < MAX_HEADER_OPTIONS; i++) {
    if (end - at < ROUTE_ENTRY_HEADER_LEN) return TRUNCATED
    const length = u8(bytes, at + ROUTE_ENTRY_LENGTH)
    at += ROUTE_ENTRY_HEADER_LEN + length
    if (at > end) return TRUNCATED
    if (length === 0) return at
  }
  return MALFORMED
}

function decodePptp(
  bytes: Uint8Array,
  off: number,
  end: number,
  cursor: Cursor,
  flags: number,
): OffsetOrFault {
  if (u16(bytes, off + PROTOCOL_TYPE) !== ETHERTYPE_PPP || (flags & KEY_PRESENT) === 0) {
    return MALFORMED
  }
  // Without a sequence number there is no payload: an acknowledgment alone.
  if ((flags & SEQUENCE_PRESENT) === 0) return UNSUPPORTED
  const headerLen = PPTP_MIN_HEADER_LEN + 4 + ((flags & ACKNOWLEDGMENT_PRESENT) !== 0 ? 4 : 0)
  if (end - off < headerLen) return TRUNCATED
  cursor.limit(off + headerLen, u16(bytes, off + PPTP_PAYLOAD_LENGTH))
  cursor.encapsulation = ENCAPSULATION_PPTP
  cursor.next = LAYER_PPP
  return off + headerLen
}

/** Ethernet over IP of MikroTik: key present, version 1; payload length 2, tunnel id 2 in little-endian, then the frame. */
function decodeEoip(bytes: Uint8Array, off: number, end: number, cursor: Cursor): OffsetOrFault {
  if (end - off < EOIP_HEADER_LEN) return TRUNCATED
  const at = off + EOIP_HEADER_LEN
  cursor.limit(at, u16(bytes, off + EOIP_PAYLOAD_LENGTH))
  cursor.encapsulation = ENCAPSULATION_EOIP
  cursor.next = LAYER_ETHERNET
  return at
}
