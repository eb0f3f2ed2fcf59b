// JA3 by John Althouse, Jeff Atkinson and Josh Atkins (github.com/salesforce/ja3, BSD-3-Clause):
//
//   version,ciphers,extensions,supported groups,point formats
//
// in decimal, lists joined by "-", GREASE left out; the fingerprint is its MD5. The version is the hello's own
// legacy_version. JA3N is the same with the extensions in numerical order, as browserleaks.com defines it.
//
// The parts before and after the extensions are functions of their own: of two hellos of one browser only the
// extensions' order differs.

import type { OctetWriter } from '../base/octet-writer.js'
import type { Hello } from '../model/hello.js'
import { COMMA, DASH, GREASE, putDecimal, writeDecimalList, writeOctetList } from './text.js'

/** Octets one extension takes at most: five digits and a dash. */
export const JA3_EXTENSION_LEN = 6

/** Appends the JA3 string up to the extensions: `771,4865-4866,`. */
export function writeJa3Head(hello: Hello, out: OctetWriter): void {
  out.decimal(hello.legacyVersion)
  out.octet(COMMA)
  writeDecimalList(hello.bytes, hello.cipherSuitesOff, hello.cipherSuitesLen, DASH, 'grease', out)
  out.octet(COMMA)
}

/**
 * Writes extension types joined by "-" at `at`, GREASE (0x0a0a) left out; there is room for JA3_EXTENSION_LEN each.
 * @returns the offset past them
 */
export function putJa3Extensions(
  types: Uint16Array,
  count: number,
  bytes: Uint8Array,
  start: number,
): number {
  let at = start
  for (let i = 0; i < count; i++) {
    const type = types[i] ?? 0
    if (type === GREASE) continue
    if (at > start) bytes[at++] = DASH
    at = putDecimal(bytes, at, type)
  }
  return at
}

/** Appends the JA3 string after the extensions: `,29-23-24,0`. */
export function writeJa3Tail(hello: Hello, out: OctetWriter): void {
  out.octet(COMMA)
  writeDecimalList(
    hello.bytes,
    hello.supportedGroupsOff,
    hello.supportedGroupsLen,
    DASH,
    'grease',
    out,
  )
  out.octet(COMMA)
  writeOctetList(hello.bytes, hello.ecPointFormatsOff, hello.ecPointFormatsLen, DASH, out)
}

/** Appends the JA3 string with the extensions as `types` has them: wire order is JA3, numerical order JA3N. */
export function writeJa3String(hello: Hello, types: Uint16Array, out: OctetWriter): void {
  writeJa3Head(hello, out)
  out.reserve(hello.extensionCount * JA3_EXTENSION_LEN)
  out.len = putJa3Extensions(types, hello.extensionCount, out.bytes, out.len)
  writeJa3Tail(hello, out)
}
