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
import { LAYER_ETHERNET, LAYER_LLC } from './layer.js'

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
const MORE_FRAGMENTS = 0x04
const PROTECTED = 0x40
const HT_CONTROL_PRESENT = 0x80
const FRAGMENT_NUMBER_MASK = 0x0f
const AGGREGATED_MSDU = 0x80

/**
 * Decodes the 802.11 header at `off`. Only a whole, readable data frame goes on: what is protected, fragmented or
 * without data is UNSUPPORTED. Of an aggregate (A-MSDU) the first frame goes on.
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
  const control = u8(bytes, off)
  const flags = u8(bytes, off + FLAGS)
  if ((control & VERSION_MASK) !== 0) return MALFORMED
  if ((control & TYPE_MASK) !== TYPE_DATA || (control & SUBTYPE_NO_DATA) !== 0) return UNSUPPORTED
  if ((flags & (PROTECTED | MORE_FRAGMENTS)) !== 0) return UNSUPPORTED

  const isQos = (control & SUBTYPE_QOS) !== 0
  const qosOff =
    off + DATA_HEADER_LEN + ((flags & TO_DS_AND_FROM_DS) === TO_DS_AND_FROM_DS ? ADDRESS_4_LEN : 0)
  let at = qosOff
  if (isQos) at += QOS_CONTROL_LEN + ((flags & HT_CONTROL_PRESENT) !== 0 ? HT_CONTROL_LEN : 0)
  if (isPadded) at += -(at - off) & 3
  if (at > end) return TRUNCATED
  if ((u16le(bytes, off + SEQUENCE_CONTROL) & FRAGMENT_NUMBER_MASK) !== 0) return UNSUPPORTED

  // A subframe header is two addresses and a length, which is an 802.3 header (§9.3.2.2.2).
  const isAggregate = isQos && (u8(bytes, qosOff) & AGGREGATED_MSDU) !== 0
  cursor.next = isAggregate ? LAYER_ETHERNET : LAYER_LLC
  return at
}
