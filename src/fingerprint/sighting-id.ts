// The id of a sighting: the same hello of the same flow, seen at two taps or read twice, has one id.
//
//   SHA-256(IP version, addresses, protocol, ports, length, FNV-1a of the message, its first bytes), 8 bytes of it in hex
//
// The message's first bytes hold the client random (RFC 8446 §4.1.2), which no two connections share. The second hello
// after a HelloRetryRequest repeats that random, so that all of the message counts: by FNV-1a, which costs 1 ns a byte.

import { u8 } from '../base/bytes.js'
import type { ByteWriter } from '../base/byte-writer.js'
import { SHA_256 } from '../kernels/digest-layout.js'
import type { HandshakeBytes } from '../model/handshake-bytes.js'
import type { Packet } from '../model/packet.js'
import { writeDigest } from './digest.js'

/** Hex digits of a sighting id. */
export const SIGHTING_ID_LEN = 16
const V4_LEN = 4
const V6_LEN = 16
const MAC_LEN = 6
const SRC = 1
const DST = SRC + V6_LEN
const PORTS = DST + V6_LEN
const LENGTH = PORTS + 5
const SUM = LENGTH + 4
const FIRST = SUM + 4
const FIRST_LEN = 64
const FNV_OFFSET = 0x811c9dc5
const FNV_PRIME = 0x01000193

const preimage = new Uint8Array(FIRST + FIRST_LEN)

/** Appends the id of the sighting of `message`, which became whole with `packet`: 16 hex digits. */
export function writeSightingId(packet: Packet, message: HandshakeBytes, out: ByteWriter): void {
  const { bytes, off, end } = message
  const addressLen = packet.ipVersion === 4 ? V4_LEN : packet.ipVersion === 6 ? V6_LEN : 0
  preimage.fill(0)
  preimage[0] = packet.ipVersion
  for (let i = 0; i < addressLen; i++) {
    preimage[SRC + i] = u8(packet.bytes, packet.srcAddrOff + i)
    preimage[DST + i] = u8(packet.bytes, packet.dstAddrOff + i)
  }
  if (packet.ipVersion === 0 && packet.srcMacOff >= 0)
    for (let i = 0; i < MAC_LEN; i++) preimage[SRC + i] = u8(packet.bytes, packet.srcMacOff + i)
  preimage[PORTS] = packet.protocol
  putU16(PORTS + 1, packet.srcPort)
  putU16(PORTS + 3, packet.dstPort)
  putU32(LENGTH, end - off)
  let sum = FNV_OFFSET
  for (let at = off; at < end; at++) sum = Math.imul(sum ^ u8(bytes, at), FNV_PRIME)
  putU32(SUM, sum)
  const firstEnd = Math.min(end, off + FIRST_LEN)
  for (let at = off; at < firstEnd; at++) preimage[FIRST + at - off] = u8(bytes, at)
  writeDigest(SHA_256, preimage, 0, preimage.length, SIGHTING_ID_LEN, out)
}

function putU16(at: number, value: number): void {
  preimage[at] = value >> 8
  preimage[at + 1] = value
}

function putU32(at: number, value: number): void {
  putU16(at, value >>> 16)
  putU16(at + 2, value & 0xffff)
}
