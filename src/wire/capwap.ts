// Control And Provisioning of Wireless Access Points, data channel, UDP 5247: RFC 5415 §4
//
//  +-------+--------+--------+-------+--------+-------------------+---------------+--------------+---------------------
//  | ver 4 | type 4 | HLEN 5 | RID 5 | WBID 5 | T F L W M K res 9 | fragment id 2 | offset 13+3  | (radio MAC, wireless) frame
//  +-------+--------+--------+-------+--------+-------------------+---------------+--------------+---------------------
//
// HLEN counts the whole header, in units of 4 bytes. T: the frame is 802.11's, else 802.3's. Type 1 is DTLS behind 3 more bytes.

import { u24, u8 } from '../base/bytes.js'
import type { OffsetOrFault } from '../base/fault.js'
import { TRUNCATED, UNSUPPORTED } from '../base/fault.js'
import type { Cursor } from './cursor.js'
import { ENCAPSULATION_CAPWAP } from './encapsulation.js'
import { LAYER_ETHERNET, LAYER_IEEE80211 } from './layer.js'

const CAPWAP_MIN_LEN = 8
const FIELDS = 1
const LENGTH_SHIFT = 19
const WBID_SHIFT = 9
const WBID_MASK = 0x1f
const WBID_IEEE80211 = 1
const NATIVE = 0x100
const FRAGMENT = 0x80
const KEEPALIVE = 0x08
/** Version 0 and type 3 bits of an 802.11 data frame. */
const DATA_MASK = 0x0f
const DATA = 0x08
/** A preamble of type 1, and three reserved bytes. */
const DTLS_PREAMBLE = 1
export const CAPWAP_DTLS_HEADER_LEN = 4

/** Decodes the CAPWAP header at `off`. @returns the offset of the frame; UNSUPPORTED for fragments, keep-alives and where it is no such header */
export function decodeCapwap(
  bytes: Uint8Array,
  off: number,
  end: number,
  cursor: Cursor,
): OffsetOrFault {
  if (end - off < CAPWAP_MIN_LEN) return TRUNCATED
  if (u8(bytes, off) !== 0) return UNSUPPORTED
  const fields = u24(bytes, off + FIELDS)
  const length = (fields >> LENGTH_SHIFT) << 2
  if (length < CAPWAP_MIN_LEN || (fields & (FRAGMENT | KEEPALIVE)) !== 0) return UNSUPPORTED
  const at = off + length
  if (end - at < 2) return TRUNCATED
  if ((fields & NATIVE) === 0) cursor.next = LAYER_ETHERNET
  else if (((fields >> WBID_SHIFT) & WBID_MASK) === WBID_IEEE80211) {
    // Cisco's access points send the frame control with its bytes swapped.
    cursor.isFrameControlSwapped =
      (u8(bytes, at) & DATA_MASK) !== DATA && (u8(bytes, at + 1) & DATA_MASK) === DATA
    cursor.next = LAYER_IEEE80211
  } else return UNSUPPORTED
  cursor.encapsulation = ENCAPSULATION_CAPWAP
  return at
}

/** Whether DTLS stands behind a CAPWAP preamble at `off`, as on the control channel (§4.2). */
export function isCapwapDtls(bytes: Uint8Array, off: number, end: number): boolean {
  return (
    end - off > CAPWAP_DTLS_HEADER_LEN &&
    u8(bytes, off) === DTLS_PREAMBLE &&
    u24(bytes, off + 1) === 0
  )
}
