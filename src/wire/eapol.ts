// EAP over LANs (EtherType 0x888e), IEEE 802.1X-2020 §11.3
//
//  +-----------+--------+----------+------
//  | version 1 | type 1 | length 2 | body      type 0: an EAP packet
//  +-----------+--------+----------+------

import { u16, u8 } from '../base/bytes.js'
import type { OffsetOrFault } from '../base/fault.js'
import { TRUNCATED, UNSUPPORTED } from '../base/fault.js'
import type { Packet } from '../model/packet.js'
import { PROTOCOL_EAPOL } from '../model/packet.js'
import type { Cursor } from './cursor.js'

const TYPE = 1
const LENGTH = 2
const EAPOL_HEADER_LEN = 4
const TYPE_EAP = 0

/** Decodes the EAPOL header at `off` into `packet`, the EAP packet being the payload. @returns its offset; UNSUPPORTED where it is none */
export function decodeEapol(
  bytes: Uint8Array,
  off: number,
  cursor: Cursor,
  packet: Packet,
): OffsetOrFault {
  if (cursor.end - off < EAPOL_HEADER_LEN) return TRUNCATED
  if (u8(bytes, off + TYPE) !== TYPE_EAP) return UNSUPPORTED
  const payloadOff = off + EAPOL_HEADER_LEN
  cursor.limit(payloadOff, u16(bytes, off + LENGTH))
  if (payloadOff > cursor.end) return TRUNCATED
  packet.protocol = PROTOCOL_EAPOL
  packet.ipVersion = 0
  packet.srcMacOff = cursor.srcMacOff
  packet.srcPort = 0
  packet.dstPort = 0
  packet.seq = 0
  packet.flags = 0
  packet.payloadOff = payloadOff
  packet.payloadLen = cursor.end - payloadOff
  packet.payloadWireLen = cursor.wireEnd - payloadOff
  return payloadOff
}
