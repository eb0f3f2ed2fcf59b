// Web Cache Communication Protocol in GRE (protocol 0x883e), draft-mclaggan-wccp-v2rev1 §4.14
//
//  +-----------------------+------------+----------------+--------------------+-----------
//  | dynamic, alternate 1  | service 1  | primary bucket 1 | alternate bucket 1 | IP packet      version 1 has no header
//  +-----------------------+------------+----------------+--------------------+-----------

import type { OffsetOrFault } from '../base/fault.js'
import { TRUNCATED, UNSUPPORTED } from '../base/fault.js'
import type { Cursor } from './cursor.js'
import { ENCAPSULATION_WCCP } from './encapsulation.js'
import { LAYER_IP } from './layer.js'
import { IMPLAUSIBLE, looksLikeIp } from './plausible.js'

const REDIRECT_HEADER_LEN = 4

/** Passes the redirect header at `off`, if there is one. @returns the offset of the IP packet, or a Fault */
export function decodeWccp(
  bytes: Uint8Array,
  off: number,
  end: number,
  cursor: Cursor,
): OffsetOrFault {
  const at = off + REDIRECT_HEADER_LEN
  if (at >= end) return TRUNCATED
  cursor.encapsulation = ENCAPSULATION_WCCP
  cursor.next = LAYER_IP
  if (looksLikeIp(bytes, off, end, cursor.wireEnd) !== IMPLAUSIBLE) return off
  if (looksLikeIp(bytes, at, end, cursor.wireEnd) !== IMPLAUSIBLE) return at
  return end < cursor.wireEnd ? TRUNCATED : UNSUPPORTED
}
