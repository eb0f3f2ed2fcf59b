import { u16, u8 } from '../base/bytes.js'
import type { Hello } from '../model/hello.js'
import { compressionMethodName } from './describe-hello.js'
import * as type from './extension-type.js'
import { emptyBody } from './extensions/body.js'
import { SERVER_DECODERS } from './extensions/decoders.js'
import { protocolNameEntries } from './extensions/rfc7301.js'
import type { KeyShare } from './extensions/rfc8446-keys.js'
import { selectedIdentity, serverKeyShare } from './extensions/rfc8446-keys.js'
import type { ExtensionDetail, Named } from './hello-detail.js'
import { extensionDetails, firstExtension, present } from './hello-detail.js'
import { isHelloRetryRequest } from './hello-retry-request.js'
import { cipherSuiteName } from './registry-names.js'
import { versionName } from './version-name.js'

/** Last bytes of the random of a server that could do TLS 1.3 and was asked for less (RFC 8446 §4.1.3): "DOWNGRD". */
const DOWNGRADE = [0x44, 0x4f, 0x57, 0x4e, 0x47, 0x52, 0x44] as const
const DOWNGRADE_OFF = 24

/** Everything a ServerHello says. A key is absent where its extension is, or is malformed. */
export interface ServerHelloDetail {
  readonly hello_retry_request: boolean
  readonly server_hello_version: Named
  /** The version chosen: supported_versions, or else server_hello_version. */
  readonly version: Named
  readonly cipher: Named
  readonly compression_method: Named
  readonly session_id_length: number
  readonly extensions: readonly ExtensionDetail[]
  readonly extensions_count: number
  /** The group chosen, or asked for by a HelloRetryRequest; hidden in ServerKeyExchange before TLS 1.3. */
  readonly key_share?: KeyShare
  /** The protocol chosen; encrypted since TLS 1.3. */
  readonly alpn?: string
  /** Index of the pre-shared key the server took. */
  readonly selected_identity?: number
  /** True where the server will send a new ticket (RFC 5077 §3.2). */
  readonly session_ticket?: true
  /** Whether a former session goes on; absent where the hello alone does not tell. */
  readonly resumed?: boolean
  /** The server can do more than was chosen: for a client that offered more, an attack or a bug. */
  readonly downgrade?: 'from TLS 1.3 to TLS 1.2' | 'to TLS 1.1 or below'
}

/**
 * Everything a parsed ServerHello says, ready for JSON.
 *
 * @param client the ClientHello it answers, where known: before TLS 1.3 a session goes on where its session_id comes back
 */
export function describeServerHello(hello: Hello, client?: Hello): ServerHelloDetail {
  const { bytes } = hello
  const version = chosenVersion(hello)
  const cipher = u16(bytes, hello.cipherSuitesOff)
  const method = u8(bytes, hello.compressionMethodsOff)
  const identity = firstExtension(hello, type.PRE_SHARED_KEY, selectedIdentity)
  return {
    hello_retry_request: isHelloRetryRequest(hello),
    server_hello_version: { id: hello.legacyVersion, name: versionName(hello.legacyVersion) },
    version: { id: version, name: versionName(version) },
    cipher: { id: cipher, name: cipherSuiteName(cipher) },
    compression_method: { id: method, name: compressionMethodName(method) },
    session_id_length: hello.sessionIdLen,
    extensions: extensionDetails(hello, SERVER_DECODERS),
    extensions_count: hello.extensionCount,
    ...present({
      key_share: firstExtension(hello, type.KEY_SHARE, serverKeyShare),
      alpn:
        hello.alpnOff < 0
          ? undefined
          : protocolNameEntries(bytes, hello.alpnOff, hello.alpnOff + hello.alpnLen)[0],
      selected_identity: identity,
      session_ticket:
        firstExtension(hello, type.SESSION_TICKET, emptyBody) === null
          ? (true as const)
          : undefined,
      resumed: isResumed(hello, client),
      downgrade: downgradeOf(hello),
    }),
  }
}

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
 * Whether a ServerHello goes on with a former session: by a pre-shared key, before TLS 1.3 by the client's session_id
 * sent back (RFC 5246 §7.3). Undefined where it does not tell, or where the client is needed and not known.
 */
export function isResumed(hello: Hello, client: SessionId | undefined): boolean | undefined {
  if (isHelloRetryRequest(hello)) return undefined
  if (isTls13(hello))
    return firstExtension(hello, type.PRE_SHARED_KEY, selectedIdentity) !== undefined
  if (hello.sessionIdLen === 0) return false
  return client === undefined ? undefined : hasSameSessionId(hello, client)
}

/** Whether two hellos have the same session_id, if only none. */
export function hasSameSessionId(one: SessionId, other: SessionId): boolean {
  if (one.sessionIdLen !== other.sessionIdLen) return false
  for (let i = 0; i < one.sessionIdLen; i++)
    if (one.bytes[one.sessionIdOff + i] !== other.bytes[other.sessionIdOff + i]) return false
  return true
}

function downgradeOf(hello: Hello): ServerHelloDetail['downgrade'] {
  const off = hello.randomOff + DOWNGRADE_OFF
  if (DOWNGRADE.some((byte, i) => u8(hello.bytes, off + i) !== byte)) return undefined
  const sentinel = u8(hello.bytes, off + DOWNGRADE.length)
  if (sentinel === 1) return 'from TLS 1.3 to TLS 1.2'
  return sentinel === 0 ? 'to TLS 1.1 or below' : undefined
}
