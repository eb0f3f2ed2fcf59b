// EAP in RADIUS: RFC 2865 §3, RFC 3579 §3.1
//
//  +--------+--------------+----------+------------------+-----------------------------------------
//  | code 1 | identifier 1 | length 2 | authenticator 16 | attributes: type 1, length 1, value
//  +--------+--------------+----------+------------------+-----------------------------------------
//
// An EAP packet longer than 253 bytes is in several EAP-Message attributes, one behind the other.

import { u16, u8 } from '../base/bytes.js'
import type { ByteWriter } from '../base/byte-writer.js'

const LENGTH = 2
const RADIUS_HEADER_LEN = 20
const ACCESS_REQUEST = 1
const CALLING_STATION_ID = 31
const EAP_MESSAGE = 79

/** What of an Access-Request matters here. One instance, overwritten. */
export class AccessRequest {
  /** The value of Calling-Station-Id: its offset, and its length, 0 where there is none. */
  stationOff = 0
  stationLen = 0

  /** Reads the Access-Request `bytes[off, end)`, its EAP packet into `eap`. @returns whether it is one with an EAP packet */
  read(bytes: Uint8Array, off: number, end: number, eap: ByteWriter): boolean {
    this.stationLen = 0
    eap.len = 0
    if (end - off < RADIUS_HEADER_LEN || u8(bytes, off) !== ACCESS_REQUEST) return false
    const length = u16(bytes, off + LENGTH)
    if (length < RADIUS_HEADER_LEN || off + length > end) return false
    const stop = off + length
    for (let at = off + RADIUS_HEADER_LEN; stop - at >= 2;) {
      const attributeLen = u8(bytes, at + 1)
      if (attributeLen < 2 || at + attributeLen > stop) return false
      const type = u8(bytes, at)
      if (type === EAP_MESSAGE) eap.copy(bytes, at + 2, at + attributeLen)
      else if (type === CALLING_STATION_ID) {
        this.stationOff = at + 2
        this.stationLen = attributeLen - 2
      }
      at += attributeLen
    }
    return eap.len > 0
  }
}
