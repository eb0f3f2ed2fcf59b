// Headers between an outer and an inner Ethernet header:
//
//   TRILL (0x22f3), RFC 6325 §3     | V 2 | R 2 | M 1 | option length 5 | hop count 6 | egress 2 | ingress 2 | options | frame
//   FabricPath (0x8903)             | tree 10 | TTL 6 | frame
//   PBB (0x88e7), IEEE 802.1ah §9.7 | priority, flags 1 | service instance 3 | frame
//
// TRILL's options are counted in units of 4 bytes.

import { u16 } from '../base/bytes.js'
import type { OffsetOrFault } from '../base/fault.js'
import { MALFORMED, TRUNCATED } from '../base/fault.js'
import type { Cursor } from './cursor.js'
import {
  ENCAPSULATION_FABRICPATH,
  ENCAPSULATION_PBB,
  ENCAPSULATION_TRILL,
} from './encapsulation.js'
import { LAYER_ETHERNET } from './layer.js'

const TRILL_MIN_LEN = 6
const TRILL_VERSION_SHIFT = 14
const TRILL_OPTIONS_SHIFT = 6
const TRILL_OPTIONS_MASK = 0x1f
const FABRICPATH_LEN = 2
const PBB_LEN = 4

/** Decodes the TRILL header behind its EtherType. @returns the offset of the inner frame, or a Fault */
export function decodeTrill(
  bytes: Uint8Array,
  off: number,
  end: number,
  cursor: Cursor,
): OffsetOrFault {
  if (end - off < TRILL_MIN_LEN) return TRUNCATED
  const base = u16(bytes, off)
  if (base >> TRILL_VERSION_SHIFT !== 0) return MALFORMED
  const options = ((base >> TRILL_OPTIONS_SHIFT) & TRILL_OPTIONS_MASK) << 2
  return inner(off + TRILL_MIN_LEN + options, end, ENCAPSULATION_TRILL, cursor)
}

/** Decodes the FabricPath tag behind its EtherType. @returns the offset of the inner frame, or a Fault */
export function decodeFabricPath(off: number, end: number, cursor: Cursor): OffsetOrFault {
  return inner(off + FABRICPATH_LEN, end, ENCAPSULATION_FABRICPATH, cursor)
}

/** Decodes the service instance tag behind its EtherType. @returns the offset of the inner frame, or a Fault */
export function decodePbb(off: number, end: number, cursor: Cursor): OffsetOrFault {
  return inner(off + PBB_LEN, end, ENCAPSULATION_PBB, cursor)
}

function inner(off: number, end: number, encapsulation: number, cursor: Cursor): OffsetOrFault {
  if (off > end) return TRUNCATED
  cursor.encapsulation = encapsulation
  cursor.next = LAYER_ETHERNET
  return off
}
