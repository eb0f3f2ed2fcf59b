// JA4, the TLS client method (github.com/FoxIO-LLC/ja4, technical_details/JA4.md, BSD-3-Clause).
//
//   t13d1516h2_8daaf6152771_e5627efa2ab1
//   │││ │ │ │  │            └ SHA-256 of "extensions[_signature algorithms]", its first 12 digits
//   │││ │ │ │  └ SHA-256 of the ciphers, its first 12 digits
//   │││ │ │ └ first and last character of the first ALPN value, 00 without
//   │││ │ └ number of extensions, 99 at most
//   │││ └ number of ciphers, 99 at most
//   ││└ d: server_name is there (a domain), i: it is not
//   │└ newest version offered
//   └ t TCP, q QUIC, d DTLS
//
// Lists are four hex digits each joined by ",". ja4 sorts ciphers and extensions and leaves server_name and ALPN out of
// the latter; ja4_o takes both as they came; ja4_r and ja4_ro show the lists instead of their hashes. Signature
// algorithms are never sorted, and without any there is no underscore before them. GREASE is left out of every list.

import { u16, u8 } from '../base/bytes.js'
import { isGrease } from '../base/grease.js'
import type { ByteWriter } from '../base/byte-writer.js'
import type { Transport } from '../model/handshake-bytes.js'
import type { Hello } from '../model/hello.js'
import { COMMA, GREASE, listedLen, putHex16, putHex8 } from './text.js'
import { offeredVersion } from './version-text.js'

/** Bytes one extension takes: four digits. */
export const JA4_EXTENSION_LEN = 4
/** Hex digits of a hash in JA4. */
export const JA4_HASH_LEN = 12
/** What stands for the hash of an empty list. */
export const JA4_EMPTY_HASH = '000000000000'

const SERVER_NAME = 0
const ALPN = 16
const MAX_COUNT = 99

const VERSION_CODES: Readonly<Record<number, string>> = {
  0x0002: 's2',
  0x0300: 's3',
  0x0301: '10',
  0x0302: '11',
  0x0303: '12',
  0x0304: '13',
  0xfeff: 'd1',
  0xfefd: 'd2',
  0xfefc: 'd3',
}

/** Appends the first part with its underscore: `t13d1516h2_`. */
export function writeJa4Head(transport: Transport, hello: Hello, out: ByteWriter): void {
  out.ascii(transport === 'quic' ? 'q' : transport === 'dtls' ? 'd' : 't')
  out.ascii(VERSION_CODES[offeredVersion(hello, transport === 'dtls')] ?? '00')
  let extensions = 0
  let named = false
  for (let i = 0; i < hello.extensionCount; i++) {
    const type = hello.extensionType[i] ?? 0
    if (type === SERVER_NAME) named = true
    if (!isGrease(type)) extensions++
  }
  let ciphers = 0
  for (let i = 0; i + 2 <= hello.cipherSuitesLen; i += 2) {
    if (!isGrease(u16(hello.bytes, hello.cipherSuitesOff + i))) ciphers++
  }
  out.ascii(named ? 'd' : 'i')
  writeCount(ciphers, out)
  writeCount(extensions, out)
  writeAlpnEnds(hello, out)
  out.ascii('_')
}

function writeCount(count: number, out: ByteWriter): void {
  const shown = Math.min(count, MAX_COUNT)
  if (shown < 10) out.ascii('0')
  out.decimal(shown)
}

/** The two characters of the first ALPN value. Where either end is not a letter or digit, the ends of its hex. */
function writeAlpnEnds(hello: Hello, out: ByteWriter): void {
  const len = hello.alpnLen > 0 ? u8(hello.bytes, hello.alpnOff) : 0
  if (len === 0 || len >= hello.alpnLen) {
    out.ascii('00')
    return
  }
  const first = u8(hello.bytes, hello.alpnOff + 1)
  const last = u8(hello.bytes, hello.alpnOff + len)
  if (isAlphanumeric(first) && isAlphanumeric(last)) {
    out.byte(first)
    out.byte(last)
    return
  }
  out.reserve(3)
  putHex8(out.bytes, out.len, first)
  out.len++
  // The first digit of the first byte stays, its second gives way to the second of the last byte.
  const lowDigitAt = out.len
  putHex8(out.bytes, lowDigitAt, last)
  out.bytes[lowDigitAt] = out.bytes[lowDigitAt + 1] ?? 0
  out.len++
}

function isAlphanumeric(byte: number): boolean {
  return (
    (byte >= 0x30 && byte <= 0x39) ||
    (byte >= 0x41 && byte <= 0x5a) ||
    (byte >= 0x61 && byte <= 0x7a)
  )
}

/** Appends the ciphers, `sorted` or as they came. */
export function writeJa4Ciphers(hello: Hello, sorted: boolean, out: ByteWriter): void {
  const ciphers = new Uint16Array(listedLen(hello.cipherSuitesLen) >> 1)
  for (let i = 0; i < ciphers.length; i++) {
    ciphers[i] = u16(hello.bytes, hello.cipherSuitesOff + 2 * i)
  }
  if (sorted) ciphers.sort()
  const start = out.len
  out.reserve(ciphers.length * 5)
  for (const cipher of ciphers) {
    if (isGrease(cipher)) continue
    if (out.len > start) out.byte(COMMA)
    out.len = putHex16(out.bytes, out.len, cipher)
  }
}

/** Writes one extension type of ja4_o and ja4_ro (PutExtension); the list is joined by ",". */
export function putJa4Extension(
  type: number,
  _index: number,
  bytes: Uint8Array,
  at: number,
): number {
  return type === GREASE ? at : putHex16(bytes, at, type)
}

/** Appends the sorted extensions less server_name and ALPN. @returns whether there were any */
export function writeJa4SortedExtensions(
  sorted: Uint16Array,
  count: number,
  out: ByteWriter,
): boolean {
  const start = out.len
  for (let i = 0; i < count; i++) {
    const type = sorted[i] ?? 0
    if (type === GREASE || type === SERVER_NAME || type === ALPN) continue
    if (out.len > start) out.byte(COMMA)
    out.hex16(type)
  }
  return out.len > start
}

/** Appends the signature algorithms with the underscore before them, `_0403,0804`; nothing where there are none. */
export function writeJa4SignatureAlgorithms(hello: Hello, out: ByteWriter): void {
  const end = hello.signatureAlgorithmsOff + listedLen(hello.signatureAlgorithmsLen)
  const start = out.len
  for (let i = hello.signatureAlgorithmsOff; i + 2 <= end; i += 2) {
    const scheme = u16(hello.bytes, i)
    if (isGrease(scheme)) continue
    out.ascii(out.len > start ? ',' : '_')
    out.hex16(scheme)
  }
}
