// Teredo, RFC 4380 §5.1.1
//
//  authentication (optional)   | 0x0001 | client id length 1 | authentication length 1 | both | nonce 8 | confirmation 1 |
//  origin (optional)           | 0x0000 | port 2 | address 4 |
//  IPv6 packet

import { u16, u8 } from '../base/bytes.js'
import type { OffsetOrFault } from '../base/fault.js'
import { TRUNCATED, UNSUPPORTED } from '../base/fault.js'
import type { Cursor } from './cursor.js'
import { ENCAPSULATION_TEREDO } from './encapsulation.js'
import { ETHERTYPE_IPV6 } from './layer.js'

const AUTHENTICATION = 0x0001
const AUTHENTICATION_MIN_LEN = 13
const CLIENT_ID_LENGTH = 2
const AUTHENTICATION_LENGTH = 3
const ORIGIN = 0x0000
const ORIGIN_LEN = 8
const IPV6_PAYLOAD_LENGTH = 4
const IPV6_HEADER_LEN = 40

/**
 * Decodes the indications before the IPv6 packet at `off`. The packet must fill the datagram: a QUIC short header
 * may begin with the nibble 6 as well.
 *
 * @returns the offset of the IPv6 packet; UNSUPPORTED where there is none
 */
export function decodeTeredo(
  bytes: Uint8Array,
  off: number,
  end: number,
  cursor: Cursor,
): OffsetOrFault {
  let at = off
  if (end - at < AUTHENTICATION_MIN_LEN) return TRUNCATED
  if (u16(bytes, at) === AUTHENTICATION) {
    at +=
      AUTHENTICATION_MIN_LEN +
      u8(bytes, at + CLIENT_ID_LENGTH) +
      u8(bytes, at + AUTHENTICATION_LENGTH)
  }
  if (end - at < ORIGIN_LEN) return TRUNCATED
  if (u16(bytes, at) === ORIGIN) at += ORIGIN_LEN

  if (end - at < IPV6_HEADER_LEN) return TRUNCATED
  if (u8(bytes, at) >> 4 !== 6) return UNSUPPORTED
  if (at + IPV6_HEADER_LEN + u16(bytes, at + IPV6_PAYLOAD_LENGTH) !== cursor.wireEnd) {
    return UNSUPPORTED
  }
  cursor.encapsulation = ENCAPSULATION_TEREDO
  cursor.next = ETHERTYPE_IPV6
  return at
}
