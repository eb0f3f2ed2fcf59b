import { u8 } from '../base/bytes.js'
import type { Hello } from '../model/hello.js'
import * as type from './extension-type.js'
import { emptyBody, namedU16, namedU8 } from './extensions/body.js'
import { compressCertificate } from './extensions/certificates.js'
import { maxFragmentLength, statusRequest } from './extensions/rfc6066.js'
import { protocolNameEntries, protocolNames } from './extensions/rfc7301.js'
import { keyShares, offeredPsks } from './extensions/rfc8446-keys.js'
import { cookieLength, pskKeyExchangeModes, signatureSchemes } from './extensions/rfc8446-lists.js'
import { quicTransportParameters } from './extensions/rfc9000.js'
import { encryptedClientHello, guessEch } from './extensions/rfc9849.js'
import { padding, recordSizeLimit, renegotiationInfo, sessionTicket } from './extensions/sizes.js'
import { trustAnchors } from './extensions/trust-anchors.js'
import type { HelloDetail } from './hello-detail.js'
import { extensionDetails, firstExtension, present } from './hello-detail.js'
import { printable } from './printable.js'
import {
  cipherSuiteName,
  groupName,
  pointFormatName,
  signatureSchemeName,
} from './registry-names.js'
import { versionName } from './version-name.js'

/** Names of CompressionMethods (RFC 3749 §2, RFC 3943). */
const COMPRESSION_METHOD: Readonly<Record<number, string>> = { 0: 'null', 1: 'DEFLATE', 64: 'LZS' }

/** Name of a CompressionMethod: `null`, `DEFLATE`, `unknown`. */
function compressionMethodName(method: number): string {
  return COMPRESSION_METHOD[method] ?? 'unknown'
}

/** A parsed ClientHello in detail, ready for JSON. Keeps no reference to `hello.bytes`. */
export function describeHello(hello: Hello): HelloDetail {
  const { bytes } = hello
  const sni =
    hello.serverNameOff < 0
      ? undefined
      : printable(bytes, hello.serverNameOff, hello.serverNameOff + hello.serverNameLen)
  return {
    ...describeLists(hello),
    extensions: extensionDetails(hello),
    extensions_count: hello.extensionCount,
    ...present({
      sni,
      alpn:
        hello.alpnOff < 0
          ? undefined
          : protocolNameEntries(bytes, hello.alpnOff, hello.alpnOff + hello.alpnLen),
      supported_versions: supportedVersionsOf(hello),
      key_shares: firstExtension(hello, type.KEY_SHARE, keyShares),
      psk_key_exchange_modes: firstExtension(
        hello,
        type.PSK_KEY_EXCHANGE_MODES,
        pskKeyExchangeModes,
      ),
      pre_shared_key: firstExtension(hello, type.PRE_SHARED_KEY, offeredPsks),
      ech: echOf(hello, sni),
      application_settings: applicationSettingsOf(hello),
      compress_certificate: firstExtension(hello, type.COMPRESS_CERTIFICATE, compressCertificate),
      delegated_credentials: firstExtension(hello, type.DELEGATED_CREDENTIAL, signatureSchemes),
      record_size_limit: firstExtension(hello, type.RECORD_SIZE_LIMIT, recordSizeLimit),
      max_fragment_length: firstExtension(hello, type.MAX_FRAGMENT_LENGTH, maxFragmentLength),
      trust_anchors: firstExtension(hello, type.TRUST_ANCHORS, trustAnchors),
      quic_transport_parameters:
        firstExtension(hello, type.QUIC_TRANSPORT_PARAMETERS, quicTransportParameters) ??
        firstExtension(hello, type.QUIC_TRANSPORT_PARAMETERS_DRAFT, quicTransportParameters),
      signature_algorithms_cert: firstExtension(
        hello,
        type.SIGNATURE_ALGORITHMS_CERT,
        signatureSchemes,
      ),
      status_request: firstExtension(hello, type.STATUS_REQUEST, statusRequest),
      signed_certificate_timestamp: flag(hello, type.SIGNED_CERTIFICATE_TIMESTAMP),
      early_data: flag(hello, type.EARLY_DATA),
      extended_master_secret: flag(hello, type.EXTENDED_MASTER_SECRET),
      encrypt_then_mac: flag(hello, type.ENCRYPT_THEN_MAC),
      post_handshake_auth: flag(hello, type.POST_HANDSHAKE_AUTH),
      session_ticket_length: firstExtension(hello, type.SESSION_TICKET, sessionTicket)?.length,
      renegotiation_info_length: firstExtension(hello, type.RENEGOTIATION_INFO, renegotiationInfo)
        ?.length,
      padding_length: firstExtension(hello, type.PADDING, padding)?.length,
      cookie_length: firstExtension(hello, type.COOKIE, cookieLength),
    }),
  }
}

/** The seven lists nearly every fingerprint asks for, and what stands before the extensions. */
function describeLists(hello: Hello) {
  const { bytes } = hello
  const ciphersEnd = hello.cipherSuitesOff + hello.cipherSuitesLen
  const ciphers = namedU16(bytes, hello.cipherSuitesOff, ciphersEnd, cipherSuiteName)
  const groupsEnd = hello.supportedGroupsOff + hello.supportedGroupsLen
  const groups = namedU16(bytes, hello.supportedGroupsOff, groupsEnd, groupName)
  const schemesEnd = hello.signatureAlgorithmsOff + hello.signatureAlgorithmsLen
  const schemes = namedU16(bytes, hello.signatureAlgorithmsOff, schemesEnd, signatureSchemeName)
  const formatsEnd = hello.ecPointFormatsOff + hello.ecPointFormatsLen
  const formats = namedU8(bytes, hello.ecPointFormatsOff, formatsEnd, pointFormatName)
  const methodsEnd = hello.compressionMethodsOff + hello.compressionMethodsLen
  return {
    client_hello_version: { id: hello.legacyVersion, name: versionName(hello.legacyVersion) },
    hello_len: hello.end - hello.off,
    session_id_length: hello.sessionIdLen,
    ...present({ dtls_cookie_length: dtlsCookieLength(hello) }),
    ciphers,
    ciphers_count: ciphers.length,
    ciphers_length: hello.cipherSuitesLen,
    compression_methods: namedU8(
      bytes,
      hello.compressionMethodsOff,
      methodsEnd,
      compressionMethodName,
    ),
    supported_groups: groups,
    supported_groups_count: groups.length,
    signature_algorithms: schemes,
    signature_algorithms_count: schemes.length,
    signature_algorithms_length: hello.signatureAlgorithmsLen,
    ec_point_formats: formats,
    ec_point_formats_count: formats.length,
  }
}

/** Between session_id and cipher_suites stands nothing in TLS, and a vector of one byte of length in DTLS. */
function dtlsCookieLength(hello: Hello): number | undefined {
  const cookieOff = hello.sessionIdOff + hello.sessionIdLen
  return cookieOff === hello.cipherSuitesOff - 2 ? undefined : u8(hello.bytes, cookieOff)
}

function supportedVersionsOf(hello: Hello) {
  const { bytes, supportedVersionsOff: off, supportedVersionsLen: length } = hello
  return off < 0 ? undefined : namedU16(bytes, off, off + length, versionName)
}

function echOf(hello: Hello, sni: string | undefined) {
  const ech = firstExtension(hello, type.ENCRYPTED_CLIENT_HELLO, encryptedClientHello)
  return ech === undefined ? undefined : { ...ech, ...guessEch(ech, sni) }
}

function applicationSettingsOf(hello: Hello) {
  for (const id of [type.APPLICATION_SETTINGS, type.APPLICATION_SETTINGS_OLD]) {
    const protocols = firstExtension(hello, id, protocolNames)
    if (protocols !== undefined) return { type: id, protocols }
  }
  return undefined
}

function flag(hello: Hello, id: number): true | undefined {
  return firstExtension(hello, id, emptyBody) === null ? true : undefined
}
