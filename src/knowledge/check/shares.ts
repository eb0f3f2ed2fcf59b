// Key shares and ECH: what each library makes of them, over 1,590 hellos without an exception.

import type { Claim, Engine } from '../claim.js'
import { reason } from '../reasons.js'
import type { Reason } from '../reasons.js'
import type { HelloFacts } from './hello-facts.js'

/** Whether the X25519 key stands in the hybrid share too: NSS always, BoringSSL never (openssl/openssl#25889). */
const REUSES_X25519: Readonly<Partial<Record<Engine, boolean>>> = { chromium: false, firefox: true }
/** Payload lengths that BoringSSL's GREASE chooses from (setup_ech_grease in its encrypted_client_hello.cc). */
const BORINGSSL_PAYLOADS: readonly number[] = [144, 176, 208, 240]
/** Payload length of rustls's GREASE under browser profiles. */
const RUSTLS_PAYLOAD = 432
const MIN_RUSTLS_HELLOS = 2
const TAG_LEN = 16
/** BoringSSL pads a real inner hello to a multiple of it (RFC 9849 §6.1.3). */
const PADDING_UNIT = 32

/** Rules on one hello. */
export function shareReasons(engine: Engine, { evidence }: HelloFacts): Reason[] {
  const reuses = REUSES_X25519[engine]
  const shared = evidence?.x25519_shared
  const reasons: Reason[] = []
  if (shared === true && reuses === false)
    reasons.push(reason('share.x25519_reused', 'inconsistent', 'x25519_shared true'))
  if (shared === false && reuses === true)
    reasons.push(reason('share.x25519_fresh', 'inconsistent', 'x25519_shared false'))
  const length = evidence?.ech?.payload_len
  if (length !== undefined && engine === 'chromium' && (length - TAG_LEN) % PADDING_UNIT !== 0)
    reasons.push(reason('ech.length_of_rustls', 'inconsistent', `ECH payload of ${length} bytes`))
  return reasons
}

/** Rules on hellos of several connections. */
export function echOverConnections(
  engine: Engine,
  _claim: Claim,
  hellos: readonly HelloFacts[],
): Reason[] {
  if (engine === 'chromium') {
    const odd = hellos.filter(({ evidence }) => evidence?.ech?.payload_len === RUSTLS_PAYLOAD)
    return odd.length < MIN_RUSTLS_HELLOS
      ? []
      : [
          reason(
            'ech.length_of_rustls',
            'inconsistent',
            `ECH payload of ${RUSTLS_PAYLOAD} bytes in ${odd.length} hellos`,
          ),
        ]
  }
  if (engine !== 'firefox') return []
  // NSS makes its GREASE as long as the real inner hello would be: hellos alike in all else have one length.
  const byShape = new Map<string, Set<number>>()
  for (const { evidence, helloLen, serverNameLen, extensions } of hellos) {
    const length = evidence?.ech?.payload_len
    if (length === undefined) continue
    const shape = `${helloLen - length} ${serverNameLen} ${extensions.length}`
    byShape.set(shape, (byShape.get(shape) ?? new Set()).add(length))
  }
  for (const lengths of byShape.values())
    if (lengths.size > 1 && [...lengths].every((length) => BORINGSSL_PAYLOADS.includes(length)))
      return [
        reason(
          'ech.length_of_boringssl',
          'inconsistent',
          `ECH payloads of ${[...lengths].sort((a, b) => a - b).join(', ')} bytes in hellos alike in all else`,
        ),
      ]
  return []
}
