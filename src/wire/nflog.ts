// Linux netfilter log, LINKTYPE_NFLOG (239): https://www.tcpdump.org/linktypes/LINKTYPE_NFLOG.html
//
//  +----------+---------+---------------+-----------------------------------------
//  | family 1 | version | resource id 2 | TLVs: length 2, type 2, value, padding to 4
//  +----------+---------+---------------+-----------------------------------------
//
// Length and type are in the byte order of the machine that captured.

import { u16, u16le, u8 } from '../base/bytes.js'
import type { OffsetOrFault } from '../base/fault.js'
import { MALFORMED, TRUNCATED, UNSUPPORTED } from '../base/fault.js'
import { MAX_HEADER_OPTIONS } from '../base/limits.js'
import type { Cursor } from './cursor.js'
import { LAYER_IP } from './layer.js'

const VERSION = 1
const TLVS = 4
const TLV_HEADER_LEN = 4
const TLV_TYPE = 2
const TYPE_PAYLOAD = 9
/** Types are below this, so an order that makes a larger one is the wrong one. */
const TYPE_LIMIT = 0x100
const AF_INET = 2
const AF_INET6 = 10

/** Decodes the NFLOG header at `off` up to the payload attribute. @returns the offset of the IP packet, or a Fault */
export function decodeNflog(
  bytes: Uint8Array,
  off: number,
  end: number,
  cursor: Cursor,
): OffsetOrFault {
  if (end - off < TLVS) return TRUNCATED
  const family = u8(bytes, off)
  if (u8(bytes, off + VERSION) !== 0) return MALFORMED
  if (family !== AF_INET && family !== AF_INET6) return UNSUPPORTED

  let at = off + TLVS
  for (let i = 0; i < MAX_HEADER_OPTIONS; i++) {
    if (end - at < TLV_HEADER_LEN) return TRUNCATED
    const isLittle = u16le(bytes, at + TLV_TYPE) < TYPE_LIMIT
    const length = isLittle ? u16le(bytes, at) : u16(bytes, at)
    const type = isLittle ? u16le(bytes, at + TLV_TYPE) : u16(bytes, at + TLV_TYPE)
    if (length < TLV_HEADER_LEN) return MALFORMED
    if (type === TYPE_PAYLOAD) {
      cursor.limit(at, length)
      cursor.next = LAYER_IP
      return at + TLV_HEADER_LEN
    }
    at += (length + 3) & ~3
  }
  return MALFORMED
}
