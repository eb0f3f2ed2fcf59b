// Stream Control Transmission Protocol, common header, RFC 9260 §3.1
//
//  +------------+------------+--------------------+------------+---------
//  | src port 2 | dst port 2 | verification tag 4 | checksum 4 | chunks
//  +------------+------------+--------------------+------------+---------

import { u16 } from '../base/bytes.js'
import type { OffsetOrFault } from '../base/fault.js'
import { TRUNCATED } from '../base/fault.js'
import type { Packet } from '../model/packet.js'
import { PROTOCOL_SCTP } from '../model/packet.js'

const SCTP_HEADER_LEN = 12

/** Decodes the SCTP header at `off` into `packet`, its chunks being the payload. @returns the offset of the chunks, or a Fault */
export function decodeSctp(
  bytes: Uint8Array,
  off: number,
  end: number,
  wireEnd: number,
  packet: Packet,
): OffsetOrFault {
  if (end - off < SCTP_HEADER_LEN) return TRUNCATED
  const payloadOff = off + SCTP_HEADER_LEN
  packet.protocol = PROTOCOL_SCTP
  packet.srcPort = u16(bytes, off)
  packet.dstPort = u16(bytes, off + 2)
  packet.seq = 0
  packet.flags = 0
  packet.payloadOff = payloadOff
  packet.payloadLen = end - payloadOff
  packet.payloadWireLen = wireEnd - payloadOff
  return payloadOff
}
