// Transmission Control Protocol, RFC 9293 §3.1
//
//   0               8               16                            31
//  +-------------------------------+-------------------------------+
//  |          Source Port          |       Destination Port        |
//  +-------------------------------+-------------------------------+
//  |                        Sequence Number                        |
//  +---------------------------------------------------------------+
//  |                     Acknowledgment Number                     |
//  +-------+-------+---------------+-------------------------------+
//  |Offset | Rsrvd |     Flags     |            Window             |
//  +-------+-------+---------------+-------------------------------+
//  |           Checksum            |         Urgent Pointer        |
//  |                            Options                            |

import { u16, u32, u8 } from '../base/bytes.js'
import type { OffsetOrFault } from '../base/fault.js'
import { MALFORMED, TRUNCATED } from '../base/fault.js'
import type { Packet } from '../model/packet.js'
import { PROTOCOL_TCP } from '../model/packet.js'

const SRC_PORT = 0
const DST_PORT = 2
const SEQUENCE_NUMBER = 4
const DATA_OFFSET = 12
const FLAGS = 13
export const TCP_MIN_HEADER_LEN = 20

/**
 * Decodes the TCP header at `off` into `packet`; `wireEnd` is where the segment ended on the wire.
 *
 * Options the snaplen cut do no harm: the segment then has no captured payload, but its place in the sequence.
 *
 * @returns the offset of the payload, or a Fault
 */
export function decodeTcp(
  bytes: Uint8Array,
  off: number,
  end: number,
  wireEnd: number,
  packet: Packet,
): OffsetOrFault {
  if (end - off < TCP_MIN_HEADER_LEN) return TRUNCATED
  const payloadOff = off + ((u8(bytes, off + DATA_OFFSET) >> 4) << 2)
  if (payloadOff - off < TCP_MIN_HEADER_LEN || payloadOff > wireEnd) return MALFORMED

  packet.protocol = PROTOCOL_TCP
  packet.tcpOff = off
  packet.srcPort = u16(bytes, off + SRC_PORT)
  packet.dstPort = u16(bytes, off + DST_PORT)
  packet.seq = u32(bytes, off + SEQUENCE_NUMBER)
  packet.flags = u8(bytes, off + FLAGS)
  packet.payloadOff = payloadOff < end ? payloadOff : end
  packet.payloadLen = end - packet.payloadOff
  packet.payloadWireLen = wireEnd - payloadOff
  return packet.payloadOff
}
