import { u16, u24, u8 } from '../base/bytes.js'
import { MAX_HELLO_LEN } from '../base/limits.js'

// How a hello begins on the wire. Bulk data must fail here at its first byte, a look-alike within eleven.
//
// TLS (RFC 8446 §5.1, §4):  22 | 3 minor | length(2) | type(1) length(3) | 3 minor | random …
// TLCP (GB/T 38636):        22 | 1 1     | length(2) | type(1) length(3) | 1 1     | random …
// SSL 2.0 frame (RFC 5246 appendix E.2):  0x80+length(2) | 1 | version(2) | cipher specs, session id, challenge: length(2) each | …

export const RECORD_HEADER_LEN = 5
export const HANDSHAKE_HEADER_LEN = 4
export const CONTENT_CHANGE_CIPHER_SPEC = 20
export const CONTENT_ALERT = 21
export const CONTENT_HANDSHAKE = 22
const TLS_MAJOR = 3
/** Record version of the Transport Layer Cryptography Protocol (GB/T 38636). */
const TLCP_VERSION = 0x0101
/** TLSCiphertext.length of TLS 1.2, the largest any version allows (RFC 5246 §6.2.3), bytes. */
export const MAX_RECORD_LEN = 16_384 + 2048
/** Version and random: shorter than this is no hello of any kind, bytes. */
const MIN_HELLO_BODY = 34
/** Records without content that may stand before a hello: OpenSSL takes 32 one behind the other. */
const MAX_EMPTY_RECORDS = 32
/** Alerts and change_cipher_spec records that may. */
const MAX_LEADING_RECORDS = 8
const CHANGE_CIPHER_SPEC_LEN = 6
const ALERT_LEN = 7
const ALERT_WARNING = 1
const MAX_SESSION_ID_LEN = 32
/** Bytes of a hello that must be there before a flow is opened for it: up to the handshake type. */
export const MIN_LOOK = 6

/** Handshake messages looked for, a set of bits. */
export const WANT_CLIENT_HELLO = 1
export const WANT_SERVER_HELLO = 2
export const WANT_CERTIFICATE = 4

/** The bit of a handshake type: 1 ClientHello, 2 ServerHello, 11 Certificate; 0 for all others. */
export function wantOf(handshakeType: number): number {
  if (handshakeType === 1) return WANT_CLIENT_HELLO
  if (handshakeType === 2) return WANT_SERVER_HELLO
  return handshakeType === 11 ? WANT_CERTIFICATE : 0
}

/** Whether the two bytes at `off` may be the version of a record that holds a hello: RFC 5246 appendix E.1 asks for any 3.x. */
export function isRecordVersion(bytes: Uint8Array, off: number): boolean {
  return u8(bytes, off) === TLS_MAJOR || u16(bytes, off) === TLCP_VERSION
}

/** Whether `bytes[off, end)` begins with a wanted handshake message in a TLS record; six bytes at least. */
export function isTlsStart(bytes: Uint8Array, off: number, end: number, wanted: number): boolean {
  return end - off >= MIN_LOOK && isTlsPrefix(bytes, off, end, wanted)
}

/** As `isTlsStart`, but what is not there yet is taken to be right. */
export function isTlsPrefix(bytes: Uint8Array, off: number, end: number, wanted: number): boolean {
  let at = off
  for (let empty = 0; empty <= MAX_EMPTY_RECORDS; empty++) {
    const count = end - at
    if (count <= 0) return empty === 0 || at === end
    if (u8(bytes, at) !== CONTENT_HANDSHAKE) return false
    if (count >= 3 ? !isRecordVersion(bytes, at + 1) : count === 2 && !isMajor(u8(bytes, at + 1)))
      return false
    if (count < RECORD_HEADER_LEN) return true
    const recordLen = u16(bytes, at + 3)
    if (recordLen > MAX_RECORD_LEN) return false
    if (recordLen !== 0)
      return isHandshakePrefix(
        bytes,
        at + RECORD_HEADER_LEN,
        Math.min(end, at + RECORD_HEADER_LEN + recordLen),
        wanted,
      )
    at += RECORD_HEADER_LEN
  }
  return false
}

function isHandshakePrefix(bytes: Uint8Array, off: number, end: number, wanted: number): boolean {
  const count = end - off
  if (count <= 0) return true
  const want = wantOf(u8(bytes, off))
  if ((want & wanted) === 0) return false
  // The length's first byte is 0 in anything we could keep.
  if (count >= 2 && u8(bytes, off + 1) !== 0) return false
  if (count < HANDSHAKE_HEADER_LEN) return true
  const bodyLen = u24(bytes, off + 1)
  if (bodyLen > MAX_HELLO_LEN - HANDSHAKE_HEADER_LEN) return false
  if (want === WANT_CERTIFICATE) return true
  if (bodyLen < MIN_HELLO_BODY) return false
  if (count < 5 || u8(bytes, off + 4) === TLS_MAJOR) return true
  // Servers negotiate a version above their own down, whatever it is (RFC 5246 appendix E.1).
  return isPlausibleBody(bytes, off, end, bodyLen)
}

function isMajor(byte: number): boolean {
  return byte === TLS_MAJOR || byte === TLCP_VERSION >> 8
}

/** Whether session_id and, of a ClientHello, cipher_suites fit the message at `off`, as far as they are there. */
function isPlausibleBody(bytes: Uint8Array, off: number, end: number, bodyLen: number): boolean {
  const sessionIdOff = off + HANDSHAKE_HEADER_LEN + MIN_HELLO_BODY
  if (sessionIdOff >= end) return true
  const suitesOff = sessionIdOff + 1 + u8(bytes, sessionIdOff)
  if (u8(bytes, sessionIdOff) > MAX_SESSION_ID_LEN) return false
  if (u8(bytes, off) !== 1 || suitesOff + 2 > end) return true
  const suitesLen = u16(bytes, suitesOff)
  const left = off + HANDSHAKE_HEADER_LEN + bodyLen - suitesOff - 2
  return suitesLen >= 2 && (suitesLen & 1) === 0 && suitesLen < left
}

/** Bytes that `isStrictStart` asks for: up to the session_id's length. */
export const STRICT_LEN = RECORD_HEADER_LEN + HANDSHAKE_HEADER_LEN + MIN_HELLO_BODY + 1

/**
 * Whether a ClientHello begins at `off`, amid other bytes: as `isTlsStart`, its fixed fields all there, its first record
 * filled by it, and its session_id and cipher_suites fitting in.
 */
export function isStrictStart(bytes: Uint8Array, off: number, end: number): boolean {
  const message = off + RECORD_HEADER_LEN
  if (end - off < STRICT_LEN) return false
  if (!isTlsStart(bytes, off, end, WANT_CLIENT_HELLO)) return false
  const recordLen = u16(bytes, off + 3)
  const bodyLen = u24(bytes, message + 1)
  if (recordLen === 0 || recordLen > HANDSHAKE_HEADER_LEN + bodyLen) return false
  return isPlausibleBody(bytes, message, end, bodyLen)
}

/** Whether a change_cipher_spec record stands at `off`, as before a second ClientHello (RFC 8446 appendix D.4). */
export function isChangeCipherSpec(bytes: Uint8Array, off: number, end: number): boolean {
  return (
    end - off >= CHANGE_CIPHER_SPEC_LEN &&
    u8(bytes, off) === CONTENT_CHANGE_CIPHER_SPEC &&
    isRecordVersion(bytes, off + 1) &&
    u16(bytes, off + 3) === 1 &&
    u8(bytes, off + 5) === 1
  )
}

/** Whether a warning alert stands at `off`, which some clients send before their hello (RFC 5246 §7.2). */
function isWarning(bytes: Uint8Array, off: number, end: number): boolean {
  return (
    end - off >= ALERT_LEN &&
    u8(bytes, off) === CONTENT_ALERT &&
    isRecordVersion(bytes, off + 1) &&
    u16(bytes, off + 3) === 2 &&
    u8(bytes, off + 5) === ALERT_WARNING
  )
}

/** Offset past the change_cipher_spec records and warnings at `off`. */
export function skipLeadingRecords(bytes: Uint8Array, off: number, end: number): number {
  let at = off
  for (let i = 0; i < MAX_LEADING_RECORDS; i++) {
    if (isChangeCipherSpec(bytes, at, end)) at += CHANGE_CIPHER_SPEC_LEN
    else if (isWarning(bytes, at, end)) at += ALERT_LEN
    else break
  }
  return at
}

/** Offset past any change_cipher_spec record at `off`. */
export function skipChangeCipherSpec(bytes: Uint8Array, off: number, end: number): number {
  return isChangeCipherSpec(bytes, off, end) ? off + CHANGE_CIPHER_SPEC_LEN : off
}

const SSL2_HEADER_LEN = 2
const SSL2_FIXED_LEN = 9
/** Whether an SSL 2.0 record with a ClientHello begins at `off`. All eleven bytes of fixed fields must be there. */
export function isSsl2Start(bytes: Uint8Array, off: number, end: number): boolean {
  if (end - off < SSL2_HEADER_LEN + SSL2_FIXED_LEN) return false
  // At most 1 023 bytes: real ones stay below 300, and a wider door lets random data in.
  if ((u8(bytes, off) & 0xfc) !== 0x80 || u8(bytes, off + 2) !== 1) return false
  const version = u16(bytes, off + 3)
  if (version !== 0x0002 && (version < 0x0300 || version > 0x0304)) return false
  const cipherSpecLen = u16(bytes, off + 5)
  const sessionIdLen = u16(bytes, off + 7)
  const challengeLen = u16(bytes, off + 9)
  return (
    cipherSpecLen !== 0 &&
    cipherSpecLen % 3 === 0 &&
    (sessionIdLen === 0 || sessionIdLen === 16) &&
    challengeLen >= 16 &&
    challengeLen <= 32 &&
    ssl2End(bytes, off) ===
      off + SSL2_HEADER_LEN + SSL2_FIXED_LEN + cipherSpecLen + sessionIdLen + challengeLen
  )
}

/** Whether what is there of `bytes[off, end)`, if only a byte, may be the start of a wanted message of either kind. */
export function isPrefix(bytes: Uint8Array, off: number, end: number, wanted: number): boolean {
  if (isTlsPrefix(bytes, off, end, wanted)) return true
  if ((wanted & WANT_CLIENT_HELLO) === 0 || (u8(bytes, off) & 0xfc) !== 0x80) return false
  if (end - off >= SSL2_HEADER_LEN + SSL2_FIXED_LEN) return isSsl2Start(bytes, off, end)
  return end - off < 3 || u8(bytes, off + 2) === 1
}

/** Whether a record that `isTlsStart` or `isSsl2Start` accepted is the latter. */
export function isSsl2(bytes: Uint8Array, off: number): boolean {
  return (u8(bytes, off) & 0x80) !== 0
}

/** Offset of the SSL 2.0 message in its record at `off`. */
export function ssl2Message(off: number): number {
  return off + SSL2_HEADER_LEN
}

/** Offset past the SSL 2.0 record at `off`. */
export function ssl2End(bytes: Uint8Array, off: number): number {
  return off + SSL2_HEADER_LEN + (u16(bytes, off) & 0x7fff)
}

/**
 * Offset past the handshake message at the start of the record at `off`, where all of it lies in that record and before
 * `end`; else -1.
 */
export function wholeInRecord(bytes: Uint8Array, off: number, end: number): number {
  if (end - off < RECORD_HEADER_LEN + HANDSHAKE_HEADER_LEN) return -1
  const messageLen = HANDSHAKE_HEADER_LEN + u24(bytes, off + RECORD_HEADER_LEN + 1)
  const messageEnd = off + RECORD_HEADER_LEN + messageLen
  return messageLen <= u16(bytes, off + 3) && messageEnd <= end ? messageEnd : -1
}
