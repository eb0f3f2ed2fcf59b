// Internet Protocol version 6, RFC 8200 §3
//
//   0       4               12      16              24            31
//  +-------+---------------+-----------------------+---------------+
//  |Version| Traffic Class |              Flow Label               |
//  +-------+---------------+-------+---------------+---------------+
//  |         Payload Length        |  Next Header  |   Hop Limit   |
//  +-------------------------------+---------------+---------------+
//  |                     Source Address, 16                        |
//  |                   Destination Address, 16                     |

import { u16, u8 } from '../base/bytes.js'
import type { OffsetOrFault } from '../base/fault.js'
import { MALFORMED, TRUNCATED } from '../base/fault.js'
import type { Packet } from '../model/packet.js'
import type { Cursor } from './cursor.js'
import { LAYER_IP_PROTOCOL } from './layer.js'

const PAYLOAD_LENGTH = 4
const NEXT_HEADER = 6
const SOURCE = 8
const DESTINATION = 24
const IPV6_HEADER_LEN = 40

/**
 * Decodes the IPv6 header at `off`: addresses into `packet`, the rest into `cursor`.
 *
 * Payload Length 0 means "to the end": a jumbogram, whose option tells the length (RFC 2675), or segmentation
 * offload.
 *
 * @returns the offset of the first extension header or of the payload, or a Fault
 */
export function decodeIpv6(
  bytes: Uint8Array,
  off: number,
  end: number,
  cursor: Cursor,
  packet: Packet,
): OffsetOrFault {
  if (end - off < IPV6_HEADER_LEN) return TRUNCATED
  if (u8(bytes, off) >> 4 !== 6) return MALFORMED
  const payloadLength = u16(bytes, off + PAYLOAD_LENGTH)
  if (payloadLength !== 0) cursor.limit(off, IPV6_HEADER_LEN + payloadLength)
  packet.ipVersion = 6
  packet.ipOff = off
  packet.srcAddrOff = off + SOURCE
  packet.dstAddrOff = off + DESTINATION
  cursor.jumboOff = payloadLength === 0 ? off + IPV6_HEADER_LEN : -1
  cursor.next = LAYER_IP_PROTOCOL + u8(bytes, off + NEXT_HEADER)
  return off + IPV6_HEADER_LEN
}
