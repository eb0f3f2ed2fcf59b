// ClientHello and ServerHello, RFC 8446 §4.1.2-3, RFC 5246 §7.4.1, RFC 6347 §4.2.1, RFC 9147 §5.3
//
//   handshake header    type 1 · length 3 (DTLS, as sent: · message_seq 2 · fragment_offset 3 · fragment_length 3)
//   ClientHello         legacy_version 2 · random 32 · session_id <0..32> · (DTLS: cookie <0..255>)
//                       · cipher_suites <2..2^16-2> · compression_methods <1..255> · extensions <0..2^16-1>
//   ServerHello         legacy_version 2 · random 32 · session_id <0..32> · cipher_suite 2 · compression_method 1 · extensions
//
// One walk, no allocation: 200 ns for a browser's hello. The frame of the message is checked strictly; a
// broken extension inside a whole message costs only its own list.

import { u16, u24, u8 } from '../base/bytes.js'
import { MALFORMED, TRUNCATED, UNSUPPORTED } from '../base/fault.js'
import type { OffsetOrFault } from '../base/fault.js'
import type { Hello } from '../model/hello.js'
import { MAX_EXTENSIONS } from '../model/hello.js'
import {
  ALPN,
  EC_POINT_FORMATS,
  ENCRYPTED_CLIENT_HELLO,
  SERVER_NAME,
  SIGNATURE_ALGORITHMS,
  SUPPORTED_GROUPS,
  SUPPORTED_VERSIONS,
} from './extension-type.js'
import {
  locateAlpn,
  locateEcPointFormats,
  locateServerName,
  locateSignatureAlgorithms,
  locateSupportedGroups,
  locateSupportedVersions,
} from './located-lists.js'
import { isSslv2ClientHello, parseSslv2ClientHello } from './sslv2-hello.js'

export const CLIENT_HELLO = 1
export const SERVER_HELLO = 2
const HANDSHAKE_HEADER_LEN = 4
/** As DTLS sends it (RFC 6347 §4.2.2): message_seq, fragment_offset and fragment_length besides. */
const DTLS_HANDSHAKE_HEADER_LEN = 12
const DTLS_FRAGMENT_OFFSET = 6
const DTLS_FRAGMENT_LENGTH = 9
const RANDOM_LEN = 32
const MAX_SESSION_ID_LEN = 32

/**
 * Parses the ClientHello that fills [off, end) into `hello`, whose offsets then point into `hello.bytes`.
 *
 * A DTLS message may have the four bytes of header that TLS has, or the twelve DTLS sends. A message in SSL 2.0
 * framing (RFC 5246 App. E.2) is parsed as well: then `hello.bytes` is that parser's own buffer, not `bytes`.
 *
 * @returns `end`; TRUNCATED where the header promises more than there is, UNSUPPORTED for another handshake type,
 * else MALFORMED; after a Fault nothing in `hello` counts
 */
export function parseClientHello(
  bytes: Uint8Array,
  off: number,
  end: number,
  dtls: boolean,
  hello: Hello,
): OffsetOrFault {
  if (!dtls && isSslv2ClientHello(bytes, off, end))
    return parseSslv2ClientHello(bytes, off, end, hello)
  let at = parsePreamble(bytes, off, end, dtls, CLIENT_HELLO, hello)
  if (at < 0) return at

  if (dtls) {
    if (end - at < 1) return MALFORMED
    at += 1 + u8(bytes, at)
  }

  if (end - at < 2) return MALFORMED
  const suitesLen = u16(bytes, at)
  at += 2
  if (suitesLen < 2 || (suitesLen & 1) !== 0 || suitesLen > end - at) return MALFORMED
  hello.cipherSuitesOff = at
  hello.cipherSuitesLen = suitesLen
  at += suitesLen

  if (end - at < 1) return MALFORMED
  const methodsLen = u8(bytes, at)
  at += 1
  if (methodsLen < 1 || methodsLen > end - at) return MALFORMED
  hello.compressionMethodsOff = at
  hello.compressionMethodsLen = methodsLen
  at += methodsLen

  return parseExtensions(bytes, at, end, hello)
}

/**
 * Parses the ServerHello or HelloRetryRequest that fills [off, end) into `hello`.
 *
 * @returns as parseClientHello does; UNSUPPORTED also for a TLS 1.3 draft before 22, which had another shape
 */
export function parseServerHello(
  bytes: Uint8Array,
  off: number,
  end: number,
  dtls: boolean,
  hello: Hello,
): OffsetOrFault {
  const at = parsePreamble(bytes, off, end, dtls, SERVER_HELLO, hello)
  if (hello.legacyVersion >> 8 === 0x7f && at !== TRUNCATED) return UNSUPPORTED
  if (at < 0) return at

  if (end - at < 3) return MALFORMED
  hello.cipherSuitesOff = at
  hello.cipherSuitesLen = 2
  hello.compressionMethodsOff = at + 2
  hello.compressionMethodsLen = 1
  return parseExtensions(bytes, at + 3, end, hello)
}

/** Header, legacy_version, random and session_id. @returns the offset after session_id, or a Fault */
function parsePreamble(
  bytes: Uint8Array,
  off: number,
  end: number,
  dtls: boolean,
  handshakeType: number,
  hello: Hello,
): OffsetOrFault {
  hello.legacyVersion = 0
  if (end - off < HANDSHAKE_HEADER_LEN) return TRUNCATED
  if (u8(bytes, off) !== handshakeType) return UNSUPPORTED
  const length = u24(bytes, off + 1)
  let at = off + HANDSHAKE_HEADER_LEN
  if (dtls && length === end - off - DTLS_HANDSHAKE_HEADER_LEN) {
    if (u24(bytes, off + DTLS_FRAGMENT_OFFSET) !== 0) return MALFORMED
    if (u24(bytes, off + DTLS_FRAGMENT_LENGTH) !== length) return MALFORMED
    at = off + DTLS_HANDSHAKE_HEADER_LEN
  } else if (length !== end - at) return length > end - at ? TRUNCATED : MALFORMED

  if (end - at < 2 + RANDOM_LEN + 1) return MALFORMED
  hello.bytes = bytes
  hello.off = off
  hello.end = end
  hello.handshakeType = handshakeType
  hello.legacyVersion = u16(bytes, at)
  hello.randomOff = at + 2
  at += 2 + RANDOM_LEN
  const sessionIdLen = u8(bytes, at)
  at += 1
  if (sessionIdLen > MAX_SESSION_ID_LEN || sessionIdLen > end - at) return MALFORMED
  hello.sessionIdOff = at
  hello.sessionIdLen = sessionIdLen
  return at + sessionIdLen
}

/**
 * The extensions block; none at all is the hello of a client before RFC 3546. Bytes behind it within the message are passed
 * over: servers before TLS 1.3 take no notice of them (RFC 5246 §7.4.1.2 asks them to refuse).
 */
function parseExtensions(
  bytes: Uint8Array,
  off: number,
  messageEnd: number,
  hello: Hello,
): OffsetOrFault {
  hello.extensionCount = 0
  hello.serverNameOff = hello.supportedGroupsOff = hello.ecPointFormatsOff = -1
  hello.signatureAlgorithmsOff = hello.alpnOff = hello.supportedVersionsOff = -1
  hello.serverNameLen = hello.supportedGroupsLen = hello.ecPointFormatsLen = 0
  hello.signatureAlgorithmsLen = hello.alpnLen = hello.supportedVersionsLen = 0
  hello.echIndex = -1
  if (off === messageEnd) return messageEnd
  if (messageEnd - off < 2 || u16(bytes, off) > messageEnd - off - 2) return MALFORMED
  const end = off + 2 + u16(bytes, off)

  const { extensionType, extensionOff, extensionLen } = hello
  let at = off + 2
  let count = 0
  // One bit a located type: the first extension of a type counts, even where it is the broken one.
  let seen = 0
  while (at < end) {
    if (end - at < 4 || count === MAX_EXTENSIONS) return MALFORMED
    const type = u16(bytes, at)
    const length = u16(bytes, at + 2)
    at += 4
    if (length > end - at) return MALFORMED
    extensionType[count] = type
    extensionOff[count] = at
    extensionLen[count] = length
    if (type <= SUPPORTED_VERSIONS || type === ENCRYPTED_CLIENT_HELLO)
      seen = locate(bytes, type, at, at + length, count, seen, hello)
    at += length
    count++
  }
  hello.extensionCount = count
  return messageEnd
}

/** Notes a list that nearly every fingerprint asks for. @returns the types seen so far, a bit each */
function locate(
  bytes: Uint8Array,
  type: number,
  off: number,
  end: number,
  index: number,
  seen: number,
  hello: Hello,
): number {
  let bit = 0
  switch (type) {
    case SERVER_NAME:
      bit = 1
      if ((seen & bit) === 0) locateServerName(bytes, off, end, hello)
      break
    case SUPPORTED_GROUPS:
      bit = 2
      if ((seen & bit) === 0) locateSupportedGroups(bytes, off, end, hello)
      break
    case EC_POINT_FORMATS:
      bit = 4
      if ((seen & bit) === 0) locateEcPointFormats(bytes, off, end, hello)
      break
    case SIGNATURE_ALGORITHMS:
      bit = 8
      if ((seen & bit) === 0) locateSignatureAlgorithms(bytes, off, end, hello)
      break
    case ALPN:
      bit = 16
      if ((seen & bit) === 0) locateAlpn(bytes, off, end, hello)
      break
    case SUPPORTED_VERSIONS:
      bit = 32
      if ((seen & bit) === 0) locateSupportedVersions(bytes, off, end, hello)
      break
    case ENCRYPTED_CLIENT_HELLO:
      bit = 64
      if ((seen & bit) === 0) hello.echIndex = index
      break
  }
  return seen | bit
}
