// JA3 by John Althouse, Jeff Atkinson and Josh Atkins (github.com/salesforce/ja3, BSD-3-Clause):
//
//   version,ciphers,extensions,supported groups,point formats
//
// in decimal, lists joined by "-", GREASE left out; the fingerprint is its MD5. The version is the hello's own
// legacy_version. JA3N is the same with the extensions in numerical order, as browserleaks.com defines it.
//
// The parts before and after the extensions are functions of their own: of two hellos of one browser only the
// extensions' order differs.

import { MAX_LISTED_EXTENSIONS } from '../base/limits.js'
import type { ByteWriter } from '../base/byte-writer.js'
import type { Hello } from '../model/hello.js'
import { COMMA, DASH, GREASE, putDecimal, writeDecimalList, writeByteList } from './text.js'

/** Bytes one extension takes at most: five digits. */
export const JA3_EXTENSION_LEN = 5

/** Appends the JA3 string up to the extensions: `771,4865-4866,`. */
export function writeJa3Head(hello: Hello, out: ByteWriter): void {
  out.decimal(hello.legacyVersion)
  out.byte(COMMA)
  writeDecimalList(hello.bytes, hello.cipherSuitesOff, hello.cipherSuitesLen, DASH, 'grease', out)
  out.byte(COMMA)
}

/** Writes one extension type of a JA3 string (PutExtension); the list is joined by "-". */
export function putJa3Extension(
  type: number,
  _index: number,
  bytes: Uint8Array,
  at: number,
): number {
  return type === GREASE ? at : putDecimal(bytes, at, type)
}

/** Appends the JA3 string after the extensions: `,29-23-24,0`. */
export function writeJa3Tail(hello: Hello, out: ByteWriter): void {
  out.byte(COMMA)
  writeDecimalList(
    hello.bytes,
    hello.supportedGroupsOff,
    hello.supportedGroupsLen,
    DASH,
    'grease',
    out,
  )
  out.byte(COMMA)
  writeByteList(hello.bytes, hello.ecPointFormatsOff, hello.ecPointFormatsLen, DASH, out)
}

/** Appends the JA3N string: the extensions in numerical order. */
export function writeJa3nString(hello: Hello, sorted: Uint16Array, out: ByteWriter): void {
  writeJa3Head(hello, out)
  const start = out.len
  for (let i = 0; i < Math.min(hello.extensionCount, MAX_LISTED_EXTENSIONS); i++) {
    const type = sorted[i] ?? 0
    if (type === GREASE) continue
    if (out.len > start) out.byte(DASH)
    out.decimal(type)
  }
  writeJa3Tail(hello, out)
}
