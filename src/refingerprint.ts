// Computes the fingerprints of sightings again from their hellos, by the methods and registries of this version.

import { TRANSPORTS } from './model/handshake-bytes.js'
import { FINGERPRINTS } from './model/sighting.js'
import type { FingerprintName, Sighting } from './model/sighting.js'
import { HelloFingerprints } from './fingerprint/hello-fingerprints.js'

/** Keys computed again, in the order of a sighting's line. */
const REMADE = [...FINGERPRINTS, 'tls_fp', 'iana'] as const
const IS_REMADE: ReadonlySet<string> = new Set(REMADE)
/** The key they follow in a sighting's line. */
const BEFORE_REMADE = 'tls_version'
const PROTOS: readonly unknown[] = TRANSPORTS

/** The result for a sighting: computed again, without a hello, or a fault. */
export type Remade =
  | { readonly outcome: 'remade'; readonly sighting: Readonly<Record<string, unknown>> }
  | { readonly outcome: 'without-hello' }
  | { readonly outcome: 'fault'; readonly fault: string }

/** Computes the fingerprints of sightings again from their hellos. */
export class Refingerprinter {
  readonly #fingerprints: HelloFingerprints

  /** @param fingerprints those to compute; a sighting's others are removed, since they may be outdated */
  constructor(fingerprints: ReadonlySet<FingerprintName> | 'all') {
    this.#fingerprints = new HelloFingerprints(fingerprints)
  }

  /** Handles a sighting as JSON text. */
  remakeLine(json: string): Remade {
    let value: unknown
    try {
      value = JSON.parse(json)
    } catch {
      return fault('is not JSON')
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return fault('is not a JSON object')
    return this.remake(value as Readonly<Record<string, unknown>>)
  }

  /**
   * A sighting with its fingerprints, `tls_fp` and `iana` computed again. All other keys keep their value and order; a
   * computed key keeps its place, and a new one follows its neighbour of a sighting's line.
   */
  remake(sighting: Readonly<Record<string, unknown>>): Remade {
    const { hello, proto, record_version, quic_version } = sighting
    if (hello === undefined) return { outcome: 'without-hello' }
    if (!PROTOS.includes(proto)) return fault('has a "proto" that is none')
    if (!isTextOrAbsent(record_version)) return fault('has a "record_version" that is no text')
    if (!isTextOrAbsent(quic_version)) return fault('has a "quic_version" that is no text')
    const bytes = typeof hello === 'string' ? fromBase64(hello) : undefined
    if (bytes === undefined) return fault('has a "hello" that is no base64')
    const made = this.#fingerprints.of(bytes, {
      proto: proto as Sighting['proto'],
      ...(record_version === undefined ? {} : { record_version }),
      ...(quic_version === undefined ? {} : { quic_version }),
    })
    if (made === undefined)
      return fault('has a "hello" that is no ClientHello, or a version that is none')
    return { outcome: 'remade', sighting: replaced(sighting, made) }
  }
}

function fault(text: string): Remade {
  return { outcome: 'fault', fault: text }
}

function isTextOrAbsent(value: unknown): value is string | undefined {
  return value === undefined || typeof value === 'string'
}

/** Bytes of canonical base64 (RFC 4648 §4), or undefined: a hello with a byte lost would fingerprint as another. */
function fromBase64(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes : undefined
}

function replaced(
  sighting: Readonly<Record<string, unknown>>,
  made: Readonly<Partial<Record<string, unknown>>>,
): Record<string, unknown> {
  const entries = Object.entries(sighting).filter(([key]) => !IS_REMADE.has(key) || key in made)
  let at = entries.findIndex(([key]) => key === BEFORE_REMADE)
  if (at < 0) at = entries.length - 1
  for (const key of REMADE) {
    const value = made[key]
    if (value === undefined) continue
    const own = entries.findIndex(([name]) => name === key)
    at = own < 0 ? at + 1 : own
    entries.splice(at, own < 0 ? 0 : 1, [key, value])
  }
  // Made of entries, since a key named __proto__ is a key like any other.
  return Object.fromEntries(entries)
}
