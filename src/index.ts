// The library.
//
//   import { describe, fingerprint, readCapture } from 'hellotap'

import { randomInt } from 'node:crypto'
import { identifyStored } from './knowledge/identify/identify-stored.js'
import type { Kept } from './knowledge/identify/identify-stored.js'
import { Identifier } from './knowledge/identify/identifier.js'
import { loadBase } from './knowledge/identify/load-base.js'
import type { Implementation, Nearest } from './model/implementation.js'
import { FINGERPRINTS } from './model/sighting.js'
import type { FingerprintName, Sighting, TlsFp } from './model/sighting.js'
import { HelloFingerprints } from './fingerprint/hello-fingerprints.js'
import type { Carriage, Fingerprints } from './fingerprint/hello-fingerprints.js'
import { describeHello } from './tls/describe-hello.js'
import type { HelloDetail } from './tls/hello-detail.js'

export type { Implementation, Kept, Nearest }
export { FINGERPRINTS }
export type { Carriage, FingerprintName, Fingerprints, HelloDetail, Sighting, TlsFp }
export { CaptureError } from './capture/capture-error.js'
export { readEvidence } from './tls/read-evidence.js'
export type { Evidence, Syn } from './tls/read-evidence.js'
export { check, checkCapture } from './check-capture.js'
export type { CheckAnswer, CheckOptions } from './check-capture.js'
export type { Verdict } from './knowledge/check/judge.js'
export type { Reason } from './knowledge/reasons.js'
export { readCapture } from './read-capture.js'
export type { ReadOptions } from './read-capture.js'
export { IANA_SNAPSHOT } from './tls/registry.js'

let shared: HelloFingerprints | undefined

/** Created on first use: a program that only reads captures does not need it. */
function fingerprints(): HelloFingerprints {
  return (shared ??= new HelloFingerprints('all'))
}

/**
 * All fingerprints of the ClientHello in `bytes`, or undefined if `bytes` is no complete ClientHello.
 *
 * The bytes are the handshake message (of DTLS with four or twelve bytes of header), or the stream of TLS records
 * that begins with it, as a client sends it.
 *
 * `sha3_384` includes the version of the first record, and `npf` over QUIC the version of QUIC. A message without records has
 * neither: pass them in `carriage`. A sighting can be that argument:
 *
 * ```ts
 * fingerprint(clientHello)?.ja4 // 't13d1517h2_8daaf6152771_cb7bf5808d99'
 * fingerprint(clientHello, { proto: 'quic', quic_version: '1' })?.ja4 // 'q13d…'
 * fingerprint(Buffer.from(sighting.hello, 'base64'), sighting)
 * ```
 *
 * @throws TypeError if `bytes` is no Uint8Array
 */
export function fingerprint(bytes: Uint8Array, carriage: Carriage = {}): Fingerprints | undefined {
  assertBytes(bytes)
  return fingerprints().of(bytes, carriage)
}

/**
 * The ClientHello in `bytes` in detail, with IANA's names: lists in wire order, GREASE marked. Undefined if `bytes` is no
 * complete ClientHello. The bytes are those of `fingerprint`.
 *
 * ```ts
 * describe(clientHello)?.ciphers // [{ id: 4865, name: 'TLS_AES_128_GCM_SHA256' }, …]
 * describe(clientHello)?.sni // 'example.com'
 * ```
 *
 * @throws TypeError if `bytes` is no Uint8Array
 */
export function describe(bytes: Uint8Array, carriage: Carriage = {}): HelloDetail | undefined {
  assertBytes(bytes)
  const made = fingerprints()
  return made.read(bytes, carriage) ? describeHello(made.hello) : undefined
}

let identifier: Identifier | undefined

/**
 * The TLS implementation that made the ClientHello in `bytes`, or undefined if `bytes` is no complete ClientHello. The bytes
 * are those of `fingerprint`. `kept` has the evidence stored beside a hello whose secrets were zeroed; a sighting can be `kept`.
 *
 * ```ts
 * identify(clientHello)?.library // 'OpenSSL', or 'unknown'
 * identify(Buffer.from(sighting.hello, 'base64'), sighting)?.versions // '3.0–3.4'
 * ```
 *
 * @throws TypeError if `bytes` is no Uint8Array
 */
export function identify(
  bytes: Uint8Array,
  kept: Carriage & Kept = {},
): Implementation | undefined {
  assertBytes(bytes)
  const made = fingerprints()
  if (!made.read(bytes, kept)) return undefined
  identifier ??= new Identifier(loadBase(), randomInt(2 ** 31))
  return identifyStored(identifier, made.hello, kept)
}

function assertBytes(bytes: unknown): asserts bytes is Uint8Array {
  if (!(bytes instanceof Uint8Array)) throw new TypeError('bytes must be a Uint8Array')
}
