import { u8 } from '../base/bytes.js'
import {
  FIXED_SECOND,
  LIKE_CHANGE_CIPHER_SPEC,
  LIKE_SSL2,
  LIKE_TLS,
  UNLIKE_HELLO,
} from '../model/block-layout.js'
import {
  CONTENT_HANDSHAKE,
  isSsl2Start,
  isTlsStart,
  skipChangeCipherSpec,
  WANT_CLIENT_HELLO,
} from './hello-start.js'
import { PREAMBLE_OCTETS, skipPreambles } from './preamble.js'

const PREAMBLE = 4

/** How a segment with a hello may begin, by its first octet; UNLIKE_HELLO is what nearly all bulk data does. */
export const STARTS = new Uint8Array(256)
/** The octet that must follow, by the first one, where STARTS has FIXED_SECOND. */
export const SECONDS = new Uint8Array(256)

STARTS[CONTENT_HANDSHAKE] = LIKE_TLS
for (let octet = 0x80; octet < 0x84; octet++) STARTS[octet] = LIKE_SSL2
STARTS[20] = LIKE_CHANGE_CIPHER_SPEC
for (const [first, second] of PREAMBLE_OCTETS) {
  if (second < 0) STARTS[first] = PREAMBLE
  else setFixed(first, PREAMBLE, second)
}

function setFixed(first: number, start: number, second: number): void {
  STARTS[first] = start | FIXED_SECOND
  SECONDS[first] = second
}

/**
 * Offset where a wanted message begins in the segment `bytes[off, end)`, which must not be empty, or -1.
 *
 * It stands at the segment's start, or there behind a change_cipher_spec record or a preamble.
 */
export function findStart(bytes: Uint8Array, off: number, end: number, wanted: number): number {
  const first = u8(bytes, off)
  const start = STARTS[first] ?? UNLIKE_HELLO
  if (start === UNLIKE_HELLO) return -1
  if (start === LIKE_TLS) return isTlsStart(bytes, off, end, wanted) ? off : -1
  if (start === LIKE_SSL2)
    return (wanted & WANT_CLIENT_HELLO) !== 0 && isSsl2Start(bytes, off, end) ? off : -1
  if (end - off < 2) return -1
  if ((start & FIXED_SECOND) !== 0 && u8(bytes, off + 1) !== SECONDS[first]) return -1
  const at =
    start === LIKE_CHANGE_CIPHER_SPEC
      ? skipChangeCipherSpec(bytes, off, end)
      : skipPreambles(bytes, off, end)
  return at !== off && isTlsStart(bytes, at, end, wanted) ? at : -1
}
