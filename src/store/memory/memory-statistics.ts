import {
  BUCKET_NEW_FINGERPRINTS,
  BUCKET_NEW_VALUES,
  BUCKET_USER_AGENTS,
  MAX_STATISTICS_TOP,
} from '../../base/limits.js'
import type { FingerprintName, Sighting } from '../../model/sighting.js'
import { ClientCount } from '../client-count.js'
import { Bucket, findIn, indexIn } from './memory-bucket.js'
import type { FingerprintStat, Stats } from '../contract.js'
import type { Distribution, FingerprintRecord } from '../traits.js'
import { userAgentCounts } from '../user-agent-key.js'
import {
  bucketSeconds,
  bucketStart,
  byCount,
  countedValues,
  DISTRIBUTIONS,
  fingerprintId,
  fingerprintStat,
  recordOf,
  shareOf,
} from '../traits.js'

interface Known {
  readonly record: FingerprintRecord
  firstMicros: number
  lastMicros: number
}

/** Counters over the last TTL in a few buckets, each forgotten as a whole; `known` are the fingerprints any bucket names. */
export class MemoryStatistics {
  readonly #ttlMicros: number
  readonly #bucketSeconds: number
  readonly #buckets = new Map<number, Bucket>()
  readonly #known = new Map<string, Known>()

  constructor(ttlSeconds: number) {
    this.#ttlMicros = ttlSeconds * 1e6
    this.#bucketSeconds = bucketSeconds(ttlSeconds)
  }

  /** Forgets the buckets whose last moment is past its TTL. */
  roll(nowMicros: number): void {
    for (const [start, bucket] of this.#buckets) {
      if ((start + this.#bucketSeconds) * 1e6 + this.#ttlMicros > nowMicros) continue
      this.#buckets.delete(start)
      for (const id of bucket.fingerprints.keys())
        if (!this.#some((other) => other.fingerprints.has(id))) this.#known.delete(id)
    }
  }

  /** Counts a sighting kept under `micros`. */
  add(sighting: Sighting, micros: number): void {
    const bucket = this.#bucket(micros)
    bucket.sightings++
    bucket.clients.add(sighting.src)
    if (micros < bucket.firstMicros) bucket.firstMicros = micros
    if (micros > bucket.lastMicros) bucket.lastMicros = micros
    this.#countFingerprint(bucket, sighting, micros)
    for (const [name, distribution] of bucket.distributions) {
      const { counts } = distribution
      for (const value of countedValues(sighting, name)) {
        const count = counts.get(value)
        if (count !== undefined) counts.set(value, count + 1)
        else {
          const known = this.#some((other) => other.distributions.get(name)?.counts.has(value))
          if (!known && distribution.fresh >= BUCKET_NEW_VALUES) continue
          if (!known) distribution.fresh++
          counts.set(value, 1)
        }
      }
    }
  }

  /** Ties a User-Agent by its key, seen at `micros`, to a fingerprint, if that is named and has fewer than `bound` or this one. */
  addUserAgent(id: string, key: string, bound: number, micros: number): void {
    if (!this.#known.has(id)) return
    const bucket = this.#bucket(micros)
    const counts = bucket.userAgents.get(id) ?? new Map<string, number>()
    const count = counts.get(key)
    if (count === undefined) {
      const all = this.#userAgents(id)
      if (bucket.userAgentPairs >= BUCKET_USER_AGENTS) return
      if (!all.has(key) && all.size >= bound) return
      bucket.userAgentPairs++
      bucket.userAgents.set(id, counts)
    }
    counts.set(key, (count ?? 0) + 1)
  }

  get sightings(): number {
    return this.#sum((bucket) => bucket.sightings)
  }

  /** The fingerprint whose value is `value` under a method. */
  find(value: string): (FingerprintStat & { readonly matched: FingerprintName }) | undefined {
    for (const start of [...this.#buckets.keys()].sort((a, b) => b - a)) {
      const found = findIn(this.#bucket(start * 1e6), value)
      if (found === undefined || !this.#known.has(found.id)) continue
      const counts = this.#fingerprintCounts()
      const stat = this.#stat(found.id, counts.get(found.id) ?? 0, counts, this.sightings)
      return { ...stat, matched: found.method }
    }
    return undefined
  }

  stats(onlyWithUserAgent: boolean, top: number): Stats {
    const most = Math.min(top, MAX_STATISTICS_TOP)
    const clients = new ClientCount()
    for (const bucket of this.#buckets.values()) clients.merge(bucket.clients)
    const counts = this.#fingerprintCounts()
    const sightings = this.sightings
    const fingerprints = [...counts]
      .filter(([id]) => !onlyWithUserAgent || this.#some((bucket) => bucket.userAgents.has(id)))
      .sort(byCount)
      .slice(0, most)
      .map(([id, count]) => this.#stat(id, count, counts, sightings))
    const seen = [...this.#buckets.values()].filter((bucket) => bucket.sightings > 0)
    return {
      total_sightings: sightings,
      distinct_fingerprints: counts.size,
      other_sightings: this.#sum((bucket) => bucket.other),
      distinct_clients: clients.size,
      ...(seen.length === 0
        ? {}
        : {
            first_seen: Math.min(...seen.map((bucket) => bucket.firstMicros)) / 1e6,
            last_seen: Math.max(...seen.map((bucket) => bucket.lastMicros)) / 1e6,
          }),
      fingerprints,
      distributions: Object.fromEntries(
        DISTRIBUTIONS.map((name) => [
          name,
          [...this.#distribution(name)]
            .sort(byCount)
            .slice(0, most)
            .map(([value, count]) => shareOf(value, count, sightings)),
        ]),
      ) as unknown as Stats['distributions'],
    }
  }

  #countFingerprint(bucket: Bucket, sighting: Sighting, micros: number): void {
    const id = fingerprintId(sighting)
    if (id === undefined) return
    const known = this.#known.get(id)
    if (known === undefined) {
      if (bucket.newFingerprints >= BUCKET_NEW_FINGERPRINTS) {
        bucket.other++
        return
      }
      bucket.newFingerprints++
      const record = recordOf(id, sighting)
      this.#known.set(id, { record, firstMicros: micros, lastMicros: micros })
    } else {
      if (micros < known.firstMicros) known.firstMicros = micros
      if (micros > known.lastMicros) known.lastMicros = micros
    }
    let counted = bucket.fingerprints.get(id)
    if (counted === undefined) {
      counted = { count: 0, clients: new ClientCount() }
      bucket.fingerprints.set(id, counted)
    }
    counted.count++
    counted.clients.add(sighting.src)
    indexIn(bucket, id, sighting)
  }

  #stat(
    id: string,
    count: number,
    counts: ReadonlyMap<string, number>,
    sightings: number,
  ): FingerprintStat {
    const { record, firstMicros, lastMicros } = this.#known.get(id) ?? {
      record: { sha3_384: id },
      firstMicros: 0,
      lastMicros: 0,
    }
    const clients = new ClientCount()
    for (const bucket of this.#buckets.values()) {
      const counted = bucket.fingerprints.get(id)
      if (counted !== undefined) clients.merge(counted.clients)
    }
    let ahead = 0
    for (const other of counts.values()) if (other > count) ahead++
    const userAgents = userAgentCounts([...this.#userAgents(id)])
    return fingerprintStat(
      { id, record, count, clients: clients.size, ahead, firstMicros, lastMicros, userAgents },
      sightings,
    )
  }

  #fingerprintCounts(): Map<string, number> {
    const counts = new Map<string, number>()
    for (const { fingerprints } of this.#buckets.values())
      for (const [id, { count }] of fingerprints) counts.set(id, (counts.get(id) ?? 0) + count)
    return counts
  }

  #distribution(name: Distribution): Map<string, number> {
    const sums = new Map<string, number>()
    for (const { distributions } of this.#buckets.values())
      for (const [value, count] of distributions.get(name)?.counts ?? [])
        sums.set(value, (sums.get(value) ?? 0) + count)
    return sums
  }

  #userAgents(id: string): Map<string, number> {
    const sums = new Map<string, number>()
    for (const { userAgents } of this.#buckets.values())
      for (const [userAgent, count] of userAgents.get(id) ?? [])
        sums.set(userAgent, (sums.get(userAgent) ?? 0) + count)
    return sums
  }

  #bucket(micros: number): Bucket {
    const start = bucketStart(micros, this.#bucketSeconds)
    let bucket = this.#buckets.get(start)
    if (bucket === undefined) this.#buckets.set(start, (bucket = new Bucket()))
    return bucket
  }

  #some(has: (bucket: Bucket) => boolean | undefined): boolean {
    for (const bucket of this.#buckets.values()) if (has(bucket) === true) return true
    return false
  }

  #sum(of: (bucket: Bucket) => number): number {
    let sum = 0
    for (const bucket of this.#buckets.values()) sum += of(bucket)
    return sum
  }
}
