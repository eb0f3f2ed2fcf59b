import { u16, u24, u8 } from '../base/bytes.js'
import { MALFORMED, type OffsetOrFault, TRUNCATED } from '../base/fault.js'

// Handshake header of DTLS, RFC 9147 §5.2
//
//   0       1               4             6                  9                  12
//   +-------+---------------+-------------+------------------+------------------+-----------
//   | type  | length        | message_seq | fragment_offset  | fragment_length  | fragment…
//   +-------+---------------+-------------+------------------+------------------+-----------

const TYPE = 0
const LENGTH = 1
const MESSAGE_SEQ = 4
const FRAGMENT_OFFSET = 6
const FRAGMENT_LENGTH = 9
export const DTLS_HANDSHAKE_HEADER_LEN = 12

/** One part of a handshake message. One instance, overwritten. */
export interface DtlsFragment {
  type: number
  /** Bytes of the whole message's body. */
  length: number
  sequence: number
  /** Where in the body the part belongs. */
  offset: number
  /** Offset of the part in the packet, and its bytes. */
  partOff: number
  partLen: number
}

export function newDtlsFragment(): DtlsFragment {
  return { type: 0, length: 0, sequence: 0, offset: 0, partOff: 0, partLen: 0 }
}

/**
 * Reads the fragment at `off` of a record that ends at `end`.
 *
 * @returns offset past the fragment, TRUNCATED where the record is too short, MALFORMED where it reaches past its message
 */
export function readDtlsFragment(
  bytes: Uint8Array,
  off: number,
  end: number,
  fragment: DtlsFragment,
): OffsetOrFault {
  if (end - off < DTLS_HANDSHAKE_HEADER_LEN) return TRUNCATED
  const length = u24(bytes, off + LENGTH)
  const offset = u24(bytes, off + FRAGMENT_OFFSET)
  const partLen = u24(bytes, off + FRAGMENT_LENGTH)
  const partOff = off + DTLS_HANDSHAKE_HEADER_LEN
  if (partLen > end - partOff) return TRUNCATED
  if (offset + partLen > length) return MALFORMED
  fragment.type = u8(bytes, off + TYPE)
  fragment.length = length
  fragment.sequence = u16(bytes, off + MESSAGE_SEQ)
  fragment.offset = offset
  fragment.partOff = partOff
  fragment.partLen = partLen
  return partOff + partLen
}
