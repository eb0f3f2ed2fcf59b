// What the base knows of a fingerprint alone: the profiles that have it.

import { createHash } from 'node:crypto'
import type { Implementation } from '../../model/implementation.js'
import { UNKNOWN, applicationsText, nearestOfRow } from './answer.js'
import type { Base } from './base.js'
import { indexKey } from './fingerprint-key.js'
import { FINGERPRINTS_TEXT } from './fingerprints-text.js'
import type { OwnRow } from './own-rows.js'
import { rangeText } from './version.js'

/** Share of right answers among clients that were left out and share a fingerprint with a known one, at most claimed. */
const CONFIDENCE = 0.97

/** What is known of a fingerprint. */
export interface Identified {
  readonly fingerprint: string
  /** Its kind as a sighting names it; absent where it is none. */
  readonly kind?: string
  readonly implementation: Implementation
}

/** Shapes of fingerprints; those of one shape are told apart by what the base knows. */
const SHAPES: readonly (readonly [RegExp, readonly string[]])[] = [
  [/^[0-9a-f]{96}$/, ['sha3_384_stable', 'sha3_384']],
  [/^[0-9a-f]{32}$/, ['ja3n', 'ja3']],
  [/^[tqd][0-9s][0-9]{1,2}[di]\d{4}[0-9A-Za-z]{2}_[0-9a-f]{12}_[0-9a-f]{12}$/, ['ja4', 'ja4_o']],
  [/^(tls|dtls|quic)\/1\//, ['npf1']],
  [/^(tls|dtls|quic)\//, ['npf', 'npf1']],
  [/^[tqd][0-9s][0-9]{1,2}[di]\d{4}[0-9A-Za-z]{2}_[0-9a-f,]*_/, ['ja4_r', 'ja4_ro']],
  [/^\d{1,5},[\d-]*,[\d-]*,[\d-]*,[\d-]*$/, ['ja3n_string', 'ja3_string']],
]

/** Kinds of fingerprint that a text may be, by its shape; none where it is no fingerprint. */
export function kindsOf(text: string): readonly string[] {
  return SHAPES.find(([shape]) => shape.test(text))?.[1] ?? []
}

/** Finds profiles by fingerprint. The index is read at the first question. */
export class FingerprintFinder {
  readonly #base: Base
  readonly #own: readonly OwnRow[]
  #index: Map<string, Map<string, number[]>> | undefined

  constructor(base: Base, own: readonly OwnRow[]) {
    this.#base = base
    this.#own = own
  }

  /** The implementation that the base knows by a fingerprint of any kind; `unknown` where it knows none, or several. */
  find(fingerprint: string): Identified {
    const kinds = kindsOf(fingerprint)
    for (const kind of kinds) {
      const rows = this.#rowsOf(kind, fingerprint)
      if (rows.length > 0) return { fingerprint, kind, implementation: this.#answer(rows) }
    }
    const [kind] = kinds
    return {
      fingerprint,
      ...(kind === undefined ? {} : { kind }),
      implementation: { library: UNKNOWN, nearest: [] },
    }
  }

  /** Rows of the base that have a fingerprint of any kind. */
  rowsOf(fingerprint: string): readonly number[] {
    for (const kind of kindsOf(fingerprint)) {
      const rows = this.#rowsOf(kind, fingerprint)
      if (rows.length > 0) return rows
    }
    return []
  }

  #rowsOf(kind: string, fingerprint: string): readonly number[] {
    const [hashKind, hashed] = hashOf(kind, fingerprint)
    return this.#indexed().get(hashKind)?.get(keyOf(hashed)) ?? []
  }

  #indexed(): Map<string, Map<string, number[]>> {
    if (this.#index !== undefined) return this.#index
    const index = new Map<string, Map<string, number[]>>()
    for (const line of FINGERPRINTS_TEXT.split('\n')) {
      const [kind = '', ...entries] = line.split(' ')
      const keys = new Map<string, number[]>()
      for (const entry of entries) {
        const at = entry.indexOf(':')
        keys.set(
          entry.slice(0, at),
          entry
            .slice(at + 1)
            .split(',')
            .map(Number),
        )
      }
      index.set(kind, keys)
    }
    const first = this.#base.rows.length - this.#own.length
    this.#own.forEach(({ fingerprints }, own) => {
      for (const [kind, values] of Object.entries(fingerprints)) {
        const keys = index.get(kind) ?? new Map<string, number[]>()
        index.set(kind, keys)
        for (const value of values)
          keys.set(keyOf(value), [...(keys.get(keyOf(value)) ?? []), first + own])
      }
    })
    return (this.#index = index)
  }

  #answer(rows: readonly number[]): Implementation {
    const base = this.#base
    const families = [...new Set(rows.map((row) => base.rows[row]?.f ?? 0))]
    const nearest = families.map((family) =>
      nearestOfRow(base, rows.find((row) => base.rows[row]?.f === family) ?? 0),
    )
    const [family] = families
    if (family === undefined || families.length > 1) return { library: UNKNOWN, nearest }
    const clients = rows.flatMap((row) => base.clientsOf(row))
    const known = base.families[family]?.rows.flatMap((row) => base.versionsOf(row))
    const versions = rangeText(
      rows.flatMap((row) => base.versionsOf(row)),
      known ?? [],
    )
    return {
      library: base.families[family]?.name ?? UNKNOWN,
      ...(versions === '' ? {} : { versions }),
      applications: applicationsText([...new Set(clients.map(({ application }) => application))]),
      confidence: CONFIDENCE,
      basis: 'exact',
      nearest,
    }
  }
}

function keyOf(fingerprint: string): string {
  return indexKey(createHash('sha256').update(fingerprint).digest())
}

/** The kind and value under which a fingerprint stands in the index: of those that spell out what others hash, the hash. */
function hashOf(kind: string, fingerprint: string): readonly [string, string] {
  if (kind === 'ja3_string' || kind === 'ja3n_string')
    return [kind.slice(0, -'_string'.length), createHash('md5').update(fingerprint).digest('hex')]
  if (kind !== 'ja4_r' && kind !== 'ja4_ro') return [kind, fingerprint]
  const [head = '', ciphers = '', ...rest] = fingerprint.split('_')
  return [
    kind === 'ja4_r' ? 'ja4' : 'ja4_o',
    `${head}_${twelve(ciphers)}_${twelve(rest.join('_'))}`,
  ]
}

/** The first twelve digits of a list's SHA-256; zeros for an empty one (JA4). */
function twelve(list: string): string {
  return list === '' ? '0'.repeat(12) : createHash('sha256').update(list).digest('hex').slice(0, 12)
}
