// How the packets of protocols begin that carry TLS or DTLS in packets of their own, and tunnels: kernels/assembly/carriers.ts
// has the same rules for frames that are not decoded.

import { u16, u32, u8 } from '../base/bytes.js'

const MAGIC_COOKIE = 0x2112_a442
const PROXY_V2 = 0x0d0a_0d0a
const HANDSHAKE = 22
const TLS_MAJOR = 3
const DTLS_MAJOR = 0xfe
const RECORD_HEADER_LEN = 5
const MIN_LEN = 5

/** UDP ports of protocols whose packets begin in many forms: RDP (MS-RDPEUDP), and CAPWAP's control channel. */
export const CARRIER_PORTS: readonly number[] = [3389, 5246]

/**
 * Whether nothing is known of the datagram `bytes[off, end)`: it is too long to be empty, and begins neither like DTLS, QUIC or a
 * tunnel, nor like a carrier of either.
 */
export function isUnknownDatagram(
  bytes: Uint8Array,
  off: number,
  end: number,
  srcPort: number,
  dstPort: number,
): boolean {
  const len = end - off
  if (len < MIN_LEN) return false
  const first = u8(bytes, off)
  if (first >= 0x40) return false
  if (CARRIER_PORTS.includes(srcPort) || CARRIER_PORTS.includes(dstPort)) return false
  if (first === HANDSHAKE) return false
  if (first >= 20 && first <= 26 && u8(bytes, off + 1) === DTLS_MAJOR) return false
  if ((first & 0xf8) === 0x20) return false
  if (len < 20) return true
  if (first === 0 && isIndication(bytes, off)) return false
  if (first === 1 && u16(bytes, off + 2) === len) return false
  if (u32(bytes, off) === PROXY_V2) return false
  return !(len >= 28 && u8(bytes, off + 7) === 0 && isLikeTunnel(bytes, off))
}

/** Whether a Send or Data indication of STUN stands at `off` (RFC 8656 §11); eight bytes are there. */
export function isIndication(bytes: Uint8Array, off: number): boolean {
  return (
    u8(bytes, off) === 0 &&
    (u8(bytes, off + 1) & 0xfe) === 0x16 &&
    u32(bytes, off + 4) === MAGIC_COOKIE
  )
}

/** Whether a TLS record with a handshake message may be at `off`. */
export function isRecord(bytes: Uint8Array, off: number, end: number): boolean {
  return (
    end - off > RECORD_HEADER_LEN &&
    u8(bytes, off) === HANDSHAKE &&
    u8(bytes, off + 1) === TLS_MAJOR
  )
}

/** Whether a DTLS handshake record begins at `off`; two bytes are there. */
export function isDtls(bytes: Uint8Array, off: number): boolean {
  return u8(bytes, off) === HANDSHAKE && u8(bytes, off + 1) === DTLS_MAJOR
}

function isLikeTunnel(bytes: Uint8Array, off: number): boolean {
  if (u32(bytes, off) === 0x0800_0000) return true
  if ((u8(bytes, off + 1) & 0x3f) !== 0) return false
  const type = u16(bytes, off + 2)
  return type === 0x6558 || type === 0x0800 || type === 0x86dd
}
