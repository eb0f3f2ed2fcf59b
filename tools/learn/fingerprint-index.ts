// Which profiles of the base have which fingerprints: for identification of a fingerprint alone.

import { createHash } from 'node:crypto'
import { indexKey } from '../../src/knowledge/identify/fingerprint-key.js'
import type { BaseData } from '../../src/knowledge/identify/base-data.js'
import type { Client } from './captures.js'

/** Kinds that name the order of extensions: of a client that changes it there are too many to be of use. */
const OF_ORDER = new Set(['sha3_384', 'ja3', 'ja4_o', 'npf'])
/** Kinds that are made of another: the text of a hash is looked up by its hash. */
const DERIVED = new Set(['ja3_string', 'ja3n_string', 'ja4_r', 'ja4_ro'])

/** A line a kind: its name, then the key of each fingerprint with the rows that have it. */
export function fingerprintIndex(clients: readonly Client[], base: BaseData): string {
  const kinds = new Map<string, Map<string, Set<number>>>()
  const rowsOf = new Map<number, number[]>()
  base.rows.forEach(({ c }, row) => {
    for (const client of c) rowsOf.set(client, [...(rowsOf.get(client) ?? []), row])
  })
  clients.forEach(({ profiles }, client) => {
    for (const { tokens, fingerprints } of profiles) {
      const row = (rowsOf.get(client) ?? []).find((index) => {
        const known = base.rows[index]?.t ?? []
        return (
          known.length === tokens.size &&
          known.every((token) => tokens.has(base.tokens[token] ?? 0))
        )
      })
      if (row === undefined) continue
      for (const [kind, values] of fingerprints) {
        if (DERIVED.has(kind) || (OF_ORDER.has(kind) && base.rows[row]?.p === 1)) continue
        let keys = kinds.get(kind)
        if (keys === undefined) kinds.set(kind, (keys = new Map<string, Set<number>>()))
        for (const value of values) {
          const key = indexKey(createHash('sha256').update(value).digest())
          const rows = keys.get(key)
          if (rows === undefined) keys.set(key, new Set([row]))
          else rows.add(row)
        }
      }
    }
  })
  return [...kinds]
    .map(
      ([kind, keys]) =>
        `${kind} ${[...keys].map(([key, rows]) => `${key}:${[...rows].join(',')}`).join(' ')}`,
    )
    .join('\n')
}
