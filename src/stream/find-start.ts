import { u8 } from '../base/bytes.js'
import {
  CONTENT_HANDSHAKE,
  isSsl2Start,
  isTlsStart,
  skipChangeCipherSpec,
  WANT_CLIENT_HELLO,
} from './hello-start.js'
import { isPreambleOctet, skipPreambles } from './preamble.js'

const TLS = 1
const CHANGE_CIPHER_SPEC = 2
const SSL2 = 3
const PREAMBLE = 4

/** How a segment may begin, by its first octet; 0 is what nearly all bulk data does. */
const STARTS = new Uint8Array(256)
STARTS[CONTENT_HANDSHAKE] = TLS
STARTS[20] = CHANGE_CIPHER_SPEC
for (let octet = 0x80; octet < 0x84; octet++) STARTS[octet] = SSL2
for (let octet = 0; octet < 256; octet++) if (isPreambleOctet(octet)) STARTS[octet] = PREAMBLE

/**
 * Offset where a wanted message begins in the segment `bytes[off, end)`, which must not be empty, or -1.
 *
 * It stands at the segment's start, or there behind a change_cipher_spec record or a preamble.
 */
export function findStart(bytes: Uint8Array, off: number, end: number, wanted: number): number {
  const start = STARTS[u8(bytes, off)]
  if (start === 0) return -1
  if (start === TLS) return isTlsStart(bytes, off, end, wanted) ? off : -1
  if (start === SSL2)
    return (wanted & WANT_CLIENT_HELLO) !== 0 && isSsl2Start(bytes, off, end) ? off : -1
  const at =
    start === CHANGE_CIPHER_SPEC
      ? skipChangeCipherSpec(bytes, off, end)
      : skipPreambles(bytes, off, end)
  return at !== off && isTlsStart(bytes, at, end, wanted) ? at : -1
}
