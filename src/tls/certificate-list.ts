// Certificate message of TLS 1.2 and before, RFC 5246 §7.4.2
//
//   0       1               4                          7
//   +-------+---------------+--------------------------+-----------+-------------+-----------
//   | 11    | length        | certificate_list length  | length 3  | ASN.1Cert…  | length 3 …
//   +-------+---------------+--------------------------+-----------+-------------+-----------
//
// The sender's own certificate comes first, then those that vouch for it.

import { u24, u8 } from '../base/bytes.js'
import { MALFORMED, type OffsetOrFault, TRUNCATED, UNSUPPORTED } from '../base/fault.js'

const CERTIFICATE = 11
const HANDSHAKE_HEADER_LEN = 4
const LENGTH_LEN = 3

/** Where the certificates of a message are. One instance, overwritten. */
export interface CertificateList {
  /** Offset and bytes of the sender's own certificate, in DER; its bytes are 0 where there is none. */
  leafOff: number
  leafLen: number
  /** Certificates in the message. */
  count: number
}

export function newCertificateList(): CertificateList {
  return { leafOff: 0, leafLen: 0, count: 0 }
}

/**
 * Finds the certificates of the message that fills [off, end).
 *
 * @returns `end`; TRUNCATED where the message is longer, MALFORMED where its lengths disagree, UNSUPPORTED where it is
 * no Certificate
 */
export function parseCertificateList(
  bytes: Uint8Array,
  off: number,
  end: number,
  list: CertificateList,
): OffsetOrFault {
  list.leafOff = list.leafLen = list.count = 0
  if (end - off < HANDSHAKE_HEADER_LEN) return TRUNCATED
  if (u8(bytes, off) !== CERTIFICATE) return UNSUPPORTED
  let at = off + HANDSHAKE_HEADER_LEN
  const length = u24(bytes, off + 1)
  if (length !== end - at) return length > end - at ? TRUNCATED : MALFORMED
  if (length < LENGTH_LEN || u24(bytes, at) !== length - LENGTH_LEN) return MALFORMED
  at += LENGTH_LEN
  while (at < end) {
    if (end - at < LENGTH_LEN) return MALFORMED
    const certificateLen = u24(bytes, at)
    at += LENGTH_LEN
    if (certificateLen === 0 || certificateLen > end - at) return MALFORMED
    if (list.count === 0) {
      list.leafOff = at
      list.leafLen = certificateLen
    }
    list.count++
    at += certificateLen
  }
  return end
}
