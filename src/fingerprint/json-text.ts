// Bytes from the wire as JSON text (RFC 8259 §7): whatever they are, what comes out is printable ASCII.

import { u8 } from '../base/bytes.js'
import type { ByteWriter } from '../base/byte-writer.js'
import { putHex8 } from './text.js'

/** Bytes one byte takes at most: `\\xhh`. */
const ESCAPED_LEN = 5
const QUOTE = 0x22
const BACKSLASH = 0x5c
const LETTER_X = 0x78

/**
 * Appends `bytes[off, off + len)` as the inside of a JSON string. Printable ASCII stays; any other byte, and the
 * backslash itself so that the text can be read back, becomes `\xhh`, its backslash doubled as JSON asks.
 */
export function writeJsonPrintable(
  bytes: Uint8Array,
  off: number,
  len: number,
  out: ByteWriter,
): void {
  out.reserve(len * ESCAPED_LEN)
  const into = out.bytes
  let at = out.len
  for (let i = off; i < off + len; i++) {
    const byte = u8(bytes, i)
    if (byte >= 0x20 && byte <= 0x7e && byte !== QUOTE && byte !== BACKSLASH) {
      into[at++] = byte
    } else if (byte === QUOTE) {
      into[at++] = BACKSLASH
      into[at++] = QUOTE
    } else {
      into[at++] = BACKSLASH
      into[at++] = BACKSLASH
      into[at++] = LETTER_X
      at = putHex8(into, at, byte)
    }
  }
  out.len = at
}

const BASE64 = new Uint8Array(64)
for (let i = 0; i < 64; i++) {
  BASE64[i] = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'.charCodeAt(i)
}
const PADDING = 0x3d

/** Appends `bytes[off, end)` in base64 with padding (RFC 4648 §4). */
export function writeBase64(bytes: Uint8Array, off: number, end: number, out: ByteWriter): void {
  out.reserve(4 * Math.ceil((end - off) / 3))
  const into = out.bytes
  let at = out.len
  for (let i = off; i < end; i += 3) {
    const left = end - i
    const first = u8(bytes, i)
    const second = left > 1 ? u8(bytes, i + 1) : 0
    const third = left > 2 ? u8(bytes, i + 2) : 0
    into[at++] = u8(BASE64, first >> 2)
    into[at++] = u8(BASE64, ((first & 3) << 4) | (second >> 4))
    into[at++] = left > 1 ? u8(BASE64, ((second & 15) << 2) | (third >> 6)) : PADDING
    into[at++] = left > 2 ? u8(BASE64, third & 63) : PADDING
  }
  out.len = at
}
