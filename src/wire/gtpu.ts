// GTP-U version 1, 3GPP TS 29.281 §5.1
//
//  +-----------+----+---+---+---+----+----------------+----------+--------+--------------------------------------
//  | version 3 | PT | * | E | S | PN | message type 8 | length 2 | TEID 4 | (sequence 2, N-PDU 1, next extension 1)
//  +-----------+----+---+---+---+----+----------------+----------+--------+--------------------------------------
//
// The last four are there if any of E, S, PN is set. An extension header is its length in units of 4 bytes, its
// content, and the type of the next (§5.2.1). The length counts all after the TEID.

import { u16, u8 } from '../base/bytes.js'
import type { OffsetOrFault } from '../base/fault.js'
import { TRUNCATED, UNSUPPORTED } from '../base/fault.js'
import { MAX_HEADER_OPTIONS } from '../base/limits.js'
import type { Cursor } from './cursor.js'
import { ENCAPSULATION_GTPU } from './encapsulation.js'
import { LAYER_IP } from './layer.js'

const MESSAGE_TYPE = 1
const LENGTH = 2
const GTPU_HEADER_LEN = 8
const OPTIONAL_LEN = 4
const VERSION_AND_PT_MASK = 0xf0
const VERSION_1_GTP = 0x30
const EXTENSION_PRESENT = 0x04
const ANY_OPTIONAL = 0x07
const G_PDU = 255

/** Decodes the GTP-U header at `off`. @returns the offset of the IP packet; UNSUPPORTED where it is no G-PDU that carries one */
export function decodeGtpu(
  bytes: Uint8Array,
  off: number,
  end: number,
  cursor: Cursor,
): OffsetOrFault {
  if (end - off < GTPU_HEADER_LEN) return TRUNCATED
  const flags = u8(bytes, off)
  if ((flags & VERSION_AND_PT_MASK) !== VERSION_1_GTP) return UNSUPPORTED
  if (u8(bytes, off + MESSAGE_TYPE) !== G_PDU) return UNSUPPORTED
  const length = u16(bytes, off + LENGTH)
  if (off + GTPU_HEADER_LEN + length > cursor.wireEnd) return UNSUPPORTED

  let at = off + GTPU_HEADER_LEN
  if ((flags & ANY_OPTIONAL) !== 0) {
    at += OPTIONAL_LEN
    if (at > end) return TRUNCATED
    if ((flags & EXTENSION_PRESENT) !== 0) at = passExtensions(bytes, at, end)
    if (at < 0) return at
  }
  if (at >= end) return TRUNCATED
  const version = u8(bytes, at) >> 4
  if (version !== 4 && version !== 6) return UNSUPPORTED
  cursor.limit(off + GTPU_HEADER_LEN, length)
  cursor.encapsulation = ENCAPSULATION_GTPU
  cursor.next = LAYER_IP
  return at
}

/** Passes extension headers; the byte before `off` is the type of the first, 0 none. */
function passExtensions(bytes: Uint8Array, off: number, end: number): OffsetOrFault {
  let at = off
  for (let i = 0; i < MAX_HEADER_OPTIONS; i++) {
    if (u8(bytes, at - 1) === 0) return at
    if (at >= end) return TRUNCATED
    const length = u8(bytes, at) << 2
    if (length === 0) return UNSUPPORTED
    at += length
    if (at > end) return TRUNCATED
  }
  return UNSUPPORTED
}
