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

const TLS_1_3 = 0x0304
/** Last octets of the random of a server that could do TLS 1.3 and was asked for less (RFC 8446 §4.1.3): "DOWNGRD". */
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
  const version =
    hello.supportedVersionsOff < 0 ? hello.legacyVersion : u16(bytes, hello.supportedVersionsOff)
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
      resumed: isResumed(hello, version, identity, client),
      downgrade: downgradeOf(hello),
    }),
  }
}

function isResumed(
  hello: Hello,
  version: number,
  identity: number | undefined,
  client: Hello | undefined,
): boolean | undefined {
  if (isHelloRetryRequest(hello)) return undefined
  if (version === TLS_1_3 || version === 0xfefc) return identity !== undefined
  if (hello.sessionIdLen === 0) return false
  if (client === undefined) return undefined
  if (client.sessionIdLen !== hello.sessionIdLen) return false
  for (let i = 0; i < hello.sessionIdLen; i++)
    if (hello.bytes[hello.sessionIdOff + i] !== client.bytes[client.sessionIdOff + i]) return false
  return true
}

function downgradeOf(hello: Hello): ServerHelloDetail['downgrade'] {
  const off = hello.randomOff + DOWNGRADE_OFF
  if (DOWNGRADE.some((octet, i) => u8(hello.bytes, off + i) !== octet)) return undefined
  const sentinel = u8(hello.bytes, off + DOWNGRADE.length)
  if (sentinel === 1) return 'from TLS 1.3 to TLS 1.2'
  return sentinel === 0 ? 'to TLS 1.1 or below' : undefined
}
