// How certificates may come: compress_certificate (RFC 8879 §3), client_ and server_certificate_type (RFC 7250 §3)

import { certificateCompressionName } from '../registry-names.js'
import type { Named } from './body.js'
import { vector8OfU16, vector8OfU8 } from './body.js'

/** Names of TLS Certificate Types (RFC 7250 §3, RFC 6091, RFC 8902). */
const CERTIFICATE_TYPE: Readonly<Record<number, string>> = {
  0: 'X509',
  1: 'OpenPGP',
  2: 'Raw Public Key',
  3: '1609Dot2',
}

/** The algorithms of compress_certificate. */
export function compressCertificate(
  bytes: Uint8Array,
  off: number,
  end: number,
): Named[] | undefined {
  return vector8OfU16(bytes, off, end, certificateCompressionName)
}

/** The types of a client's client_certificate_type or server_certificate_type. */
export function certificateTypes(bytes: Uint8Array, off: number, end: number): Named[] | undefined {
  return vector8OfU8(bytes, off, end, (type) => CERTIFICATE_TYPE[type] ?? 'unknown')
}
