// TLS in the Extensible Authentication Protocol: EAP-TLS (RFC 5216 §3.1), TTLS (RFC 5281), PEAP, FAST (RFC 4851), TEAP (RFC 7170)
//
//  +--------+--------------+----------+--------+---------+----------------+---------------------+-----
//  | code 1 | identifier 1 | length 2 | type 1 | flags 1 | (TLS length 4) | (TLVs' length 4: O) | TLS
//  +--------+--------------+----------+--------+---------+----------------+---------------------+-----

import { u16, u8 } from '../base/bytes.js'

const IDENTIFIER = 1
const LENGTH = 2
const TYPE = 4
const FLAGS = 5
const EAP_MIN_LEN = 6
const RESPONSE = 2
const LENGTH_INCLUDED = 0x80
const MORE_FRAGMENTS = 0x40
const OUTER_TLVS = 0x10
const TYPE_TLS = 13
const TYPE_TTLS = 21
const TYPE_PEAP = 25
const TYPE_FAST = 43
const TYPE_TEAP = 55

/** What of an EAP packet matters here. One instance, overwritten. */
export class EapPacket {
  identifier = 0
  /** Offset of the TLS bytes, and past them. */
  off = 0
  end = 0
  /** Whether further fragments follow. */
  hasMore = false

  /** Reads the EAP packet `bytes[off, end)`. @returns whether it is a client's response with TLS in it */
  read(bytes: Uint8Array, off: number, end: number): boolean {
    if (end - off < EAP_MIN_LEN || u8(bytes, off) !== RESPONSE) return false
    const type = u8(bytes, off + TYPE)
    if (!isTlsMethod(type)) return false
    const flags = u8(bytes, off + FLAGS)
    let at = off + EAP_MIN_LEN
    if ((flags & LENGTH_INCLUDED) !== 0) at += 4
    if (type === TYPE_TEAP && (flags & OUTER_TLVS) !== 0) at += 4
    this.identifier = u8(bytes, off + IDENTIFIER)
    this.off = at
    this.end = Math.min(end, off + u16(bytes, off + LENGTH))
    this.hasMore = (flags & MORE_FRAGMENTS) !== 0
    return at < this.end
  }
}

function isTlsMethod(type: number): boolean {
  return (
    type === TYPE_TLS ||
    type === TYPE_TTLS ||
    type === TYPE_PEAP ||
    type === TYPE_FAST ||
    type === TYPE_TEAP
  )
}
