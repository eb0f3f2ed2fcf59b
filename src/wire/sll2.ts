// Linux cooked capture version 2, LINKTYPE_LINUX_SLL2 (276): https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL2.html
//
//  +------------+------------+-----------+----------+---------------+-----------+-----------+---------
//  | protocol 2 | reserved 2 | ifindex 4 | ARPHRD 2 | packet type 1 | addrlen 1 | address 8 | payload
//  +------------+------------+-----------+----------+---------------+-----------+-----------+---------

import { u16 } from '../base/bytes.js'
import type { OffsetOrFault } from '../base/fault.js'
import { TRUNCATED, UNSUPPORTED } from '../base/fault.js'
import type { Cursor } from './cursor.js'
import { cookedPayload } from './sll.js'

const PROTOCOL = 0
const ARPHRD = 8
const SLL2_HEADER_LEN = 20

/** Decodes the cooked header at `off`. @returns the offset of the payload, or a Fault */
export function decodeSll2(
  bytes: Uint8Array,
  off: number,
  end: number,
  cursor: Cursor,
): OffsetOrFault {
  if (end - off < SLL2_HEADER_LEN) return TRUNCATED
  const next = cookedPayload(u16(bytes, off + ARPHRD), u16(bytes, off + PROTOCOL))
  if (next < 0) return UNSUPPORTED
  cursor.next = next
  return off + SLL2_HEADER_LEN
}
