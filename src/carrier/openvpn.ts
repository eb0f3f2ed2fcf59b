// OpenVPN's control channel, which carries TLS: "Network protocol", openvpn.net/community-resources/openvpn-protocol
//
//  +---------------+-----------+-----------------------------+-------+--------------------+-------------+-----
//  | opcode 5 key 3| session 8 | (HMAC, packet id 4, time 4) | n 1   | (acks 4n, session 8) | number 4  | TLS
//  +---------------+-----------+-----------------------------+-------+--------------------+-------------+-----
//
// The HMAC is there with tls-auth, and of the length the two sides agreed upon. With tls-crypt all is encrypted.

import { u16, u8 } from '../base/bytes.js'

const CONTROL_V1 = 4
/** Client's resets (V1, V2, V3), and acknowledgments. */
const WITHOUT_TLS = [1, 7, 10, 5]
const SESSION_END = 9
const REPLAY_LEN = 8
/** None; MD5, SHA-1, SHA-224, SHA-256, SHA-384, SHA-512. */
const HMAC_LENGTHS = [0, 16, 20, 28, 32, 48, 64]
const MAX_ACKS = 8
const HANDSHAKE = 22
const TLS_MAJOR = 3
const CLIENT_HELLO = 1

/** Bytes between the session and the acknowledgments. */
const overheadOf = (hmacLen: number) => (hmacLen === 0 ? 0 : hmacLen + REPLAY_LEN)

/** Whether a control packet stands at `off`. */
export function isControlPacket(bytes: Uint8Array, off: number): boolean {
  return u8(bytes, off) >> 3 === CONTROL_V1
}

/** Whether a packet of the control channel without TLS stands at `off`, as before the first with it. */
export function isResetOrAck(bytes: Uint8Array, off: number): boolean {
  return (u8(bytes, off) & 7) === 0 && WITHOUT_TLS.includes(u8(bytes, off) >> 3)
}

/**
 * How many bytes tls-auth puts into the control packet `bytes[off, end)`, told by the ClientHello that begins in it; -1 where none
 * does.
 */
export function overheadBefore(bytes: Uint8Array, off: number, end: number): number {
  for (const hmacLen of HMAC_LENGTHS) {
    const overhead = overheadOf(hmacLen)
    const at = payloadOff(bytes, off, end, overhead)
    if (at < 0 || end - at < 6) continue
    const isRecord = u8(bytes, at) === HANDSHAKE && u8(bytes, at + 1) === TLS_MAJOR
    if (isRecord && u16(bytes, at + 3) > 0 && u8(bytes, at + 5) === CLIENT_HELLO) return overhead
  }
  return -1
}

/** Offset of the TLS bytes of a control packet; its number stands in the four bytes before. -1 where it has none. */
export function payloadOff(bytes: Uint8Array, off: number, end: number, overhead: number): number {
  const count = off + SESSION_END + overhead
  if (count >= end) return -1
  const acks = u8(bytes, count)
  if (acks > MAX_ACKS) return -1
  const at = count + 1 + (acks === 0 ? 0 : 4 * acks + 8) + 4
  return at < end ? at : -1
}
