// BSD loopback, LINKTYPE_NULL (0) and LINKTYPE_LOOP (108): https://www.tcpdump.org/linktypes.html
//
//  +------------------+---------
//  | address family 4 | payload      LOOP: network byte order; NULL: that of the machine that captured
//  +------------------+---------

import { u32, u32le } from '../base/bytes.js'
import type { OffsetOrFault } from '../base/fault.js'
import { TRUNCATED, UNSUPPORTED } from '../base/fault.js'
import type { Cursor } from './cursor.js'
import { ETHERTYPE_IPV4, ETHERTYPE_IPV6 } from './layer.js'

const NULL_HEADER_LEN = 4
const AF_INET = 2

/** Decodes the address family at `off`, whichever way round it stands. @returns the offset of the payload, or a Fault */
export function decodeNull(
  bytes: Uint8Array,
  off: number,
  end: number,
  cursor: Cursor,
): OffsetOrFault {
  if (end - off < NULL_HEADER_LEN) return TRUNCATED
  // A family is a small number, so the wrong order cannot be taken for the right one.
  const family = Math.min(u32(bytes, off), u32le(bytes, off))
  if (family === AF_INET) cursor.next = ETHERTYPE_IPV4
  else if (isAfInet6(family)) cursor.next = ETHERTYPE_IPV6
  else return UNSUPPORTED
  return off + NULL_HEADER_LEN
}

/** AF_INET6 has one value on each system: NetBSD and OpenBSD 24, FreeBSD 28, Darwin 30, Linux 10, Windows 23. */
function isAfInet6(family: number): boolean {
  return family === 24 || family === 28 || family === 30 || family === 10 || family === 23
}
