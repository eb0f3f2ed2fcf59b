// Lists of RFC 8446 §4.2 and of those it took over: supported_versions, cookie, signature_algorithms,
// certificate_authorities, psk_key_exchange_modes, supported_groups, and ec_point_formats (RFC 8422 §5.1.2)

import { u16 } from '../../base/bytes.js'
import {
  groupName,
  pointFormatName,
  pskKeyExchangeModeName,
  signatureSchemeName,
} from '../registry-names.js'
import { versionName } from '../version-name.js'
import type { Named } from './body.js'
import { fillsVector16, vector16OfU16, vector8OfU16, vector8OfU8 } from './body.js'

/** The versions a client offers, preferred first (§4.2.1). */
export function supportedVersions(
  bytes: Uint8Array,
  off: number,
  end: number,
): Named[] | undefined {
  return vector8OfU16(bytes, off, end, versionName)
}

/** The schemes of signature_algorithms and signature_algorithms_cert (§4.2.3), and of delegated_credential (RFC 9345 §4.1.1). */
export function signatureSchemes(bytes: Uint8Array, off: number, end: number): Named[] | undefined {
  return vector16OfU16(bytes, off, end, signatureSchemeName)
}

/** The groups of supported_groups (§4.2.7). */
export function supportedGroups(bytes: Uint8Array, off: number, end: number): Named[] | undefined {
  return vector16OfU16(bytes, off, end, groupName)
}

/** The formats of ec_point_formats (RFC 8422 §5.1.2). */
export function ecPointFormats(bytes: Uint8Array, off: number, end: number): Named[] | undefined {
  return vector8OfU8(bytes, off, end, pointFormatName)
}

/** The modes of psk_key_exchange_modes (§4.2.9). */
export function pskKeyExchangeModes(
  bytes: Uint8Array,
  off: number,
  end: number,
): Named[] | undefined {
  return vector8OfU8(bytes, off, end, pskKeyExchangeModeName)
}

/** Bytes of a cookie (§4.2.2). */
export function cookieLength(bytes: Uint8Array, off: number, end: number): number | undefined {
  return fillsVector16(bytes, off, end) && end - off > 2 ? end - off - 2 : undefined
}

/** How many names certificate_authorities lists (§4.2.4). */
export function certificateAuthorities(
  bytes: Uint8Array,
  off: number,
  end: number,
): { count: number } | undefined {
  if (!fillsVector16(bytes, off, end) || end - off < 5) return undefined
  let at = off + 2
  let count = 0
  while (at < end) {
    if (end - at < 2 || u16(bytes, at) === 0) return undefined
    at += 2 + u16(bytes, at)
    count++
  }
  return at === end ? { count } : undefined
}
