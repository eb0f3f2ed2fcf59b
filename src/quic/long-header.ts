// Long headers, RFC 8999 §5.1 and RFC 9000 §17.2
//
//   0       1         5      6               6+d     7+d
//  +-------+---------+------+---------------+-------+---------------+
//  | first | version | dlen | Destination   | slen  | Source        | …
//  |       |         |  = d | Connection ID |  = s  | Connection ID |
//  +-------+---------+------+---------------+-------+---------------+
//
//  Initial            …  token length(i) | token | length(i) | packet number(1…4) | payload
//  0-RTT, Handshake   …  length(i) | packet number | payload
//  Retry              …  token | integrity tag(16)
//
//  first:  1 | fixed bit | type(2) | reserved(2) | packet number length - 1 (2), the last four bits protected

import { u32, u8 } from '../base/bytes.js'
import { MALFORMED, type OffsetOrFault, TRUNCATED, UNSUPPORTED } from '../base/fault.js'
import { varint, varintLen } from './varint.js'
import { QUIC_VERSIONS, versionRow } from './version.js'

/** Long packet types as version 1 numbers them (RFC 9000 §17.2), and Version Negotiation, which has none. */
export const INITIAL = 0
export const RETRY = 3
export const VERSION_NEGOTIATION = 4

/** The header's form bit: 1 says long (RFC 8999 §5.1). */
export const LONG_FORM = 0x80
/** First byte, version, and both lengths. */
export const MIN_LONG_HEADER_LEN = 7
/** Longest connection ID of the versions known (RFC 9000 §17.2). */
export const MAX_CONNECTION_ID_LEN = 20
/** Bytes of the Destination Connection ID a client makes up (RFC 9000 §7.2), at least. */
export const MIN_CLIENT_DCID_LEN = 8
/** Bytes of a Retry packet's integrity tag (RFC 9001 §5.8). */
export const RETRY_TAG_LEN = 16
/** Bytes behind the packet number's place at least: 4 for it, 16 for the sample (RFC 9001 §5.4.2). */
const MIN_PROTECTED_LEN = 20

/** Where the parts of one packet lie. One instance, overwritten. */
export interface LongHeader {
  type: number
  version: number
  /** Row of QUIC_VERSIONS. */
  row: number
  off: number
  dcidOff: number
  dcidLen: number
  scidOff: number
  scidLen: number
  /** INITIAL only: where the packet number begins. */
  packetNumberOff: number
  /** Just past the packet. */
  end: number
}

/** A header not yet read. */
export function newLongHeader(): LongHeader {
  return {
    type: -1,
    version: 0,
    row: -1,
    off: 0,
    dcidOff: 0,
    dcidLen: 0,
    scidOff: 0,
    scidLen: 0,
    packetNumberOff: 0,
    end: 0,
  }
}

/**
 * Reads the header of the packet at `off`, whose datagram ends at `end` as captured and at `wireEnd` as sent.
 *
 * The fixed bit is not asked for: RFC 9287 lets an endpoint clear it, and the version is a better sign.
 *
 * @returns the offset past the packet (of Retry and Version Negotiation: `end`), or a Fault: UNSUPPORTED is a version
 *   not known, with `version` set
 */
export function readLongHeader(
  bytes: Uint8Array,
  off: number,
  end: number,
  wireEnd: number,
  header: LongHeader,
): OffsetOrFault {
  const short = wireEnd > end ? TRUNCATED : MALFORMED
  if (end - off < MIN_LONG_HEADER_LEN) return short
  const version = u32(bytes, off + 1)
  header.off = off
  header.version = version
  header.row = versionRow(version)
  if (header.row < 0 && version !== 0) return UNSUPPORTED

  const dcidLen = u8(bytes, off + 5)
  const scidLenOff = off + 6 + dcidLen
  if (dcidLen > MAX_CONNECTION_ID_LEN) return MALFORMED
  if (scidLenOff >= end) return short
  const scidLen = u8(bytes, scidLenOff)
  let at = scidLenOff + 1 + scidLen
  if (scidLen > MAX_CONNECTION_ID_LEN) return MALFORMED
  if (at > end) return short
  header.dcidOff = off + 6
  header.dcidLen = dcidLen
  header.scidOff = scidLenOff + 1
  header.scidLen = scidLen
  header.end = end
  if (version === 0) {
    header.type = VERSION_NEGOTIATION
    return end
  }
  const type = (u8(bytes, off) >> 4) - (QUIC_VERSIONS[header.row]?.initialType ?? 0)
  header.type = type & 3
  if (header.type === RETRY) return end - at < RETRY_TAG_LEN ? short : end

  if (header.type === INITIAL) {
    if (at >= end || at + varintLen(u8(bytes, at)) > end) return short
    const tokenLen = varint(bytes, at)
    at += varintLen(u8(bytes, at))
    if (tokenLen > wireEnd - at) return MALFORMED
    if (tokenLen > end - at) return TRUNCATED
    at += tokenLen
  }
  if (at >= end || at + varintLen(u8(bytes, at)) > end) return short
  const length = varint(bytes, at)
  at += varintLen(u8(bytes, at))
  if (length > wireEnd - at) return MALFORMED
  if (length > end - at) return TRUNCATED
  if (header.type === INITIAL && length < MIN_PROTECTED_LEN) return MALFORMED
  header.packetNumberOff = at
  header.end = at + length
  return header.end
}
