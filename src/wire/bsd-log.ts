// Headers that BSD kernels and Solaris put before the IP packets they log
//
//   LINKTYPE_PFLOG (117)   | length 1 | family 1 | action 1 | reason 1 | interface … |  padding to 4 | IP packet
//   LINKTYPE_ENC (109)     | family 4 | SPI 4 | flags 4 | IP packet
//   LINKTYPE_IPNET (226)   | version 1 | family 1 | hook 2 | length 4 | interfaces 8 | zones 8 | IP packet

import { u8 } from '../base/bytes.js'
import type { OffsetOrFault } from '../base/fault.js'
import { MALFORMED, TRUNCATED } from '../base/fault.js'
import type { Cursor } from './cursor.js'
import { LAYER_IP } from './layer.js'

/** The length counts up to the direction, which stands in all versions; the oldest end there. */
const PFLOG_MIN_LEN = 45
const ENC_LEN = 12
const IPNET_LEN = 24

/** Decodes the header of pflog at `off`. @returns the offset of the IP packet, or a Fault */
export function decodePflog(
  bytes: Uint8Array,
  off: number,
  end: number,
  cursor: Cursor,
): OffsetOrFault {
  if (end - off < 1) return TRUNCATED
  const length = u8(bytes, off)
  if (length < PFLOG_MIN_LEN) return MALFORMED
  return ip(off + ((length + 3) & ~3), end, cursor)
}

/** Decodes the header of enc at `off`. @returns the offset of the IP packet, or a Fault */
export function decodeEnc(off: number, end: number, cursor: Cursor): OffsetOrFault {
  return ip(off + ENC_LEN, end, cursor)
}

/** Decodes the header of ipnet at `off`. @returns the offset of the IP packet, or a Fault */
export function decodeIpnet(off: number, end: number, cursor: Cursor): OffsetOrFault {
  return ip(off + IPNET_LEN, end, cursor)
}

function ip(off: number, end: number, cursor: Cursor): OffsetOrFault {
  if (off > end) return TRUNCATED
  cursor.next = LAYER_IP
  return off
}
