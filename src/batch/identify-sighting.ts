// A sighting in one line of JSON, as `read --hello` and `capture --stdout` print it, identified by the hello it carries.

import { HelloFingerprints } from '../fingerprint/hello-fingerprints.js'
import type { FingerprintFinder } from '../knowledge/identify/by-fingerprint.js'
import type { Base } from '../knowledge/identify/base.js'
import { identifyStored, storedCircumstances } from '../knowledge/identify/identify-stored.js'
import { maskOf } from '../knowledge/check/mask.js'
import { Identifier } from '../knowledge/identify/identifier.js'
import type { Implementation } from '../model/implementation.js'
import type { Sighting } from '../model/sighting.js'

interface Answer {
  readonly implementation: Implementation
  readonly mask: readonly string[]
}

/** Identifies sightings that were kept. One instance a thread. */
export class SightingIdentifier {
  readonly #finder: FingerprintFinder
  readonly #hellos = new HelloFingerprints(new Set(['sha3_384_stable', 'ja4']))
  readonly #identifier: Identifier

  constructor(base: Base, finder: FingerprintFinder, seed: number) {
    this.#finder = finder
    this.#identifier = new Identifier(base, seed)
  }

  /** @returns the answer, undefined for an empty line, or why the line has none */
  identifyLine(line: string): object | string | undefined {
    if (line.trim() === '') return undefined
    let value: unknown
    try {
      value = JSON.parse(line)
    } catch {
      return 'is not JSON'
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return 'is no JSON object'
    const sighting = value as Partial<Sighting>
    const { time, src, srcport, sha3_384_stable, ja4 } = sighting
    const answer = this.#answerTo(sighting)
    if (typeof answer === 'string') return answer
    return { time, src, srcport, sha3_384_stable, ja4, ...answer }
  }

  #answerTo(sighting: Partial<Sighting>): Answer | string {
    const { hello } = sighting
    if (typeof hello === 'string') {
      const read = this.#hellos.read(Buffer.from(hello, 'base64'), sighting)
      if (!read) return 'has a "hello" that is no ClientHello'
      const { hello: parsed } = this.#hellos
      return {
        implementation: identifyStored(this.#identifier, parsed, sighting),
        mask: maskOf(parsed, storedCircumstances(sighting)),
      }
    }
    const fingerprint = sighting.sha3_384_stable ?? sighting.ja4
    if (typeof fingerprint !== 'string')
      return 'has neither a hello nor a fingerprint that is known by'
    return { implementation: this.#finder.find(fingerprint).implementation, mask: [] }
  }
}
