import { byteAt, u32, u8 } from '../base/bytes.js'
import {
  LIKE_CHANGE_CIPHER_SPEC,
  LIKE_PREAMBLE,
  LIKE_SSL2,
  LIKE_TLS,
  UNLIKE_HELLO,
} from '../base/block-layout.js'
import {
  CONTENT_ALERT,
  CONTENT_CHANGE_CIPHER_SPEC,
  CONTENT_HANDSHAKE,
  isSsl2Start,
  isStrictStart,
  isTlsPrefix,
  isTlsStart,
  skipLeadingRecords,
  STRICT_LEN,
  WANT_CLIENT_HELLO,
} from './hello-start.js'
import { PREAMBLE_BYTES, skipPreambles } from './preamble.js'

/** How a segment with a hello may begin, by its first byte; UNLIKE_HELLO is what nearly all bulk data does. */
export const STARTS = new Uint8Array(256)
/** The least and the greatest byte that may follow a first one of a preamble. */
export const SECOND_MIN = new Uint8Array(256)
export const SECOND_MAX = new Uint8Array(256)

STARTS[CONTENT_HANDSHAKE] = LIKE_TLS
STARTS[CONTENT_CHANGE_CIPHER_SPEC] = LIKE_CHANGE_CIPHER_SPEC
STARTS[CONTENT_ALERT] = LIKE_CHANGE_CIPHER_SPEC
for (let byte = 0x80; byte < 0x84; byte++) STARTS[byte] = LIKE_SSL2
for (const [first, min, max] of PREAMBLE_BYTES) {
  STARTS[first] = LIKE_PREAMBLE
  SECOND_MIN[first] = min
  SECOND_MAX[first] = max
}

const LF = 0x0a
const GREATER_THAN = 0x3e
/** What requests of plain HTTP begin with; CONNECT is not among them. */
const HTTP_METHODS = new Set([
  0x47455420, 0x504f5354, 0x48454144, 0x50555420, 0x4f505449, 0x44454c45, 0x50415443,
])

/** Whether `bytes[off, end)` begins with a request of plain HTTP, whose body may hold anything. */
export function isHttpRequest(bytes: Uint8Array, off: number, end: number): boolean {
  return end - off >= 4 && HTTP_METHODS.has(u32(bytes, off))
}

/**
 * Offset of a ClientHello behind whatever else a client said in `bytes[off, end)`, or -1: a dialogue that does not wait for
 * the server (STARTTLS sent ahead), or the rest of a preamble that was cut.
 *
 * Where the segment ends before the hello can be told for certain, it follows the end of a line, of an XML element, or a zero.
 */
export function findEmbedded(bytes: Uint8Array, off: number, end: number): number {
  for (let at = byteAt(bytes, CONTENT_HANDSHAKE, off, end); at >= 0;) {
    if (isStrictStart(bytes, at, end)) return at
    const before = at === off ? -1 : u8(bytes, at - 1)
    const isCut =
      end - at < STRICT_LEN && (before === LF || before === GREATER_THAN || before === 0)
    if (isCut && isTlsPrefix(bytes, at, end, WANT_CLIENT_HELLO)) return at
    at = byteAt(bytes, CONTENT_HANDSHAKE, at + 1, end)
  }
  return -1
}

/** The bytes a segment with a hello may begin with: where its flow is not watched, one that begins otherwise tells nothing. */
export const START_BYTES: readonly number[] = [...STARTS.keys()].filter(
  (byte) => STARTS[byte] !== UNLIKE_HELLO,
)

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
  if (start === LIKE_CHANGE_CIPHER_SPEC) {
    const at = skipLeadingRecords(bytes, off, end)
    return at !== off && isCutStart(bytes, at, end, wanted) ? at : -1
  }
  const second = end - off < 2 ? -1 : u8(bytes, off + 1)
  if (second < (SECOND_MIN[first] ?? 0) || second > (SECOND_MAX[first] ?? 0)) return -1
  const at = skipPreambles(bytes, off, end)
  return at !== off && isCutStart(bytes, at, end, wanted) ? at : -1
}

/** Whether a wanted message begins at `at`, behind what often precedes one, if only a byte of it is there before `end`. */
function isCutStart(bytes: Uint8Array, at: number, end: number, wanted: number): boolean {
  return at < end && isTlsPrefix(bytes, at, end, wanted)
}
