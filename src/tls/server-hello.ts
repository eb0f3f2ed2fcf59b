// What a ServerHello chose: the version, and whether a session is resumed.

import { u16 } from '../base/bytes.js'
import type { Hello } from '../model/hello.js'
import { PRE_SHARED_KEY } from './extension-type.js'
import { selectedIdentity } from './extensions/rfc8446-keys.js'
import { firstExtension } from './hello-detail.js'
import { isHelloRetryRequest } from './hello-retry-request.js'

/** The version a ServerHello chose: supported_versions (RFC 8446 §4.2.1), or else its legacy_version. */
export function chosenVersion(hello: Hello): number {
  return hello.supportedVersionsOff < 0
    ? hello.legacyVersion
    : u16(hello.bytes, hello.supportedVersionsOff)
}

/**
 * Whether a ServerHello chose TLS 1.3, or DTLS 1.3, or a draft of either: PSKs instead of sessions, certificates
 * encrypted. Servers of older versions must not send supported_versions (RFC 8446 §4.2.1).
 */
export function isTls13(hello: Hello): boolean {
  return hello.supportedVersionsOff >= 0
}

/** The session_id of a ClientHello: a Hello is one. */
export interface SessionId {
  readonly bytes: Uint8Array
  readonly sessionIdOff: number
  readonly sessionIdLen: number
}

/**
 * Whether a ServerHello resumes a session: by a pre-shared key, and before TLS 1.3 by the client's session_id sent back
 * (RFC 5246 §7.3). Undefined for a HelloRetryRequest, and where the client's session_id is needed and unknown.
 */
export function isResumed(hello: Hello, client: SessionId | undefined): boolean | undefined {
  if (isHelloRetryRequest(hello)) return undefined
  if (isTls13(hello)) return firstExtension(hello, PRE_SHARED_KEY, selectedIdentity) !== undefined
  if (hello.sessionIdLen === 0) return false
  return client === undefined ? undefined : hasSameSessionId(hello, client)
}

/** Whether two hellos have the same session_id; two empty ones are equal. */
export function hasSameSessionId(one: SessionId, other: SessionId): boolean {
  if (one.sessionIdLen !== other.sessionIdLen) return false
  for (let i = 0; i < one.sessionIdLen; i++)
    if (one.bytes[one.sessionIdOff + i] !== other.bytes[other.sessionIdOff + i]) return false
  return true
}
