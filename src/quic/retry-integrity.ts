// Retry packets, RFC 9000 §17.2.5, and their integrity tag, RFC 9001 §5.8: AES-128-GCM of nothing, with a key and nonce
// of the version that all know. The associated data is the Retry Pseudo-Packet, so that only who saw the client's first
// packet can make the tag:
//
//   | ODCID length(1) | Original Destination Connection ID | Retry packet up to its tag |

import { createDecipheriv } from 'node:crypto'
import { u8 } from '../base/bytes.js'
import { type LongHeader, MAX_CONNECTION_ID_LEN, RETRY_TAG_LEN } from './long-header.js'
import { QUIC_VERSIONS } from './version.js'

/** A Retry packet ends where its datagram does. */
const MAX_RETRY_LEN = 65_536
const GCM_OPTIONS = { authTagLength: RETRY_TAG_LEN } as const

const KEYS = QUIC_VERSIONS.map(({ retryKey, retryNonce }) => ({
  key: fromHex(retryKey),
  nonce: fromHex(retryNonce),
}))

/** Checks Retry packets, one at a time. */
export class RetryIntegrity {
  private readonly pseudo = new Uint8Array(1 + MAX_CONNECTION_ID_LEN + MAX_RETRY_LEN)

  /**
   * Whether the tag of the Retry packet of `header` is right for a client whose first Destination Connection ID is
   * `odcid[odcidOff, odcidOff + odcidLen)`.
   */
  isRight(
    bytes: Uint8Array,
    header: LongHeader,
    odcid: Uint8Array,
    odcidOff: number,
    odcidLen: number,
  ): boolean {
    const version = KEYS[header.row]
    if (version === undefined) return false
    const { pseudo } = this
    const tagOff = header.end - RETRY_TAG_LEN
    let at = 0
    pseudo[at++] = odcidLen
    for (let i = 0; i < odcidLen; i++) pseudo[at++] = u8(odcid, odcidOff + i)
    for (let i = header.off; i < tagOff; i++) pseudo[at++] = u8(bytes, i)
    const decipher = createDecipheriv('aes-128-gcm', version.key, version.nonce, GCM_OPTIONS)
    decipher.setAAD(pseudo.subarray(0, at))
    decipher.setAuthTag(bytes.subarray(tagOff, header.end))
    try {
      decipher.final()
      return true
    } catch {
      return false
    }
  }
}

function fromHex(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length / 2)
  for (let i = 0; i < bytes.length; i++) bytes[i] = parseInt(text.slice(2 * i, 2 * i + 2), 16)
  return bytes
}
