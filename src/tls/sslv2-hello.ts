// ClientHello in SSL 2.0 framing, RFC 5246 App. E.2: how a client old enough to try SSL 2.0 offers TLS.
//
//   msg_length 2 (highest bit set) · msg_type 1 · version 2 · cipher_spec_length 2 · session_id_length 2
//   · challenge_length 2 · cipher_specs 3 each · session_id · challenge
//
// The rest of the house knows one shape of hello. So this one is written out as the ClientHello that means the
// same, into a buffer of its own: specs 0x00XXXX become suites 0xXXXX, the challenge the end of the random, and
// there are no extensions. Specs of other first bytes are SSL 2.0's own ciphers, nothing TLS could choose.

import { u16, u24, u8 } from '../base/bytes.js'
import { MALFORMED, TRUNCATED, UNSUPPORTED } from '../base/fault.js'
import type { OffsetOrFault } from '../base/fault.js'
import type { Hello } from '../model/hello.js'

const RECORD_HEADER_LEN = 2
// Offsets from msg_type.
const VERSION = 1
const CIPHER_SPEC_LENGTH = 3
const SESSION_ID_LENGTH = 5
const CHALLENGE_LENGTH = 7
const CIPHER_SPECS = 9
const CLIENT_HELLO = 1
const MIN_CHALLENGE_LEN = 16
const RANDOM_LEN = 32
const MAX_SESSION_ID_LEN = 32
/** Bytes of specs the fifteen bits of msg_length leave room for. */
const MAX_SPECS_LEN = 0x7fff
/** Handshake header, version, random, session_id, suites of two bytes a spec, null compression. */
const MAX_REWRITTEN_LEN = 4 + 2 + RANDOM_LEN + 1 + MAX_SESSION_ID_LEN + 2 + 21_844 + 2

let rewritten = new Uint8Array(0)

/** Whether [off, end) begins as a CLIENT-HELLO with its msg_length does. No TLS handshake type has the highest bit. */
export function isSslv2ClientHello(bytes: Uint8Array, off: number, end: number): boolean {
  return (
    end - off > RECORD_HEADER_LEN &&
    u8(bytes, off) >= 0x80 &&
    u8(bytes, off + RECORD_HEADER_LEN) === CLIENT_HELLO
  )
}

/**
 * Parses the SSL 2.0-framed CLIENT-HELLO that fills [off, end), with its two bytes of msg_length or without.
 *
 * `hello.bytes` is this parser's own buffer with the equivalent ClientHello, good until the next call.
 *
 * @returns `end`; TRUNCATED where its lengths promise more than there is, UNSUPPORTED for another message and for
 * a client that offers SSL 2.0 alone (by version, or by having no TLS suite), else MALFORMED
 */
export function parseSslv2ClientHello(
  bytes: Uint8Array,
  off: number,
  end: number,
  hello: Hello,
): OffsetOrFault {
  let start = off
  if (end - off >= RECORD_HEADER_LEN && u8(bytes, off) >= 0x80) {
    start = off + RECORD_HEADER_LEN
    const length = u16(bytes, off) & 0x7fff
    if (length !== end - start) return length > end - start ? TRUNCATED : MALFORMED
  }
  const framed = start !== off
  if (end - start < CIPHER_SPECS) return framed ? MALFORMED : TRUNCATED
  if (u8(bytes, start) !== CLIENT_HELLO || u8(bytes, start + VERSION) !== 3) return UNSUPPORTED

  const specsLen = u16(bytes, start + CIPHER_SPEC_LENGTH)
  const sessionIdLen = u16(bytes, start + SESSION_ID_LENGTH)
  const challengeLen = u16(bytes, start + CHALLENGE_LENGTH)
  if (specsLen < 3 || specsLen % 3 !== 0 || sessionIdLen > MAX_SESSION_ID_LEN) return MALFORMED
  if (challengeLen < MIN_CHALLENGE_LEN || challengeLen > RANDOM_LEN) return MALFORMED
  const messageEnd = start + CIPHER_SPECS + specsLen + sessionIdLen + challengeLen
  if (messageEnd !== end) return messageEnd > end && !framed ? TRUNCATED : MALFORMED
  // What msg_length cannot say is no message, with it or without.
  if (specsLen > MAX_SPECS_LEN) return MALFORMED

  const specsOff = start + CIPHER_SPECS
  const sessionIdOff = specsOff + specsLen
  return rewrite(bytes, start, specsOff, sessionIdOff, sessionIdOff + sessionIdLen, end, hello)
}

function rewrite(
  bytes: Uint8Array,
  start: number,
  specsOff: number,
  sessionIdOff: number,
  challengeOff: number,
  end: number,
  hello: Hello,
): OffsetOrFault {
  // Made on the first such hello: most captures have none.
  if (rewritten.length === 0) rewritten = new Uint8Array(MAX_REWRITTEN_LEN)
  const out = rewritten
  out[0] = CLIENT_HELLO
  hello.bytes = out
  hello.off = 0
  hello.handshakeType = CLIENT_HELLO
  hello.legacyVersion = u16(bytes, start + VERSION)
  out[4] = hello.legacyVersion >> 8
  out[5] = hello.legacyVersion & 0xff

  hello.randomOff = 6
  const pad = RANDOM_LEN - (end - challengeOff)
  for (let i = 0; i < RANDOM_LEN; i++) out[6 + i] = i < pad ? 0 : u8(bytes, challengeOff + i - pad)
  let at = 6 + RANDOM_LEN
  hello.sessionIdLen = challengeOff - sessionIdOff
  out[at++] = hello.sessionIdLen
  hello.sessionIdOff = at
  for (let from = sessionIdOff; from < challengeOff; from++) out[at++] = u8(bytes, from)

  hello.cipherSuitesOff = at + 2
  at = hello.cipherSuitesOff
  for (let spec = specsOff; spec < sessionIdOff; spec += 3) {
    if (u24(bytes, spec) > 0xffff) continue
    out[at++] = u8(bytes, spec + 1)
    out[at++] = u8(bytes, spec + 2)
  }
  hello.cipherSuitesLen = at - hello.cipherSuitesOff
  if (hello.cipherSuitesLen === 0) return UNSUPPORTED
  out[hello.cipherSuitesOff - 2] = hello.cipherSuitesLen >> 8
  out[hello.cipherSuitesOff - 1] = hello.cipherSuitesLen & 0xff

  out[at++] = 1
  hello.compressionMethodsOff = at
  hello.compressionMethodsLen = 1
  out[at++] = 0
  hello.end = at
  out[1] = 0
  out[2] = (at - 4) >> 8
  out[3] = (at - 4) & 0xff

  hello.extensionCount = 0
  hello.serverNameOff = hello.supportedGroupsOff = hello.ecPointFormatsOff = -1
  hello.signatureAlgorithmsOff = hello.alpnOff = hello.supportedVersionsOff = -1
  hello.serverNameLen = hello.supportedGroupsLen = hello.ecPointFormatsLen = 0
  hello.signatureAlgorithmsLen = hello.alpnLen = hello.supportedVersionsLen = 0
  hello.echIndex = -1
  return end
}
