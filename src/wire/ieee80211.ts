// 802.11 data frame, IEEE 802.11-2020 §9.3.2
//
//  +---------+-------+----------+--------+--------+--------+---------+----------+-------+----------+-----
//  | control | flags | duration | addr 1 | addr 2 | addr 3 | seqctl  | (addr 4) | (QoS) | (HT ctl) | LLC
//  +---------+-------+----------+--------+--------+--------+---------+----------+-------+----------+-----
//   1         1       2          6        6        6        2         6          2       4

import { u16le, u8 } from '../base/bytes.js'
import type { OffsetOrFault } from '../base/fault.js'
import { MALFORMED, TRUNCATED, UNSUPPORTED } from '../base/fault.js'
import type { Cursor } from './cursor.js'
import { LAYER_AMSDU, LAYER_LLC } from './layer.js'
import { SAP_SNAP } from './llc.js'

const FLAGS = 1
const SEQUENCE_CONTROL = 22
const DATA_HEADER_LEN = 24
const ADDRESS_4_LEN = 6
const QOS_CONTROL_LEN = 2
const HT_CONTROL_LEN = 4

const VERSION_MASK = 0x03
const TYPE_MASK = 0x0c
const TYPE_DATA = 0x08
const SUBTYPE_NO_DATA = 0x40
const SUBTYPE_QOS = 0x80
const TO_DS_AND_FROM_DS = 0x03
const FROM_DS = 0x02
const ADDRESS_2 = 10
const ADDRESS_3 = 16
const CCMP_HEADER_LEN = 8
const WEP_IV_LEN = 4
/** Control 3 and the first byte of the OUI 0, in little-endian. */
const UI_AND_OUI = 0x0003
const MORE_FRAGMENTS = 0x04
const PROTECTED = 0x40
const HT_CONTROL_PRESENT = 0x80
const FRAGMENT_NUMBER_MASK = 0x0f
const AGGREGATED_MSDU = 0x80

/**
 * Decodes the 802.11 header at `off`. Only a whole, readable data frame goes on: what is encrypted, fragmented or
 * without data is UNSUPPORTED.
 *
 * @returns the offset of the LLC header, or a Fault
 */
export function decodeIeee80211(
  bytes: Uint8Array,
  off: number,
  end: number,
  cursor: Cursor,
): OffsetOrFault {
  const isPadded = cursor.isPadded
  cursor.isPadded = false
  if (end - off < 2) return TRUNCATED
  const isSwapped = cursor.isFrameControlSwapped
  cursor.isFrameControlSwapped = false
  const control = u8(bytes, isSwapped ? off + FLAGS : off)
  const flags = u8(bytes, isSwapped ? off : off + FLAGS)
  if ((control & VERSION_MASK) !== 0) return MALFORMED
  if ((control & TYPE_MASK) !== TYPE_DATA || (control & SUBTYPE_NO_DATA) !== 0) return UNSUPPORTED
  if ((flags & MORE_FRAGMENTS) !== 0) return UNSUPPORTED

  const isQos = (control & SUBTYPE_QOS) !== 0
  const qosOff =
    off + DATA_HEADER_LEN + ((flags & TO_DS_AND_FROM_DS) === TO_DS_AND_FROM_DS ? ADDRESS_4_LEN : 0)
  let at = qosOff
  if (isQos) at += QOS_CONTROL_LEN + ((flags & HT_CONTROL_PRESENT) !== 0 ? HT_CONTROL_LEN : 0)
  if (isPadded) at += -(at - off) & 3
  if (at > end) return TRUNCATED
  if ((u16le(bytes, off + SEQUENCE_CONTROL) & FRAGMENT_NUMBER_MASK) !== 0) return UNSUPPORTED

  cursor.srcMacOff = off + sourceOff(flags)
  const isAggregate = isQos && (u8(bytes, qosOff) & AGGREGATED_MSDU) !== 0
  if ((flags & PROTECTED) !== 0) return isAggregate ? UNSUPPORTED : passIv(bytes, at, end, cursor)
  cursor.next = isAggregate ? LAYER_AMSDU : LAYER_LLC
  return at
}

/** Where the source address is: address 2, 3 or 4 by the bits ToDS and FromDS (§9.3.2.1, table 9-60). */
function sourceOff(flags: number): number {
  switch (flags & TO_DS_AND_FROM_DS) {
    case FROM_DS:
      return ADDRESS_3
    case TO_DS_AND_FROM_DS:
      return DATA_HEADER_LEN
    default:
      return ADDRESS_2
  }
}

/**
 * Passes what encryption puts before the payload, where the payload was decrypted before it was captured: drivers leave the
 * Protected bit, and CCMP's or TKIP's 8 bytes, WEP's 4, or nothing.
 */
function passIv(bytes: Uint8Array, off: number, end: number, cursor: Cursor): OffsetOrFault {
  cursor.next = LAYER_LLC
  for (let at = off; at <= off + CCMP_HEADER_LEN; at += WEP_IV_LEN) {
    if (end - at < 4) return UNSUPPORTED
    if (u16le(bytes, at) === SAP_SNAP && u16le(bytes, at + 2) === UI_AND_OUI) return at
  }
  return UNSUPPORTED
}
