// A handshake message in the TLS records that carry it, RFC 8446 §5.1, all of them at hand:
//
//   type 1 · legacy_record_version 2 · length 2 · fragment (length bytes)

import { u16, u24, u8 } from '../base/bytes.js'
import { MALFORMED, TRUNCATED } from '../base/fault.js'
import type { OffsetOrFault } from '../base/fault.js'
import { MAX_HELLO_LEN } from '../base/limits.js'
import type { ByteWriter } from '../base/byte-writer.js'

const RECORD_HEADER_LEN = 5
const HANDSHAKE_HEADER_LEN = 4
const CONTENT_HANDSHAKE = 22
const MAJOR_VERSION = 3
/** RFC 5246 §6.2.3: 2^14 bytes and what compression and protection may add. */
const MAX_RECORD_LEN = 16_384 + 2048

/** Whether [off, end) begins as a record of handshake messages. */
export function isHandshakeRecord(bytes: Uint8Array, off: number, end: number): boolean {
  return (
    end - off >= RECORD_HEADER_LEN &&
    u8(bytes, off) === CONTENT_HANDSHAKE &&
    u8(bytes, off + 1) === MAJOR_VERSION
  )
}

/**
 * Appends the first handshake message of the records in [off, end) to `out`, without their headers.
 *
 * @returns the offset past the last byte of the message; TRUNCATED where the records end before it does, MALFORMED
 * where one is not of handshake messages or the message is longer than MAX_HELLO_LEN
 */
export function messageInRecords(
  bytes: Uint8Array,
  off: number,
  end: number,
  out: ByteWriter,
): OffsetOrFault {
  const start = out.len
  let at = off
  let wanted = HANDSHAKE_HEADER_LEN
  while (at < end) {
    if (end - at < RECORD_HEADER_LEN) return TRUNCATED
    const length = u16(bytes, at + 3)
    if (!isHandshakeRecord(bytes, at, end) || length > MAX_RECORD_LEN) return MALFORMED
    at += RECORD_HEADER_LEN
    const fragmentEnd = Math.min(at + length, end)
    // The message's own length is known once its header is whole, and the header may end anywhere.
    for (;;) {
      const taken = Math.min(wanted - (out.len - start), fragmentEnd - at)
      out.copy(bytes, at, at + taken)
      at += taken
      if (out.len - start < wanted) break
      if (wanted > HANDSHAKE_HEADER_LEN) return at
      wanted = HANDSHAKE_HEADER_LEN + u24(out.bytes, start + 1)
      if (wanted > MAX_HELLO_LEN) return MALFORMED
      if (wanted === HANDSHAKE_HEADER_LEN) return at
    }
  }
  return TRUNCATED
}
