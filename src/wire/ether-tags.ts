// Tags of fixed length between the MAC addresses and the EtherType, or a length:
//
//   VLAN-like   | tag EtherType | fields | type/length | payload
//
//   Cisco TTag (0x8988)                time stamp 4
//   HSR (0x892f), IEC 62439-3 §5.6     path 4 bits, size 12 bits, sequence number 2
//   R-TAG (0xf1c1), IEEE 802.1CB §7.8  reserved 2, sequence number 2
//   VN-tag (0x8926)                    direction, pointer, destination and source interfaces 4
//   fine-grained label of TRILL (0x893b), RFC 7172 §2.3: priority, 12 bits of label; two of them make one
//   E-tag (0x893f), IEEE 802.1BR §7.5  priority, base and extended identifiers 6
//
// A PRP trailer (IEC 62439-3 §4.1.8) stands behind the payload, where the length of the IP packet leaves it out.

import type { OffsetOrFault } from '../base/fault.js'
import { TRUNCATED, UNSUPPORTED } from '../base/fault.js'
import type { Cursor } from './cursor.js'
import { decodeTypeOrLength } from './ethernet.js'
import {
  ETHERTYPE_E_TAG,
  ETHERTYPE_FINE_LABEL,
  ETHERTYPE_HSR,
  ETHERTYPE_R_TAG,
  ETHERTYPE_TTAG,
  ETHERTYPE_VN_TAG,
} from './layer.js'

/** Decodes the tag behind the EtherType `tag`. @returns the offset past the EtherType behind it, or a Fault */
export function decodeEtherTag(
  tag: number,
  bytes: Uint8Array,
  off: number,
  end: number,
  cursor: Cursor,
): OffsetOrFault {
  const length = lengthOf(tag)
  if (length === 0) return UNSUPPORTED
  if (end - off < length + 2) return TRUNCATED
  return decodeTypeOrLength(bytes, off + length, cursor)
}

function lengthOf(tag: number): number {
  switch (tag) {
    case ETHERTYPE_TTAG:
    case ETHERTYPE_HSR:
    case ETHERTYPE_R_TAG:
    case ETHERTYPE_VN_TAG:
      return 4
    case ETHERTYPE_E_TAG:
      return 6
    case ETHERTYPE_FINE_LABEL:
      return 2
    default:
      return 0
  }
}
