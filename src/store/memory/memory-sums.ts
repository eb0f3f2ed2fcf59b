// What the embedded store counts, by bucket; each bucket is forgotten as a whole. The same sums as Redis keeps.

import { BUCKET_FINGERPRINTS, BUCKET_USER_AGENTS } from '../../base/limits.js'
import type { Bodies } from '../bodies.js'
import type { Entry } from '../packed-row.js'
import { fingerprintOf } from '../packed-row.js'
import type { Sum, Sums } from '../statistics.js'
import { addAgents, addSum } from '../statistics.js'
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

/** Sums over the last TTL, kept up to date with each sighting. */
export class MemorySums {
  readonly #ttlMicros: number
  readonly #bucketSeconds: number
  readonly #buckets = new Map<number, Bucket>()
  /** What the buckets add up to, but User-Agents. */
  readonly #bodies = new Map<string, Sum>()
  readonly #clients = new Map<string, number>()
  readonly #total: Sum = { count: 0, first: Infinity, last: 0 }
  #other = 0

  constructor(ttlSeconds: number) {
    this.#ttlMicros = ttlSeconds * 1e6
    this.#bucketSeconds = bucketSeconds(ttlSeconds)
  }

  get total(): number {
    return this.#total.count
  }

  /** Forgets the buckets whose last moment is past its TTL, and the bodies that only they counted. */
  roll(nowMicros: number, bodies: Bodies): void {
    let isGone = false
    for (const [start, bucket] of this.#buckets) {
      if ((start + this.#bucketSeconds) * 1e6 + this.#ttlMicros > nowMicros) continue
      this.#buckets.delete(start)
      this.#subtract(bucket)
      isGone = true
    }
    if (isGone) bodies.retain((id) => this.#bodies.has(id))
  }

  /** A bucket is forgotten: what the others have is left. */
  #subtract(gone: Bucket): void {
    for (const id of gone.bodies.keys()) {
      const rest: Sum = { count: 0, first: Infinity, last: 0 }
      for (const { bodies } of this.#buckets.values()) {
        const sum = bodies.get(id)
        if (sum !== undefined) addSum(rest, sum)
      }
      if (rest.count > 0) this.#bodies.set(id, rest)
      else this.#bodies.delete(id)
    }
    for (const [id, count] of gone.clients) this.#addClients(id, -count)
    this.#other -= gone.other
    Object.assign(this.#total, { count: 0, first: Infinity, last: 0 })
    for (const { total } of this.#buckets.values()) addSum(this.#total, total)
  }

  #addClients(fingerprint: string, count: number): void {
    const clients = (this.#clients.get(fingerprint) ?? 0) + count
    if (clients > 0) this.#clients.set(fingerprint, clients)
    else this.#clients.delete(fingerprint)
  }

  /** Counts an entry kept under `micros`. */
  add(entry: Entry, micros: number, bodies: Bodies): void {
    const bucket = this.#bucket(micros)
    const sum = { count: 1, first: entry.micros, last: entry.micros }
    addSum(bucket.total, sum)
    addSum(this.#total, sum)
    const known = bucket.bodies.get(entry.body.id)
    const bound = entry.isUnconfirmed ? BUCKET_FINGERPRINTS / 2 : BUCKET_FINGERPRINTS
    if (known === undefined && bucket.bodies.size >= bound) {
      bucket.other++
      this.#other++
    } else {
      const all = this.#bodies.get(entry.body.id)
      if (all === undefined) this.#bodies.set(entry.body.id, { ...sum })
      else addSum(all, sum)
      if (known !== undefined) addSum(known, sum)
      else {
        bucket.bodies.set(entry.body.id, sum)
        bodies.add(entry.body.id, entry.body.bytes)
      }
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

  /** The sums as they are, and go on being kept. */
  *sums(): Generator<undefined, Sums> {
    const agents = new Map<string, Map<string, number>>()
    for (const bucket of [...this.#buckets.values()]) yield* addAgents(agents, bucket.agents)
    return {
      total: this.#total,
      other: this.#other,
      bodies: this.#bodies,
      clients: this.#clients,
      agents,
      distinctClients: this.#clients.get('') ?? 0,
    }
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
      this.#addClients(fingerprint, -1)
      break
    }
    bucket.pairs.add(pair)
    bucket.clients.set(fingerprint, (bucket.clients.get(fingerprint) ?? 0) + 1)
    this.#addClients(fingerprint, 1)
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
}
