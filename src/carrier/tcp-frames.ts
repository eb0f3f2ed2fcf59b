// Frames in which other protocols carry TLS or DTLS over TCP:
//
//   TPKT and COTP    | 3 | 0 | length 2 | 2 | 0xf0 | end of message 1 | TLS        RFC 1006 §6, ISO 8073 §13.7: Siemens S7
//   TDS              | 0x12 | status 1 | length 2 | SPID 2 | number 1 | 0 | TLS    MS-TDS §2.2.3.1
//   OpenVPN          | length 2 | packet
//   RFC 4571         | length 2 | datagram: STUN, DTLS, RTP
//   TURN             ChannelData, padded to 4 (RFC 8656 §12.5), and STUN messages

import { u16, u8 } from '../base/bytes.js'
import { MAX_FRAMES_PER_SEGMENT } from '../base/limits.js'
import type { ByteWriter } from '../base/byte-writer.js'
import { isControlPacket, overheadBefore, payloadOff } from './openvpn.js'
import { isDtls } from './starts.js'
import { RelayedData } from './turn.js'

export const NO_FRAMES = 0
export const TPKT = 1
export const TDS = 2
export const OPENVPN = 3
export const RFC4571 = 4
export const TURN = 5

const TPKT_VERSION = 3
const TPKT_DATA_OFF = 7
const COTP_DATA = 0xf0
const TDS_PRELOGIN = 0x12
const TDS_HEADER_LEN = 8
const TDS_MAX_STATUS = 0x1f
const LENGTH_LEN = 2
const STUN_HEADER_LEN = 20
const HANDSHAKE = 22
const TLS_MAJOR = 3
const CLIENT_HELLO = 1
const RECORD_AND_MESSAGE_HEADER_LEN = 9

const relayed = new RelayedData()

/** Which frames the segment `bytes[off, end)` begins with that carry a hello's start, or NO_FRAMES. */
export function framesAt(bytes: Uint8Array, off: number, end: number): number {
  if (end - off < 8) return NO_FRAMES
  const first = u8(bytes, off)
  if (first === TPKT_VERSION && u8(bytes, off + 1) === 0 && tpktHello(bytes, off, end)) return TPKT
  if (first === TDS_PRELOGIN && tdsHello(bytes, off, end)) return TDS
  if (first >= 0x40 && first < 0x50) return isDtls(bytes, off + 4) ? TURN : NO_FRAMES
  if (first > 5) return NO_FRAMES
  if (isControlPacket(bytes, off + LENGTH_LEN)) {
    const stop = Math.min(end, off + LENGTH_LEN + u16(bytes, off))
    if (overheadBefore(bytes, off + LENGTH_LEN, stop) >= 0) return OPENVPN
  }
  if (isDtls(bytes, off + LENGTH_LEN)) return RFC4571
  return relayed.read(bytes, off, end) && isDtlsAt(bytes, relayed.off, relayed.end)
    ? TURN
    : NO_FRAMES
}

/**
 * Appends to `out` the TLS bytes in the frames of `bytes[off, end)`, the last of which may be cut.
 *
 * @param overhead of OpenVPN: what `overheadBefore` gave
 */
export function unframeTls(
  kind: number,
  bytes: Uint8Array,
  off: number,
  end: number,
  overhead: number,
  out: ByteWriter,
): void {
  let at = off
  for (let i = 0; i < MAX_FRAMES_PER_SEGMENT && end - at >= TDS_HEADER_LEN; i++) {
    const headerLen = kind === TPKT ? TPKT_DATA_OFF : kind === TDS ? TDS_HEADER_LEN : LENGTH_LEN
    const length = kind === OPENVPN ? LENGTH_LEN + u16(bytes, at) : u16(bytes, at + 2)
    if (length <= headerLen) return
    const stop = Math.min(end, at + length)
    if (kind === TPKT && !isCotpData(bytes, at)) return
    if (kind === TDS && u8(bytes, at) !== TDS_PRELOGIN) return
    if (kind === OPENVPN) {
      if (!isControlPacket(bytes, at + LENGTH_LEN)) return
      const from = payloadOff(bytes, at + LENGTH_LEN, stop, overhead)
      if (from > 0) out.copy(bytes, from, stop)
    } else out.copy(bytes, at + headerLen, stop)
    at += length
  }
}

/**
 * The datagram in the frame at `off`: its place goes into `found`.
 *
 * @returns the offset past the frame, or -1 where it is no frame or is cut
 */
export function unframeDatagram(
  kind: number,
  bytes: Uint8Array,
  off: number,
  end: number,
  found: { off: number; end: number },
): number {
  if (end - off < 4) return -1
  if (kind === RFC4571) {
    found.off = off + LENGTH_LEN
    found.end = found.off + u16(bytes, off)
    return found.end > end ? -1 : found.end
  }
  const isChannel = u8(bytes, off) >> 4 === 4
  const length = u16(bytes, off + 2)
  const next = off + (isChannel ? (4 + length + 3) & ~3 : STUN_HEADER_LEN + length)
  if (!relayed.read(bytes, off, end)) return -1
  found.off = relayed.off
  found.end = relayed.end
  return next
}

/** Whether TLS with a ClientHello begins in the first of the TPKT frames that holds data. */
function tpktHello(bytes: Uint8Array, off: number, end: number): boolean {
  return (
    isCotpData(bytes, off) &&
    end - off >= TPKT_DATA_OFF + 6 &&
    isHelloRecord(bytes, off + TPKT_DATA_OFF)
  )
}

function isCotpData(bytes: Uint8Array, off: number): boolean {
  return (
    u8(bytes, off) === TPKT_VERSION && u8(bytes, off + 4) === 2 && u8(bytes, off + 5) === COTP_DATA
  )
}

/** Whether a ClientHello begins in the TDS packet at `off` that does not end in it: one that does is found by its first record. */
function tdsHello(bytes: Uint8Array, off: number, end: number): boolean {
  const record = off + TDS_HEADER_LEN
  if (u8(bytes, off + 1) > TDS_MAX_STATUS) return false
  if (end - record < RECORD_AND_MESSAGE_HEADER_LEN || !isHelloRecord(bytes, record)) return false
  const messageLen = (u8(bytes, record + 6) << 16) | u16(bytes, record + 7)
  const recordEnd = record + 5 + Math.max(u16(bytes, record + 3), 4 + messageLen)
  return recordEnd > off + u16(bytes, off + 2)
}

function isHelloRecord(bytes: Uint8Array, off: number): boolean {
  return (
    u8(bytes, off) === HANDSHAKE &&
    u8(bytes, off + 1) === TLS_MAJOR &&
    u8(bytes, off + 5) === CLIENT_HELLO
  )
}

function isDtlsAt(bytes: Uint8Array, off: number, end: number): boolean {
  return end - off >= 13 && isDtls(bytes, off)
}
