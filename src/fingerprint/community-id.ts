// Community ID 1.0 (github.com/corelight/community-id-spec), seed 0:
//
//   "1:" base64(SHA-1(seed, address A, address B, protocol, 0, port A, port B))
//
// where A is the endpoint with the lower address and port, so that both directions of a flow have one id.

import { u8 } from '../base/bytes.js'
import type { ByteWriter } from '../base/byte-writer.js'
import type { Packet } from '../model/packet.js'
import { writeSha1 } from './digest.js'

const SEED_LEN = 2
const V4_LEN = 4
const V6_LEN = 16
const PORTS_LEN = 4

const preimageV4 = new Uint8Array(SEED_LEN + 2 * V4_LEN + 2 + PORTS_LEN)
const preimageV6 = new Uint8Array(SEED_LEN + 2 * V6_LEN + 2 + PORTS_LEN)

/** Bytes of an id. */
export const COMMUNITY_ID_LEN = 30

/** Appends the Community ID of the packet's flow. */
export function writeCommunityId(packet: Packet, out: ByteWriter): void {
  const addressLen = packet.ipVersion === 4 ? V4_LEN : V6_LEN
  const preimage = packet.ipVersion === 4 ? preimageV4 : preimageV6
  const inOrder = isInOrder(packet, addressLen)
  const lowAddr = inOrder ? packet.srcAddrOff : packet.dstAddrOff
  const highAddr = inOrder ? packet.dstAddrOff : packet.srcAddrOff
  const lowPort = inOrder ? packet.srcPort : packet.dstPort
  const highPort = inOrder ? packet.dstPort : packet.srcPort

  let at = SEED_LEN
  for (let i = 0; i < addressLen; i++) preimage[at++] = u8(packet.bytes, lowAddr + i)
  for (let i = 0; i < addressLen; i++) preimage[at++] = u8(packet.bytes, highAddr + i)
  preimage[at++] = packet.protocol
  preimage[at++] = 0
  preimage[at++] = lowPort >> 8
  preimage[at++] = lowPort
  preimage[at++] = highPort >> 8
  preimage[at] = highPort
  out.ascii('1:')
  writeSha1(preimage, out)
}

function isInOrder(packet: Packet, addressLen: number): boolean {
  for (let i = 0; i < addressLen; i++) {
    const difference =
      u8(packet.bytes, packet.srcAddrOff + i) - u8(packet.bytes, packet.dstAddrOff + i)
    if (difference !== 0) return difference < 0
  }
  return packet.srcPort <= packet.dstPort
}
