// A hello without its secrets can be kept and fingerprinted again: every length and list stays, and what is
// random, personal to the session or key material becomes zeros.

import { u16, u32, u8 } from '../base/bytes.js'
import type { OffsetOrFault } from '../base/fault.js'
import { TRUNCATED } from '../base/fault.js'
import type { Hello } from '../model/hello.js'
import {
  COOKIE,
  ENCRYPTED_CLIENT_HELLO,
  ENCRYPTED_SERVER_NAME,
  KEY_SHARE,
  KEY_SHARE_DRAFT,
  PRE_SHARED_KEY,
  RENEGOTIATION_INFO,
  SESSION_TICKET,
} from './extension-type.js'

const RANDOM_LEN = 32
const CLIENT_HELLO = 1

/**
 * Copies the handshake message [off, end), which `hello` was parsed from, to the start of `out` with zeros for
 * random, session_id, DTLS cookie, key shares, PSK identities and binders, ECH enc and payload, ESNI, cookie, session
 * ticket and renegotiation data; a PSK's age becomes 1, and stays 0 where it was. A body of these that is malformed
 * becomes zeros as a whole.
 *
 * Of an SSL 2.0-framed hello it copies the equivalent ClientHello the parser made.
 *
 * @returns the bytes written, or TRUNCATED where `out` is too short
 */
export function redactHello(
  bytes: Uint8Array,
  off: number,
  end: number,
  hello: Hello,
  out: Uint8Array,
): OffsetOrFault {
  if (hello.bytes !== bytes && hello.bytes.length > 0)
    return redactHello(hello.bytes, hello.off, hello.end, hello, out)
  if (out.length < end - off) return TRUNCATED
  for (let at = off; at < end; at++) out[at - off] = u8(bytes, at)

  const randomOff = hello.randomOff - off
  out.fill(0, randomOff, randomOff + RANDOM_LEN)
  const sessionIdOff = hello.sessionIdOff - off
  const sessionIdEnd = sessionIdOff + hello.sessionIdLen
  out.fill(0, sessionIdOff, sessionIdEnd)
  // In DTLS a cookie with its byte of length stands before cipher_suites; in TLS nothing does.
  if (hello.handshakeType === CLIENT_HELLO && sessionIdEnd + 2 < hello.cipherSuitesOff - off)
    out.fill(0, sessionIdEnd + 1, hello.cipherSuitesOff - off - 2)

  for (let i = 0; i < hello.extensionCount; i++) {
    const bodyOff = (hello.extensionOff[i] ?? 0) - off
    redactBody(
      out,
      hello.extensionType[i] ?? 0,
      bodyOff,
      bodyOff + (hello.extensionLen[i] ?? 0),
      hello.handshakeType === CLIENT_HELLO,
    )
  }
  return end - off
}

function redactBody(
  out: Uint8Array,
  type: number,
  off: number,
  end: number,
  client: boolean,
): void {
  let whole = true
  switch (type) {
    case KEY_SHARE:
    case KEY_SHARE_DRAFT:
      whole = client ? redactKeyShares(out, off, end) : redactServerKeyShare(out, off, end)
      break
    case PRE_SHARED_KEY:
      whole = client ? redactPsks(out, off, end) : true
      break
    case ENCRYPTED_CLIENT_HELLO:
      whole = redactEch(out, off, end)
      break
    case COOKIE:
      whole = redactVector(out, off, end, 2)
      break
    case RENEGOTIATION_INFO:
      whole = redactVector(out, off, end, 1)
      break
    case SESSION_TICKET:
    case ENCRYPTED_SERVER_NAME:
      whole = false
      break
  }
  if (!whole) out.fill(0, off, end)
}

// Each function zeroes the secrets in [off, end) and returns whether the body is valid to its end.

function redactKeyShares(out: Uint8Array, off: number, end: number): boolean {
  if (end - off < 2 || u16(out, off) !== end - off - 2) return false
  let at = off + 2
  while (at < end) {
    if (end - at < 4) return false
    const keyEnd = at + 4 + u16(out, at + 2)
    if (keyEnd > end) return false
    out.fill(0, at + 4, keyEnd)
    at = keyEnd
  }
  return true
}

function redactServerKeyShare(out: Uint8Array, off: number, end: number): boolean {
  if (end - off === 2) return true
  if (end - off < 4 || u16(out, off + 2) !== end - off - 4) return false
  out.fill(0, off + 4, end)
  return true
}

function redactPsks(out: Uint8Array, off: number, end: number): boolean {
  if (end - off < 2) return false
  const identitiesEnd = off + 2 + u16(out, off)
  if (identitiesEnd > end - 2 || u16(out, identitiesEnd) !== end - identitiesEnd - 2) return false
  let at = off + 2
  while (at < identitiesEnd) {
    if (identitiesEnd - at < 6) return false
    const ageEnd = at + 6 + u16(out, at)
    if (ageEnd > identitiesEnd) return false
    out.fill(0, at + 2, ageEnd - 4)
    // An age of 0 marks an external key (RFC 8446 §4.2.11): any other age becomes 1.
    const isExternal = u32(out, ageEnd - 4) === 0
    out.fill(0, ageEnd - 4, ageEnd)
    if (!isExternal) out[ageEnd - 1] = 1
    at = ageEnd
  }
  at = identitiesEnd + 2
  while (at < end) {
    const binderEnd = at + 1 + u8(out, at)
    if (binderEnd > end) return false
    out.fill(0, at + 1, binderEnd)
    at = binderEnd
  }
  return true
}

function redactEch(out: Uint8Array, off: number, end: number): boolean {
  // Type inner says nothing; a HelloRetryRequest's confirmation of eight bytes fits neither shape.
  if (end - off === 1) return true
  if (end - off < 10 || u8(out, off) !== 0) return false
  const encEnd = off + 8 + u16(out, off + 6)
  if (encEnd > end - 2 || u16(out, encEnd) !== end - encEnd - 2) return false
  out.fill(0, off + 8, encEnd)
  out.fill(0, encEnd + 2, end)
  return true
}

function redactVector(out: Uint8Array, off: number, end: number, lengthLen: number): boolean {
  if (end - off < lengthLen) return false
  const length = lengthLen === 1 ? u8(out, off) : u16(out, off)
  if (length !== end - off - lengthLen) return false
  out.fill(0, off + lengthLen, end)
  return true
}
