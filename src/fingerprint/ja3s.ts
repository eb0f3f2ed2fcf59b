// JA3S, the server's half of JA3 (github.com/salesforce/ja3, BSD-3-Clause): `version,cipher,extensions` of a
// ServerHello, in decimal, extensions in wire order joined by "-"; the fingerprint is its MD5.

import type { ByteWriter } from '../base/byte-writer.js'
import { u16 } from '../base/bytes.js'
import type { Hello } from '../model/hello.js'
import { COMMA, DASH } from './text.js'

/** Appends the JA3S string of a ServerHello: `771,4865,51-43`. */
export function writeJa3sString(hello: Hello, out: ByteWriter): void {
  out.decimal(hello.legacyVersion)
  out.byte(COMMA)
  out.decimal(u16(hello.bytes, hello.cipherSuitesOff))
  out.byte(COMMA)
  for (let i = 0; i < hello.extensionCount; i++) {
    if (i > 0) out.byte(DASH)
    out.decimal(hello.extensionType[i] ?? 0)
  }
}
