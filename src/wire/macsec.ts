// MACsec (EtherType 0x88e5), IEEE 802.1AE-2018 §9.3
//
//  +----------------------+----------------+-----------------+---------+-------------+---------+-----------
//  | V ES SC SCB E C AN 1 | short length 1 | packet number 4 | (SCI 8) | type/length | payload | ICV 8-16
//  +----------------------+----------------+-----------------+---------+-------------+---------+-----------
//
// Where neither E (encryption) nor C (changed text) is set, the payload is as it was: integrity only.

import { u8 } from '../base/bytes.js'
import type { OffsetOrFault } from '../base/fault.js'
import { MALFORMED, TRUNCATED, UNSUPPORTED } from '../base/fault.js'
import type { Cursor } from './cursor.js'
import { decodeTypeOrLength } from './ethernet.js'

const SHORT_LENGTH = 1
const MACSEC_MIN_LEN = 6
const SCI_LEN = 8
const TYPE_LEN = 2
const VERSION = 0x80
const SCI_PRESENT = 0x20
const ENCRYPTED_OR_CHANGED = 0x0c
const SHORT_LENGTH_MASK = 0x3f

/** Decodes the security tag behind its EtherType. @returns the offset past the EtherType behind it; UNSUPPORTED where the payload is encrypted */
export function decodeMacsec(
  bytes: Uint8Array,
  off: number,
  end: number,
  cursor: Cursor,
): OffsetOrFault {
  if (end - off < MACSEC_MIN_LEN) return TRUNCATED
  const flags = u8(bytes, off)
  if ((flags & VERSION) !== 0) return MALFORMED
  if ((flags & ENCRYPTED_OR_CHANGED) !== 0) return UNSUPPORTED
  const at = off + MACSEC_MIN_LEN + ((flags & SCI_PRESENT) !== 0 ? SCI_LEN : 0)
  if (end - at < TYPE_LEN) return TRUNCATED
  const shortLength = u8(bytes, off + SHORT_LENGTH) & SHORT_LENGTH_MASK
  if (shortLength !== 0 && at + shortLength < cursor.wireEnd) cursor.limit(at, shortLength)
  return end - at < TYPE_LEN ? TRUNCATED : decodeTypeOrLength(bytes, at, cursor)
}
