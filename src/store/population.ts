// How many clients show a thing, by window of time: the estimate that both stores make.
//
// Clients of a thing are kept with the time they showed it last. Where they become too many, half of them are left out by
// a number of their own (its level: so many zero bits at its end), those of one age at a time: sampling of distinct
// elements, as by Gibbons (VLDB 2001). Each client that is left counts for those left out. Below that, counts are exact.

import type { MakeSighting } from '../model/row.js'
import type { Sighting } from '../model/sighting.js'
import { WINDOW_SECONDS, WINDOWS } from '../model/window.js'
import type { Window } from '../model/window.js'
import type { Population, Thing, WindowCount, WindowCounts } from './contract.js'
import type { PartValue } from './counted-keys.js'
import {
  EVERYBODY_KEY,
  fingerprintKey,
  ja4Key,
  keysOfSighting,
  partKey,
  partsOf,
} from './counted-keys.js'
import { stepping } from './in-slices.js'
import type { Entry } from './packed-row.js'
import { exampleOf, fingerprintOf } from './packed-row.js'
import { valueKey, valuesFoundBy } from './values.js'

/** Ages that are sampled apart: within the first window, the second and so on. */
export const AGES = WINDOWS.length
/**
 * Clients of one age that are kept of a thing; half of them go beyond. The rest, 15,360 or more, give a standard error of
 * 1 / √15,360 = 0.81 % at most, that of Redis' HyperLogLog.
 */
export const CLIENTS_OF_AN_AGE = 30_720
/** Bodies whose keys are remembered. */
const MAX_KEYS = 50_000
/** Seconds that clients are remembered unless a retention says less. */
export const REMEMBER_SECONDS = 30 * 86_400

/** The age of what was seen `seconds` ago: 0 to AGES − 1. */
export function ageOf(seconds: number): number {
  let age = 0
  while (age < AGES - 1 && seconds >= (WINDOW_SECONDS[age] ?? Infinity)) age++
  return age
}

/** The level of a client by its address's bytes in latin1: 0 for half of them, 1 for a quarter and so on. */
export function levelOf(ip: string): number {
  let sum = 0x9747b28c
  for (let i = 0; i < ip.length; i++) sum = Math.imul(sum ^ ip.charCodeAt(i), 0x5bd1e995)
  // the finalizer of MurmurHash3 mixes every bit into every other
  sum = Math.imul(sum ^ (sum >>> 16), 0x85ebca6b)
  sum = Math.imul(sum ^ (sum >>> 13), 0xc2b2ae35)
  sum = (sum ^ (sum >>> 16)) >>> 0
  return Math.min(31, 31 - Math.clz32((sum & -sum) >>> 0))
}

/** Sums by age become counts by window. @param sums by age, clients and the variance of their estimate */
export function windowCounts(sums: readonly number[], variances: readonly number[]): WindowCounts {
  const counts: Partial<Record<Window, WindowCount>> = {}
  let clients = 0
  let variance = 0
  for (const [age, window] of WINDOWS.entries()) {
    clients += sums[age] ?? 0
    variance += variances[age] ?? 0
    counts[window] = {
      clients,
      standardError: clients === 0 ? 0 : Math.sqrt(variance) / clients,
    }
  }
  return counts as WindowCounts
}

/** The network of an address's bytes in latin1: its /24 or /48; undefined of a hashed one. */
export function networkKey(ip: string): string | undefined {
  if (ip.length === 4) return ip.slice(0, 3)
  return ip.length === 16 ? ip.slice(0, 6) : undefined
}

/** What is counted of one thing at one moment: by age, clients and the variance of their estimate; seconds. */
export interface Tally {
  readonly sums: readonly number[]
  readonly variances: readonly number[]
  readonly first: number
  readonly last: number
}

/** Everything that is counted, by key (counted-keys.ts). */
export interface Tallies {
  readonly things: ReadonlyMap<string, Tally>
  /** Seconds since the Unix epoch. */
  readonly asOf: number
  readonly uncounted: number
}

/** What a question about a fingerprint's value is about. */
export interface Asked {
  readonly counted_by: Population['counted_by']
  readonly key: string
  /** Key of the `sha3_384_stable`, which is remembered by client. */
  readonly fingerprint: string | undefined
  readonly parts: readonly PartValue[] | undefined
  readonly stable: string | undefined
}

/** What `value` asks for; `example` is a hello that has it. Undefined where it is neither held nor of a kind that is counted. */
export function askedOf(
  value: string,
  example: { readonly fingerprint: string; readonly sighting: Sighting } | undefined,
): Asked | undefined {
  const ja4 = valuesFoundBy(value).find((each) => JA4.test(each))
  const parts = example === undefined ? undefined : partsOf(example.sighting)
  const stable = example?.sighting.sha3_384_stable
  const own = example === undefined ? undefined : fingerprintKey(example.fingerprint)
  if (ja4 !== undefined && (example === undefined || example.sighting.ja4 === ja4))
    return { counted_by: 'ja4', key: ja4Key(ja4), fingerprint: own, parts, stable }
  const key = own ?? (STABLE.test(value) ? fingerprintKey(valueKey(value)) : undefined)
  return key === undefined
    ? undefined
    : { counted_by: 'sha3_384_stable', key, fingerprint: key, parts, stable }
}

const JA4 = /^[tqd][0-9a-z]{9}_[0-9a-f]{12}_[0-9a-f]{12}$/i
const STABLE = /^[0-9a-f]{96}$/

/** The answer to a question; undefined where no client is counted. */
export function* populationOf(
  asked: Asked,
  { things, asOf, uncounted }: Tallies,
  seen: Pick<Population, 'client' | 'network'>,
): Generator<undefined, Population | undefined> {
  const everybody = things.get(EVERYBODY_KEY)
  if (everybody === undefined || !things.has(asked.key)) return undefined
  const thing = function* (key: string): Generator<undefined, Thing> {
    const tally = things.get(key)
    const counts = countsOf(tally)
    return {
      counts,
      ranks: yield* ranksOf(counts, key, things),
      ...(tally === undefined ? {} : { seen: { first: tally.first, last: tally.last } }),
    }
  }
  const fingerprint = yield* thing(asked.key)
  const parts: NonNullable<Population['parts']>[number][] = []
  for (const each of asked.parts ?? []) parts.push({ ...each, ...(yield* thing(partKey(each))) })
  return {
    since: everybody.first,
    as_of: asOf,
    everybody: countsOf(everybody),
    counted_by: asked.counted_by,
    fingerprint,
    ...(asked.stable === undefined ? {} : { stable: asked.stable }),
    ...(asked.parts === undefined ? {} : { parts }),
    ...seen,
    uncounted,
  }
}

function countsOf(tally: Tally | undefined): WindowCounts {
  return windowCounts(tally?.sums ?? [], tally?.variances ?? [])
}

/** Its rank among all things of its kind: their keys begin alike. */
function* ranksOf(
  counts: WindowCounts,
  key: string,
  things: Tallies['things'],
): Generator<undefined, Readonly<Record<Window, number>>> {
  const ranks = WINDOWS.map(() => 1)
  const least = WINDOWS.map((window) => counts[window].clients)
  const kind = key.charCodeAt(0)
  yield* stepping(things, ([other, { sums }]) => {
    if (other.charCodeAt(0) !== kind) return
    let clients = 0
    for (let age = 0; age < AGES; age++) {
      clients += sums[age] ?? 0
      if (clients > (least[age] ?? 0)) ranks[age] = (ranks[age] ?? 1) + 1
    }
  })
  return Object.fromEntries(WINDOWS.map((window, age) => [window, ranks[age]])) as Record<
    Window,
    number
  >
}

/** Keys of what sightings are counted by; made once for each body. */
export class PopulationKeys {
  readonly #make: MakeSighting
  readonly #keys = new Map<string, readonly string[]>()

  constructor(make: MakeSighting) {
    this.#make = make
  }

  of(entry: Entry): readonly string[] {
    const { body } = entry
    let keys = this.#keys.get(body.id)
    if (keys === undefined) {
      const example = exampleOf(body.bytes)
      const sighting = example === undefined ? undefined : this.#make(example)
      keys = sighting === undefined ? [] : keysOfSighting(fingerprintOf(entry), sighting)
      if (this.#keys.size >= MAX_KEYS) this.#keys.clear()
      this.#keys.set(body.id, keys)
    }
    return keys
  }

  has({ body }: Entry): boolean {
    return this.#keys.has(body.id)
  }
}

/** Tallies as they were made last: used for fifty times as long as they took, so that making them takes 2 % of the time. */
export class TalliesMemo {
  readonly #make: () => Promise<Tallies>
  #made: Promise<Tallies> | undefined
  #until = 0

  constructor(make: () => Promise<Tallies>) {
    this.#make = make
  }

  /** Has the next question make them anew. */
  forget(): void {
    this.#made = undefined
  }

  current(): Promise<Tallies> {
    const started = performance.now()
    if (this.#made !== undefined && started < this.#until) return this.#made
    this.#until = Infinity
    const made = this.#make()
    const end = (isMade: boolean) => {
      const took = performance.now() - started
      if (this.#made === made)
        this.#until = isMade && took >= QUICK_MILLIS ? started + took * (1 + REUSE) : 0
    }
    this.#made = made
    made.then(
      () => end(true),
      () => end(false),
    )
    return made
  }
}
const REUSE = 50
const QUICK_MILLIS = 2
