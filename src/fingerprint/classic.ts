// The classic fingerprint: seven fields of the hello, their canonical JSON (RFC 8785), and SHA3-384 (FIPS 202) of its
// bytes.
//
//   {"ciphers":"4865,…","client_hello_version":"TLS 1.2","ec_point_formats":"0","extensions":"0,23,…",
//    "record_version":"TLS 1.0","signature_algorithms":"1027,…","supported_groups":"29,23,24"}
//
// `sha3_384` leaves out of ciphers, extensions and supported_groups what IANA lists as exactly Reserved or Unassigned,
// by the registry snapshot named in the sighting; the rest is as it was on the wire.
//
// `sha3_384_stable` is meant to be one value for one client: GREASE is out of every list, extensions are sorted, those
// that depend on the connection and record_version (other after a HelloRetryRequest) are left out, and no registry is
// asked, so that it outlives registry updates.

import { MAX_LISTED_EXTENSIONS } from '../base/limits.js'
import type { ByteWriter } from '../base/byte-writer.js'
import type { HandshakeBytes } from '../model/handshake-bytes.js'
import type { Hello } from '../model/hello.js'
import { CIPHER_DROPPED, EXTENSION_DROPPED, GROUP_DROPPED } from '../tls/registry.js'
import { u8 } from '../base/bytes.js'
import { COMMA, GREASE, putDecimal, writeDecimalList, writeByteList } from './text.js'
import { versionText } from './version-text.js'

/** Bytes one extension takes at most: five digits. */
export const CLASSIC_EXTENSION_LEN = 5

/** server_name, padding, session_ticket, pre_shared_key, early_data, cookie: these depend on the connection. */
const PER_CONNECTION: readonly number[] = [0, 21, 35, 41, 42, 44]

/** Appends the canonical JSON of `tls_fp` up to the extensions. */
export function writeClassicHead(hello: Hello, out: ByteWriter): void {
  writeHead(hello, CIPHER_DROPPED, out)
}

/** Writes one extension type of `tls_fp`, if it stays (PutExtension); the list is joined by ",". */
export function putClassicExtension(
  type: number,
  _index: number,
  bytes: Uint8Array,
  at: number,
): number {
  return u8(EXTENSION_DROPPED, type) === 1 ? at : putDecimal(bytes, at, type)
}

/** Appends the canonical JSON of `tls_fp` after the extensions. */
export function writeClassicTail(message: HandshakeBytes, hello: Hello, out: ByteWriter): void {
  out.ascii('","record_version":"')
  if (message.recordVersion !== 0) out.ascii(versionText(message.recordVersion))
  writeTail(hello, 'nothing', GROUP_DROPPED, out)
}

/** Appends the canonical JSON that `sha3_384_stable` is the hash of. */
export function writeStableJson(hello: Hello, sorted: Uint16Array, out: ByteWriter): void {
  writeHead(hello, 'grease', out)
  const start = out.len
  for (let i = 0; i < Math.min(hello.extensionCount, MAX_LISTED_EXTENSIONS); i++) {
    const type = sorted[i] ?? 0
    if (type === GREASE || PER_CONNECTION.includes(type)) continue
    if (out.len > start) out.byte(COMMA)
    out.decimal(type)
  }
  writeTail(hello, 'grease', 'grease', out)
}

function writeHead(hello: Hello, dropped: Uint8Array | 'grease', out: ByteWriter): void {
  const { bytes } = hello
  out.ascii('{"ciphers":"')
  writeDecimalList(bytes, hello.cipherSuitesOff, hello.cipherSuitesLen, COMMA, dropped, out)
  out.ascii('","client_hello_version":"')
  out.ascii(versionText(hello.legacyVersion))
  out.ascii('","ec_point_formats":"')
  writeByteList(bytes, hello.ecPointFormatsOff, hello.ecPointFormatsLen, COMMA, out)
  out.ascii('","extensions":"')
}

function writeTail(
  hello: Hello,
  droppedSchemes: 'nothing' | 'grease',
  droppedGroups: Uint8Array | 'grease',
  out: ByteWriter,
): void {
  const { bytes } = hello
  out.ascii('","signature_algorithms":"')
  writeDecimalList(
    bytes,
    hello.signatureAlgorithmsOff,
    hello.signatureAlgorithmsLen,
    COMMA,
    droppedSchemes,
    out,
  )
  out.ascii('","supported_groups":"')
  writeDecimalList(
    bytes,
    hello.supportedGroupsOff,
    hello.supportedGroupsLen,
    COMMA,
    droppedGroups,
    out,
  )
  out.ascii('"}')
}
