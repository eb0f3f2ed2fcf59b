// Finds fingerprints in lists.

import { normal } from './entry.js'
import type { ListEntry } from './entry.js'

/** What lists say of a hello. */
export interface Listed {
  readonly isAllowed: boolean
  readonly isWatched: boolean
  readonly entries: readonly (ListEntry & { readonly text: string })[]
}

const TEXTS = {
  label: 'a published list names the fingerprint',
  warning: 'a published list warns of the fingerprint; such lists have many false positives',
  watch: 'the operator watches the fingerprint',
  allow: 'the operator allows the fingerprint',
} as const

/** Entries shown of one hello. */
const MAX_ENTRIES = 20

export class ListIndex {
  readonly #entries = new Map<string, ListEntry[]>()

  constructor(entries: Iterable<ListEntry>) {
    for (const entry of entries) {
      const of = this.#entries.get(entry.fingerprint)
      if (of === undefined) this.#entries.set(entry.fingerprint, [entry])
      else of.push(entry)
    }
  }

  /** @param values fingerprints of one hello, of any kind */
  find(values: readonly string[]): Listed {
    const found = [...new Set(values.map(normal))].flatMap(
      (value) => this.#entries.get(value) ?? [],
    )
    return {
      isAllowed: found.some(({ list }) => list === 'allow'),
      isWatched: found.some(({ list }) => list === 'watch'),
      entries: found.slice(0, MAX_ENTRIES).map((entry) => ({ ...entry, text: TEXTS[entry.list] })),
    }
  }
}
