// Clients by what they show, as one partition of Redis holds them: clients by keyset, a keyset being all that a hello is
// counted by. A thing counts each client once that showed it, whatever the keysets.
//
// Where a keyset has too many clients, it holds those from a level on (population.ts). The union of keysets is counted from
// the highest of their levels on: each client of at least that level is held by every keyset that it showed.

import { EVERYBODY_KEY } from '../counted-keys.js'
import type { Tally } from '../population.js'
import { AGES, ageOf } from '../population.js'

export const KEYSET_ID_LEN = 8
/** Bytes of a key (counted-keys.ts), but for that of all clients, which every keyset has. */
export const KEY_LEN = 9
/** Lengths of fields that are no clients: heads and keys of keysets, networks, the mark of the last look. */
const HEAD_LEN = 1 + KEYSET_ID_LEN
const OTHERS = [1, HEAD_LEN, HEAD_LEN + 3, HEAD_LEN + 6]
const HASH_MARK = '#'.charCodeAt(0)

interface Keyset {
  first: number
  last: number
  levels: readonly number[]
  keys: string
  /** Numbers of its keys. */
  numbers: readonly number[]
}

/** The keys of a keyset as they are kept. */
export function joinKeys(keys: readonly string[]): string {
  return keys.filter((key) => key !== EVERYBODY_KEY).join('')
}

function splitKeys(keys: string): string[] {
  const split = [EVERYBODY_KEY]
  for (let at = 0; at < keys.length; at += KEY_LEN) split.push(keys.slice(at, at + KEY_LEN))
  return split
}

/** Adds up what one partition holds. */
export class PartitionTallies {
  readonly #keysets = new Map<string, Keyset>()
  /** By address and level: ids of keysets and last times, seconds, by turns. */
  readonly #clients = new Map<string, (string | number)[]>()

  /** Takes fields and values of a group by turns (lua/population.lua). */
  add(all: readonly Buffer[]): void {
    for (let i = 0; i + 1 < all.length; i += 2) {
      const field = all[i]
      const value = all[i + 1]
      if (field === undefined || value === undefined) continue
      if (field.length === HEAD_LEN) {
        const keyset = this.#keyset(field.toString('latin1', 1))
        if (field[0] !== HASH_MARK) keyset.keys = value.toString('latin1')
        else {
          keyset.first = value.readUInt32BE(0)
          keyset.last = value.readUInt32BE(4)
          keyset.levels = [...value.subarray(12, 12 + AGES)]
        }
      } else if (!OTHERS.includes(field.length)) {
        const client = field.toString('latin1', KEYSET_ID_LEN)
        const shown = [field.toString('latin1', 0, KEYSET_ID_LEN), value.readUInt32BE(0)]
        const known = this.#clients.get(client)
        if (known === undefined) this.#clients.set(client, shown)
        else known.push(...shown)
      }
    }
  }

  /** Keysets with their keys, that of all clients first, then the fingerprint's. */
  *keysets(): Generator<readonly [string, readonly string[]]> {
    for (const [id, { keys }] of this.#keysets) if (keys !== '') yield [id, splitKeys(keys)]
  }

  /** What every key counts as of `now`. */
  *tallies(now: number, remember: number): Generator<readonly [string, Tally]> {
    const names: string[] = []
    const numbers = new Map<string, number>()
    for (const keyset of this.#keysets.values())
      keyset.numbers = splitKeys(keyset.keys).map((key) => {
        const number = numbers.get(key) ?? names.length
        if (number === names.length) {
          numbers.set(key, number)
          names.push(key)
        }
        return number
      })
    const levels = new Uint8Array(names.length * AGES)
    const firsts = new Float64Array(names.length).fill(Infinity)
    const lasts = new Float64Array(names.length)
    for (const keyset of this.#keysets.values())
      for (const number of keyset.numbers) {
        for (const [age, level] of keyset.levels.entries()) {
          const at = number * AGES + age
          levels[at] = Math.max(levels[at] ?? 0, level)
        }
        firsts[number] = Math.min(firsts[number] ?? 0, keyset.first)
        lasts[number] = Math.max(lasts[number] ?? 0, keyset.last)
      }
    const held = new Float64Array(names.length * AGES)
    /** Of one client: the last time of each key that it showed, and those keys. */
    const shown = new Float64Array(names.length)
    const touched: number[] = []
    for (const [client, pairs] of this.#clients) {
      const level = client.charCodeAt(client.length - 1)
      for (let i = 0; i < pairs.length; i += 2) {
        const keyset = this.#keysets.get(pairs[i] as string)
        const last = pairs[i + 1] as number
        if (keyset === undefined || level < (keyset.levels[ageOf(now - last)] ?? 0)) continue
        for (const number of keyset.numbers) {
          const before = shown[number] ?? 0
          if (before === 0) touched.push(number)
          if (last > before) shown[number] = last
        }
      }
      for (const number of touched) {
        const seconds = now - (shown[number] ?? 0)
        const at = number * AGES + ageOf(seconds)
        if (seconds < remember && level >= (levels[at] ?? 0)) held[at] = (held[at] ?? 0) + 1
        shown[number] = 0
      }
      touched.length = 0
    }
    for (const [number, name] of names.entries()) {
      const sums: number[] = []
      const variances: number[] = []
      for (let age = 0; age < AGES; age++) {
        const weight = 2 ** (levels[number * AGES + age] ?? 0)
        const clients = held[number * AGES + age] ?? 0
        sums.push(clients * weight)
        variances.push(clients * weight * (weight - 1))
      }
      yield [name, { sums, variances, first: firsts[number] ?? 0, last: lasts[number] ?? 0 }]
    }
  }

  #keyset(id: string): Keyset {
    let keyset = this.#keysets.get(id)
    if (keyset === undefined) {
      keyset = { first: 0, last: 0, levels: [], keys: '', numbers: [] }
      this.#keysets.set(id, keyset)
    }
    return keyset
  }
}
