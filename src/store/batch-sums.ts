import { BUCKET_INDEXED_VALUES } from '../base/limits.js'
import type { FingerprintName, Sighting } from '../model/sighting.js'
import type { Distribution } from './traits.js'
import {
  bucketSeconds,
  bucketStart,
  countedValues,
  DISTRIBUTIONS,
  fingerprintId,
  indexKey,
  recordOf,
  SORTED_METHODS,
  WIRE_ORDER_METHODS,
} from './traits.js'

/** A sighting on its way into Redis. */
export interface Entry {
  readonly sighting: Sighting
  /** The time it is kept under, microseconds. */
  readonly micros: number
  /** Order of arrival: text that sorts. */
  readonly order: string
}

interface FingerprintSums {
  readonly id: string
  count: number
  readonly clients: Set<string>
  first: number
  last: number
  /** JSON of its FingerprintRecord, where Redis may not have it yet. */
  readonly record?: string
}

/** What a batch adds to one bucket; everything in order of arrival, since the first come are named. */
class BucketSums {
  readonly start: number
  readonly ends: number
  sightings = 0
  first = Infinity
  last = -Infinity
  readonly clients = new Set<string>()
  readonly fingerprints = new Map<string, FingerprintSums>()
  readonly distributions = new Map<Distribution, Map<string, number>>(
    DISTRIBUTIONS.map((name) => [name, new Map()]),
  )
  /** Key, method and fingerprint, one after the other. */
  readonly sorted: string[] = []
  readonly wire: string[] = []

  constructor(start: number, ends: number) {
    this.start = start
    this.ends = ends
  }

  toJSON(): unknown {
    return {
      start: this.start,
      ends: this.ends,
      sightings: this.sightings,
      first: this.first,
      last: this.last,
      clients: [...this.clients],
      fingerprints: [...this.fingerprints.values()].map((sums) => ({
        ...sums,
        clients: [...sums.clients],
      })),
      distributions: Object.fromEntries(
        [...this.distributions].map(([name, counts]) => [name, [...counts].flat()]),
      ),
      sorted: this.sorted,
      wire: this.wire,
    }
  }
}

/** What Redis was already told about a bucket, so that it is not told with every batch. */
class Told {
  readonly records = new Set<string>()
  readonly sorted = new Set<string>()
  readonly wire = new Set<string>()
}

/** Characters of a value that Redis keeps as its own key. */
export const LONGEST_KEY = 128
/** Buckets what was told is remembered of. */
const TOLD_BUCKETS = 16

/** Adds batches up, so that Redis is asked for a few sums and not for each sighting's forty. */
export class BatchAdder {
  readonly #ttlSeconds: number
  readonly #bucketSeconds: number
  readonly #told = new Map<number, Told>()

  constructor(ttlSeconds: number) {
    this.#ttlSeconds = ttlSeconds
    this.#bucketSeconds = bucketSeconds(ttlSeconds)
  }

  /** Forgets what was told: it may be lost. */
  forget(): void {
    this.#told.clear()
  }

  add(entries: readonly Entry[]): BucketSums[] {
    const buckets = new Map<number, BucketSums>()
    const records = new Map<string, string>()
    for (const { sighting, micros } of entries) {
      const start = bucketStart(micros, this.#bucketSeconds)
      let bucket = buckets.get(start)
      if (bucket === undefined) {
        const ends = (start + this.#bucketSeconds + this.#ttlSeconds) * 1000
        buckets.set(start, (bucket = new BucketSums(start, ends)))
      }
      bucket.sightings++
      bucket.clients.add(sighting.src)
      bucket.first = Math.min(bucket.first, micros)
      bucket.last = Math.max(bucket.last, micros)
      this.#addFingerprint(bucket, sighting, micros, records)
      for (const [name, counts] of bucket.distributions)
        for (const value of countedValues(sighting, name))
          counts.set(value, (counts.get(value) ?? 0) + 1)
    }
    return [...buckets.values()]
  }

  #addFingerprint(
    bucket: BucketSums,
    sighting: Sighting,
    micros: number,
    records: Map<string, string>,
  ): void {
    const id = fingerprintId(sighting)
    if (id === undefined) return
    const told = this.#toldOf(bucket.start)
    const sums = bucket.fingerprints.get(id)
    if (sums !== undefined) {
      sums.count++
      sums.clients.add(sighting.src)
      sums.first = Math.min(sums.first, micros)
      sums.last = Math.max(sums.last, micros)
    } else {
      const added: FingerprintSums = {
        id,
        count: 1,
        clients: new Set([sighting.src]),
        first: micros,
        last: micros,
      }
      if (told.records.has(id)) bucket.fingerprints.set(id, added)
      else {
        // the same for every bucket of this batch: the record is that of the first sighting
        const record = records.get(id) ?? JSON.stringify(recordOf(id, sighting))
        records.set(id, record)
        if (told.records.size < BUCKET_INDEXED_VALUES) told.records.add(id)
        bucket.fingerprints.set(id, { ...added, record })
      }
    }
    tell(bucket.sorted, told.sorted, id, sighting, SORTED_METHODS)
    tell(bucket.wire, told.wire, id, sighting, WIRE_ORDER_METHODS)
  }

  #toldOf(start: number): Told {
    let told = this.#told.get(start)
    if (told === undefined) {
      if (this.#told.size >= TOLD_BUCKETS) this.#told.clear()
      this.#told.set(start, (told = new Told()))
    }
    return told
  }
}

function tell(
  values: string[],
  told: Set<string>,
  id: string,
  sighting: Sighting,
  methods: readonly FingerprintName[],
): void {
  for (const method of methods) {
    const value = sighting[method]
    // as many as the bucket has room for: were they all the first, no further one would get in
    if (value === undefined || told.size >= BUCKET_INDEXED_VALUES || told.has(value)) continue
    told.add(value)
    values.push(indexKey(value, LONGEST_KEY), method, id)
  }
}
