// Internet Protocol, RFC 791 §3.1
//
//   0               8               16              24            31
//  +-------+-------+---------------+-------------------------------+
//  |Version|  IHL  |Type of Service|          Total Length         |
//  +-------+-------+---------------+-----+-------------------------+
//  |         Identification        |Flags|     Fragment Offset     |
//  +---------------+---------------+-----+-------------------------+
//  |  Time to Live |    Protocol   |        Header Checksum        |
//  +---------------+---------------+-------------------------------+
//  |                         Source Address                        |
//  |                      Destination Address                      |
//  |                            Options                            |

import { u16, u8 } from '../base/bytes.js'
import type { OffsetOrFault } from '../base/fault.js'
import { MALFORMED, TRUNCATED } from '../base/fault.js'
import type { Packet } from '../model/packet.js'
import type { Cursor } from './cursor.js'
import { LAYER_IP_FRAGMENT, LAYER_IP_PROTOCOL } from './layer.js'

const TOTAL_LENGTH = 2
const IDENTIFICATION = 4
const FLAGS_AND_OFFSET = 6
const PROTOCOL = 9
const SOURCE = 12
const DESTINATION = 16
export const IPV4_MIN_HEADER_LEN = 20
const MORE_FRAGMENTS = 0x2000
const OFFSET_MASK = 0x1fff

/**
 * Decodes the IPv4 header at `off`: addresses into `packet`, the rest into `cursor`, where a fragment is
 * LAYER_IP_FRAGMENT.
 *
 * Total Length 0 means "to the end": segmentation offload hands over packets longer than the field can tell. The
 * header checksum is not looked at: offload leaves it empty as well.
 *
 * @returns the offset of the payload, or a Fault
 */
export function decodeIpv4(
  bytes: Uint8Array,
  off: number,
  end: number,
  cursor: Cursor,
  packet: Packet,
): OffsetOrFault {
  if (end - off < IPV4_MIN_HEADER_LEN) return TRUNCATED
  const versionAndLength = u8(bytes, off)
  const headerLen = (versionAndLength & 0x0f) << 2
  const totalLength = u16(bytes, off + TOTAL_LENGTH)
  if (versionAndLength >> 4 !== 4 || headerLen < IPV4_MIN_HEADER_LEN) return MALFORMED
  if (totalLength !== 0 && totalLength < headerLen) return MALFORMED
  if (end - off < headerLen) return TRUNCATED

  if (totalLength !== 0) cursor.limit(off, totalLength)
  packet.ipVersion = 4
  packet.ipOff = off
  packet.srcAddrOff = off + SOURCE
  packet.dstAddrOff = off + DESTINATION
  const flagsAndOffset = u16(bytes, off + FLAGS_AND_OFFSET)
  if ((flagsAndOffset & (MORE_FRAGMENTS | OFFSET_MASK)) === 0) {
    cursor.next = LAYER_IP_PROTOCOL + u8(bytes, off + PROTOCOL)
  } else {
    cursor.next = LAYER_IP_FRAGMENT
    cursor.fragmentId = u16(bytes, off + IDENTIFICATION)
    cursor.fragmentOffset = (flagsAndOffset & OFFSET_MASK) << 3
    cursor.moreFragments = (flagsAndOffset & MORE_FRAGMENTS) !== 0
    cursor.fragmentProtocol = u8(bytes, off + PROTOCOL)
  }
  return off + headerLen
}
