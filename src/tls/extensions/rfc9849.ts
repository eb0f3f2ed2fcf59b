// encrypted_client_hello, RFC 9849 §5
//
//   outer (0)   type 1 · kdf_id 2 · aead_id 2 · config_id 1 · length 2 · enc · length 2 · payload
//   inner (1)   type 1
//   in a HelloRetryRequest: confirmation 8

import { u16, u8 } from '../../base/bytes.js'
import { fillsVector16 } from './body.js'
import type { Named } from './body.js'

const OUTER = 0
const INNER = 1
/** Bytes of an AEAD's tag in the payload, the same for all of RFC 9180's. */
const TAG_LEN = 16
/** What RFC 9849 §6.1.3 pads the encoded inner hello to a multiple of, bytes. */
const PADDING_UNIT = 32
/** Payloads BoringSSL's GREASE chooses from, bytes: 128 to 224 in steps of 32, and a tag. */
const BORINGSSL_GREASE_PAYLOADS: readonly number[] = [144, 176, 208, 240]
/** Names that stand in the outer hello of real ECH, the public_name of the largest deployment. */
const PUBLIC_NAMES: readonly string[] = ['cloudflare-ech.com']

/** HPKE KDF identifiers (RFC 9180 §7.2). */
const KDF: Readonly<Record<number, string>> = {
  1: 'HKDF-SHA256',
  2: 'HKDF-SHA384',
  3: 'HKDF-SHA512',
}
/** HPKE AEAD identifiers (RFC 9180 §7.3). */
const AEAD: Readonly<Record<number, string>> = {
  1: 'AES-128-GCM',
  2: 'AES-256-GCM',
  3: 'ChaCha20Poly1305',
}
/** HPKE KEMs by the bytes of enc (RFC 9180 §7.1): the hello itself does not name the KEM. */
const KEM_BY_ENC_LENGTH: Readonly<Record<number, string>> = {
  32: 'DHKEM(X25519, HKDF-SHA256)',
  56: 'DHKEM(X448, HKDF-SHA512)',
  65: 'DHKEM(P-256, HKDF-SHA256)',
  97: 'DHKEM(P-384, HKDF-SHA384)',
  133: 'DHKEM(P-521, HKDF-SHA512)',
}

/** An encrypted_client_hello as far as an observer can read it. */
export interface Ech {
  readonly type: 'outer' | 'inner'
  readonly config_id?: number
  readonly kdf?: Named
  readonly aead?: Named
  /** Told by enc's length; absent after a HelloRetryRequest, when enc is empty. */
  readonly kem?: string
  readonly enc_length?: number
  readonly payload_length?: number
}

/** The encrypted_client_hello of a client. */
export function encryptedClientHello(bytes: Uint8Array, off: number, end: number): Ech | undefined {
  if (end - off === 1 && u8(bytes, off) === INNER) return { type: 'inner' }
  if (end - off < 10 || u8(bytes, off) !== OUTER) return undefined
  const kdf = u16(bytes, off + 1)
  const aead = u16(bytes, off + 3)
  const encLength = u16(bytes, off + 6)
  const payloadOff = off + 8 + encLength
  if (payloadOff > end || !fillsVector16(bytes, payloadOff, end)) return undefined
  const payloadLength = end - payloadOff - 2
  if (payloadLength === 0) return undefined
  const kem = KEM_BY_ENC_LENGTH[encLength]
  return {
    type: 'outer',
    config_id: u8(bytes, off + 5),
    kdf: { id: kdf, name: KDF[kdf] ?? 'unknown' },
    aead: { id: aead, name: AEAD[aead] ?? 'unknown' },
    ...(kem === undefined ? {} : { kem }),
    enc_length: encLength,
    payload_length: payloadLength,
  }
}

/** Whether an offered ECH looks like GREASE (RFC 9849 §6.2), and by what. A guess: GREASE is made to look real. */
export interface EchGuess {
  readonly looks_grease: boolean
  readonly evidence: readonly (
    | 'payload-not-padded-to-32'
    | 'payload-length-of-boringssl-grease'
    | 'payload-length-unlike-grease'
    | 'sni-is-known-public-name'
  )[]
}

/**
 * Guesses from sizes and the name in clear.
 *
 * A real payload is a multiple of 32 and a tag; NSS's GREASE is not, BoringSSL's is one of four lengths which a
 * short real hello has too. A public name known to stand for hidden ones tells the two apart.
 */
export function guessEch(ech: Ech, serverName: string | undefined): EchGuess | undefined {
  if (ech.payload_length === undefined) return undefined
  if (serverName !== undefined && PUBLIC_NAMES.includes(serverName.toLowerCase()))
    return { looks_grease: false, evidence: ['sni-is-known-public-name'] }
  if ((ech.payload_length - TAG_LEN) % PADDING_UNIT !== 0)
    return { looks_grease: true, evidence: ['payload-not-padded-to-32'] }
  if (BORINGSSL_GREASE_PAYLOADS.includes(ech.payload_length))
    return { looks_grease: true, evidence: ['payload-length-of-boringssl-grease'] }
  return { looks_grease: false, evidence: ['payload-length-unlike-grease'] }
}
