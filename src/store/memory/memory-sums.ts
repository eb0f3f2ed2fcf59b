// What the embedded store counts, by bucket; each bucket is forgotten as a whole. The same sums as Redis keeps.

import { BUCKET_FINGERPRINTS, BUCKET_USER_AGENTS } from '../../base/limits.js'
import type { Bodies } from '../bodies.js'
import type { Entry } from '../packed-row.js'
import { fingerprintOf } from '../packed-row.js'
import type { Sum, Sums } from '../statistics.js'
import { addSum, sumBuckets } from '../statistics.js'
import { bucketSeconds, bucketStart } from '../traits.js'

/** What one part of the TTL adds up to. */
class Bucket {
  readonly total: Sum = { count: 0, first: Infinity, last: 0 }
  other = 0
  readonly bodies = new Map<string, Sum>()
  /** Fingerprint and address of each pair that this bucket saw last. */
  readonly pairs = new Set<string>()
  /** How many of them there are by fingerprint, and "" for all. */
  readonly clients = new Map<string, number>()
  readonly agents = new Map<string, Map<string, number>>()
  agentPairs = 0
}

/** Sums over the last TTL. */
export class MemorySums {
  readonly #ttlMicros: number
  readonly #bucketSeconds: number
  readonly #buckets = new Map<number, Bucket>()

  constructor(ttlSeconds: number) {
    this.#ttlMicros = ttlSeconds * 1e6
    this.#bucketSeconds = bucketSeconds(ttlSeconds)
  }

  get total(): number {
    let total = 0
    for (const bucket of this.#buckets.values()) total += bucket.total.count
    return total
  }

  /** Forgets the buckets whose last moment is past its TTL, and the bodies that only they counted. */
  roll(nowMicros: number, bodies: Bodies): void {
    let isGone = false
    for (const start of this.#buckets.keys()) {
      if ((start + this.#bucketSeconds) * 1e6 + this.#ttlMicros > nowMicros) continue
      this.#buckets.delete(start)
      isGone = true
    }
    if (isGone) bodies.retain((id) => this.#some((bucket) => bucket.bodies.has(id)))
  }

  /** Counts an entry kept under `micros`. */
  add(entry: Entry, micros: number, bodies: Bodies): void {
    const bucket = this.#bucket(micros)
    const sum = { count: 1, first: entry.micros, last: entry.micros }
    addSum(bucket.total, sum)
    const known = bucket.bodies.get(entry.body.id)
    const bound = entry.isUnconfirmed ? BUCKET_FINGERPRINTS / 2 : BUCKET_FINGERPRINTS
    if (known !== undefined) addSum(known, sum)
    else if (bucket.bodies.size >= bound) bucket.other++
    else {
      bucket.bodies.set(entry.body.id, sum)
      bodies.add(entry.body.id, entry.body.bytes)
    }
    this.#addPair(bucket, bodies.fingerprint(entry.body.id) ?? fingerprintOf(entry), entry.ip)
    this.#addPair(bucket, '', entry.ip)
  }

  /** Ties a User-Agent by its key, seen at `micros`, to a fingerprint, where it has fewer than `bound` or this one. */
  addUserAgent(fingerprint: string, key: string, bound: number, micros: number): void {
    const bucket = this.#bucket(micros)
    const counts = bucket.agents.get(fingerprint) ?? new Map<string, number>()
    const count = counts.get(key)
    if (count === undefined) {
      const all = new Set<string>()
      for (const each of this.#buckets.values())
        for (const other of each.agents.get(fingerprint)?.keys() ?? []) all.add(other)
      if (bucket.agentPairs >= BUCKET_USER_AGENTS || (!all.has(key) && all.size >= bound)) return
      bucket.agentPairs++
      bucket.agents.set(fingerprint, counts)
    }
    counts.set(key, (count ?? 0) + 1)
  }

  sums(): Sums {
    const sums = sumBuckets(this.#buckets.values())
    return { ...sums, distinctClients: sums.clients.get('') ?? 0 }
  }

  /** An address counts in the last bucket that it was seen in. */
  #addPair(bucket: Bucket, fingerprint: string, ip: string): void {
    const pair = fingerprint + ip
    if (bucket.pairs.has(pair)) return
    for (const [start, other] of this.#buckets) {
      if (other === bucket || !other.pairs.has(pair)) continue
      if (this.#buckets.get(start) !== undefined && start > this.#startOf(bucket)) return
      other.pairs.delete(pair)
      other.clients.set(fingerprint, (other.clients.get(fingerprint) ?? 1) - 1)
      break
    }
    bucket.pairs.add(pair)
    bucket.clients.set(fingerprint, (bucket.clients.get(fingerprint) ?? 0) + 1)
  }

  #startOf(bucket: Bucket): number {
    for (const [start, each] of this.#buckets) if (each === bucket) return start
    return 0
  }

  #bucket(micros: number): Bucket {
    const start = bucketStart(micros, this.#bucketSeconds)
    let bucket = this.#buckets.get(start)
    if (bucket === undefined) this.#buckets.set(start, (bucket = new Bucket()))
    return bucket
  }

  #some(has: (bucket: Bucket) => boolean): boolean {
    for (const bucket of this.#buckets.values()) if (has(bucket)) return true
    return false
  }
}
