// What the bodies of hellos (packed-row.ts) say: a little of each is remembered, and the rest made again where it is asked.

import { MAX_STATISTICS_TOP } from '../base/limits.js'
import type { MakeSighting } from '../model/row.js'
import type { Sighting } from '../model/sighting.js'
import { exampleOf } from './packed-row.js'
import type { Distribution } from './traits.js'
import { countedValues, DISTRIBUTIONS } from './traits.js'
import { valueKey } from './values.js'

interface Body {
  readonly bytes: Buffer
  /** 8 bytes in latin1: the fingerprint it counts for. */
  readonly fingerprint: string
  /** Numbers of the values it counts for in the distributions. */
  readonly values: Uint32Array
  readonly keys: readonly string[]
}

/** A value of a distribution. */
export interface NumberedValue {
  readonly distribution: Distribution
  readonly value: string
}

/** Sightings made of bodies that are remembered. */
const MOST_MADE = 2 * MAX_STATISTICS_TOP

/** The bodies of all that is held. */
export class Bodies {
  readonly #make: MakeSighting
  readonly #bodies = new Map<string, Body>()
  readonly #byKey = new Map<string, Set<string>>()
  readonly #made = new Map<string, Sighting>()
  readonly #numbers = new Map<string, number>()
  /** By number. */
  readonly values: NumberedValue[] = []

  constructor(make: MakeSighting) {
    this.#make = make
  }

  get size(): number {
    return this.#bodies.size
  }

  has(id: string): boolean {
    return this.#bodies.has(id)
  }

  /** Remembers a body; one whose bytes are none is left out. */
  add(id: string, bytes: Buffer): void {
    if (this.#bodies.has(id)) return
    const sighting = this.#makeOf(bytes)
    if (sighting === undefined) return
    const { sha3_384_stable: own, ja3n, ja4, npf1 } = sighting
    const fingerprint = own === undefined ? id : valueKey(own)
    const keys = [own, ja3n, ja4, npf1].flatMap((value) =>
      value === undefined ? [] : [valueKey(value)],
    )
    const values = DISTRIBUTIONS.flatMap((distribution) =>
      [...countedValues(sighting, distribution)].map((value) =>
        this.#numberOf(distribution, value),
      ),
    )
    this.#bodies.set(id, { bytes, fingerprint, values: Uint32Array.from(values), keys })
    for (const key of keys) {
      const ids = this.#byKey.get(key)
      if (ids === undefined) this.#byKey.set(key, new Set([id]))
      else ids.add(id)
    }
  }

  /** Forgets every body but those that `isHeld`. */
  retain(isHeld: (id: string) => boolean): void {
    for (const [id, { keys }] of this.#bodies) {
      if (isHeld(id)) continue
      this.#bodies.delete(id)
      this.#made.delete(id)
      for (const key of keys) {
        const ids = this.#byKey.get(key)
        if (ids?.delete(id) === true && ids.size === 0) this.#byKey.delete(key)
      }
    }
  }

  fingerprint(id: string): string | undefined {
    return this.#bodies.get(id)?.fingerprint
  }

  /** Numbers of the values that a body counts for. */
  valuesOf(id: string): Uint32Array | undefined {
    return this.#bodies.get(id)?.values
  }

  /** The bodies that one of these keys is a value's of. */
  having(keys: readonly string[]): string[] {
    return [...new Set(keys.flatMap((key) => [...(this.#byKey.get(key) ?? [])]))]
  }

  /** A sighting with this body, of nobody's flow. */
  sighting(id: string): Sighting | undefined {
    const made = this.#made.get(id)
    if (made !== undefined) return made
    const body = this.#bodies.get(id)
    const sighting = body === undefined ? undefined : this.#makeOf(body.bytes)
    if (sighting === undefined) return undefined
    if (this.#made.size >= MOST_MADE) this.#made.clear()
    this.#made.set(id, sighting)
    return sighting
  }

  #makeOf(bytes: Buffer): Sighting | undefined {
    const example = exampleOf(bytes)
    return example === undefined ? undefined : this.#make(example)
  }

  #numberOf(distribution: Distribution, value: string): number {
    const key = `${distribution} ${value}`
    let number = this.#numbers.get(key)
    if (number === undefined) {
      number = this.values.length
      this.#numbers.set(key, number)
      this.values.push({ distribution, value })
    }
    return number
  }
}
