// Locator/ID Separation Protocol, data packets, UDP 4341: RFC 9300 §5.1; Generic Protocol Extension, RFC 9305 §3
//
//  +-----------------+---------------------+------------------------------------+-----------
//  | N L E V I P K 1 | nonce, versions 3   | instance, locator bits 4           | IP packet      P: the fourth byte names the payload
//  +-----------------+---------------------+------------------------------------+-----------

import { u8 } from '../base/bytes.js'
import type { OffsetOrFault } from '../base/fault.js'
import { TRUNCATED, UNSUPPORTED } from '../base/fault.js'
import type { Cursor } from './cursor.js'
import { ENCAPSULATION_LISP } from './encapsulation.js'
import { ETHERTYPE_IPV4, ETHERTYPE_IPV6, LAYER_IP, LAYER_OTHER } from './layer.js'
import { layerOfNextProtocol } from './nsh.js'
import { IMPLAUSIBLE, looksLikeIp } from './plausible.js'

const LISP_HEADER_LEN = 8
const NEXT_PROTOCOL = 3
const PAYLOAD_NAMED = 0x04

/** Decodes the LISP header at `off`. @returns the offset of the payload; UNSUPPORTED where it is no LISP header */
export function decodeLisp(
  bytes: Uint8Array,
  off: number,
  end: number,
  cursor: Cursor,
): OffsetOrFault {
  const at = off + LISP_HEADER_LEN
  if (at >= end) return TRUNCATED
  const isNamed = (u8(bytes, off) & PAYLOAD_NAMED) !== 0
  const next = isNamed ? layerOfNextProtocol(u8(bytes, off + NEXT_PROTOCOL)) : LAYER_IP
  if (next === LAYER_OTHER) return UNSUPPORTED
  const isIp = next === LAYER_IP || next === ETHERTYPE_IPV4 || next === ETHERTYPE_IPV6
  if (isIp && looksLikeIp(bytes, at, end, cursor.wireEnd) === IMPLAUSIBLE)
    return end < cursor.wireEnd ? TRUNCATED : UNSUPPORTED
  cursor.encapsulation = ENCAPSULATION_LISP
  cursor.next = next
  return at
}
