// What a carrier's packet gives.

import { type Packet } from '../model/packet.js'
import { isDtls } from './starts.js'

export const NOTHING = 0
export const CLIENT_HELLO = 1
/** The packet's payload is now a DTLS datagram. */
export const DTLS_DATAGRAM = 2
/** The packet is of a carrier, and what it holds of a hello waits for the rest. */
export const HELD = 3

export const MIN_DTLS_LEN = 13

/** Makes the DTLS datagram at `off` the packet's payload, if it is one. @returns DTLS_DATAGRAM or NOTHING */
export function giveDatagram(packet: Packet, off: number, end: number): number {
  if (end - off < MIN_DTLS_LEN || !isDtls(packet.bytes, off)) return NOTHING
  packet.payloadOff = off
  packet.payloadLen = end - off
  packet.payloadWireLen = packet.payloadLen
  return DTLS_DATAGRAM
}
