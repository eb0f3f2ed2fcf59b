// User Datagram Protocol, RFC 768
//
//   0               16              31
//  +---------------+----------------+
//  |  Source Port  |Destination Port|
//  +---------------+----------------+
//  |    Length     |    Checksum    |
//  +---------------+----------------+

import { u16 } from '../base/bytes.js'
import type { OffsetOrFault } from '../base/fault.js'
import { MALFORMED, TRUNCATED } from '../base/fault.js'
import type { Packet } from '../model/packet.js'
import { PROTOCOL_UDP } from '../model/packet.js'

const SRC_PORT = 0
const DST_PORT = 2
const LENGTH = 4
export const UDP_HEADER_LEN = 8

/**
 * Decodes the UDP header at `off` into `packet`; `wireEnd` is where the IP packet ended on the wire.
 *
 * Length 0 means "to the end" (an IPv6 jumbogram, RFC 2675 §4); a Length beyond `wireEnd` is read as far as the IP
 * packet goes.
 *
 * @returns the offset of the payload, or a Fault
 */
export function decodeUdp(
  bytes: Uint8Array,
  off: number,
  end: number,
  wireEnd: number,
  packet: Packet,
): OffsetOrFault {
  if (end - off < UDP_HEADER_LEN) return TRUNCATED
  const length = u16(bytes, off + LENGTH)
  if (length !== 0 && length < UDP_HEADER_LEN) return MALFORMED

  const payloadOff = off + UDP_HEADER_LEN
  const datagramEnd = length === 0 ? wireEnd : Math.min(off + length, wireEnd)
  packet.protocol = PROTOCOL_UDP
  packet.srcPort = u16(bytes, off + SRC_PORT)
  packet.dstPort = u16(bytes, off + DST_PORT)
  packet.seq = 0
  packet.flags = 0
  packet.payloadOff = payloadOff
  packet.payloadLen = Math.min(datagramEnd, end) - payloadOff
  packet.payloadWireLen = datagramEnd - payloadOff
  return payloadOff
}
