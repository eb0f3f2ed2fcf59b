// Frames in which other protocols carry TLS or DTLS over TCP:
//
//   TPKT and COTP    | 3 | 0 | length 2 | 2 | 0xf0 | end of message 1 | TLS        RFC 1006 §6, ISO 8073 §13.7: Siemens S7
//   TDS              | 0x12 | status 1 | length 2 | SPID 2 | number 1 | 0 | TLS    MS-TDS §2.2.3.1
//   OpenVPN          | length 2 | packet
//   RFC 4571         | length 2 | datagram: STUN, DTLS, RTP
//   TURN             ChannelData, padded to 4 (RFC 8656 §12.5), and STUN messages

import { u16, u32, u8 } from '../base/bytes.js'
import { MAX_FRAMES_PER_SEGMENT, MAX_LEADING_FRAMES } from '../base/limits.js'
import type { ByteWriter } from '../base/byte-writer.js'
import { isControlPacket, isResetOrAck, overheadBefore, payloadOff } from './openvpn.js'
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
const COTP_REQUEST = 0xe0
const TDS_PRELOGIN = 0x12
const TDS_HEADER_LEN = 8
const TDS_MAX_STATUS = 0x1f
const LENGTH_LEN = 2
const STUN_HEADER_LEN = 20
const HANDSHAKE = 22
const TLS_MAJOR = 3
const CLIENT_HELLO = 1
const STUN_COOKIE = 0x2112_a442
/** Bytes of a packet of OpenVPN, with all that may stand before TLS, and of what else is waited for. */
const MAX_CUT_LEN = 256
// Frames that a hello begins in, up to its type; -1 is any byte.
const TPKT_HELLO = [3, 0, -1, -1, 2, COTP_DATA, -1, 22, 3, -1, -1, -1, 1]
const TDS_HELLO = [0x12, -1, -1, -1, -1, -1, -1, -1, 22, 3, -1, -1, -1, 1, 0, -1, -1]
const CHANNEL_HELLO = [-1, -1, -1, -1, 22, 0xfe, -1, -1]
const RFC4571_HELLO = [-1, -1, 22, 0xfe, -1, -1, -1, -1]
const STUN = [-1, -1, -1, -1, 0x21, 0x12, 0xa4, 0x42]
const RECORD_AND_MESSAGE_HEADER_LEN = 9

const relayed = new RelayedData()

/** Which frames the segment `bytes[off, end)` begins with that carry a hello's start, or NO_FRAMES. */
export function framesAt(bytes: Uint8Array, off: number, end: number): number {
  let at = off
  for (let i = 0; i <= MAX_LEADING_FRAMES && end - at >= 8; i++) {
    const kind = kindAt(bytes, at, end)
    if (kind !== NO_FRAMES) return kind
    const next = leadingFrameEnd(bytes, at, end)
    if (next < 0) return NO_FRAMES
    at = next
  }
  return NO_FRAMES
}

/** Offset of the first frame with a hello's start in a segment for which `framesAt` gave OPENVPN, past its length. */
export function openVpnAt(bytes: Uint8Array, off: number, end: number): number {
  let at = off
  while (!isControlPacket(bytes, at + LENGTH_LEN)) at = leadingFrameEnd(bytes, at, end)
  return at + LENGTH_LEN
}

/** Whether `bytes[off, end)` may be the beginning of such a segment, of which the rest is missing. */
export function mayBeFramesAt(bytes: Uint8Array, off: number, end: number): boolean {
  let at = off
  for (let i = 0; i <= MAX_LEADING_FRAMES && at < end; i++) {
    if (isCut(bytes, at, end)) return true
    const next = leadingFrameEnd(bytes, at, end)
    if (next < 0) return false
    at = next
  }
  return false
}

/** Which frame with a hello's start stands at `off`, or NO_FRAMES; eight bytes are there. */
function kindAt(bytes: Uint8Array, off: number, end: number): number {
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

/** Offset past the frame at `off` that may stand before one with a hello's start; -1 where there is none that ends before `end`. */
function leadingFrameEnd(bytes: Uint8Array, off: number, end: number): number {
  if (end - off < 8) return -1
  const first = u8(bytes, off)
  let length = -1
  // a connection request of COTP
  if (first === TPKT_VERSION && u8(bytes, off + 1) === 0 && u8(bytes, off + 5) === COTP_REQUEST)
    length = u16(bytes, off + 2)
  else if (first <= 1 && isStun(bytes, off, end)) length = STUN_HEADER_LEN + u16(bytes, off + 2)
  else if (first <= 5 && isStun(bytes, off + LENGTH_LEN, end)) length = LENGTH_LEN + u16(bytes, off)
  else if (first <= 5 && isResetOrAck(bytes, off + LENGTH_LEN))
    length = LENGTH_LEN + u16(bytes, off)
  return length >= 8 && off + length < end ? off + length : -1
}

function isStun(bytes: Uint8Array, off: number, end: number): boolean {
  return end - off >= 8 && u8(bytes, off) <= 1 && u32(bytes, off + 4) === STUN_COOKIE
}

/** Whether `bytes[off, end)` is as a frame begins with which a hello may come, and too short to tell; a byte is there. */
function isCut(bytes: Uint8Array, off: number, end: number): boolean {
  const count = end - off
  const first = u8(bytes, off)
  if (first === TPKT_VERSION && (count < 2 || u8(bytes, off + 1) === 0)) {
    if (count >= 6 && u8(bytes, off + 5) === COTP_REQUEST)
      return u16(bytes, off + 2) > count && count < MAX_CUT_LEN
    return count === 5 || isPrefixOf(TPKT_HELLO, bytes, off, end)
  }
  if (first === TDS_PRELOGIN) return isPrefixOf(TDS_HELLO, bytes, off, end)
  if (first >= 0x40 && first < 0x50) return isPrefixOf(CHANNEL_HELLO, bytes, off, end)
  if (first > 5) return false
  if (count < 4) return true
  if (isPrefixOf(RFC4571_HELLO, bytes, off, end)) return true
  if (first <= 1 && isPrefixOf(STUN, bytes, off, end)) return true
  if (first <= 1 && isStun(bytes, off, end))
    return count < STUN_HEADER_LEN + u16(bytes, off + 2) && count < MAX_CUT_LEN
  if (count >= LENGTH_LEN + u16(bytes, off) || count >= MAX_CUT_LEN) return false
  const inner = off + LENGTH_LEN
  return (
    isControlPacket(bytes, inner) ||
    isResetOrAck(bytes, inner) ||
    isPrefixOf(STUN, bytes, inner, end) ||
    isStun(bytes, inner, end)
  )
}

/** Whether `bytes[off, end)` is shorter than `pattern` and like it, where -1 stands for any byte. */
function isPrefixOf(
  pattern: readonly number[],
  bytes: Uint8Array,
  off: number,
  end: number,
): boolean {
  if (end - off >= pattern.length) return false
  for (let at = off; at < end; at++) {
    const wanted = pattern[at - off] ?? -1
    if (wanted >= 0 && u8(bytes, at) !== wanted) return false
  }
  return true
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
    const isRequest = kind === TPKT && u8(bytes, at + 5) === COTP_REQUEST
    if (kind === TPKT && !isRequest && !isCotpData(bytes, at)) return
    if (kind === TDS && u8(bytes, at) !== TDS_PRELOGIN) return
    if (kind === OPENVPN && !isControlPacket(bytes, at + LENGTH_LEN)) {
      if (!isResetOrAck(bytes, at + LENGTH_LEN)) return
    } else if (kind === OPENVPN) {
      const from = payloadOff(bytes, at + LENGTH_LEN, stop, overhead)
      if (from > 0) out.copy(bytes, from, stop)
    } else if (!isRequest) out.copy(bytes, at + headerLen, stop)
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
  if (!relayed.read(bytes, off, end)) {
    if (isChannel || !isStun(bytes, off, end) || next > end) return -1
    found.off = found.end = next
    return next
  }
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
