// The sums of all partitions, fetched where they changed and added up. One process asks at most once a second, however often it is asked.

import { STORE_PARTITIONS } from '../../base/limits.js'
import type { MakeSighting } from '../../model/row.js'
import { Bodies } from '../bodies.js'
import type { Sum, Sums } from '../statistics.js'
import { inSlices } from '../in-slices.js'
import { Statistics, sumSteps } from '../statistics.js'
import { bucketSeconds } from '../traits.js'
import { keysOf } from './redis-batch.js'
import type { RedisClient } from './redis-connection.js'
import { fetchParts } from './redis-rows.js'
import type { Argument } from './redis-scripts.js'
import { run, STATISTICS } from './redis-scripts.js'

interface Bucket {
  version: string
  total: Sum
  other: number
  bodies: Map<string, Sum>
  agents: Map<string, Map<string, number>>
  clients: Map<string, number>
}
interface Partition {
  readonly buckets: Map<number, Bucket>
  clients: number
}

const TOTAL = '#'
const OTHER = '#o'
const ID_LEN = 8
const BODIES_AT_ONCE = 512

/** Rolls that take addresses of unchanged buckets as they were, up to one that asks. */
const QUICK_ROLLS = 10

export class RedisStatistics {
  readonly #redis: RedisClient
  readonly #ttlSeconds: number
  readonly #partitions: Partition[] = Array.from({ length: STORE_PARTITIONS }, () => ({
    buckets: new Map(),
    clients: 0,
  }))
  readonly #bodies: Bodies
  #rolls = 0
  #rolling: Promise<Statistics> | undefined
  #next: Promise<Statistics> | undefined

  constructor(redis: RedisClient, ttlSeconds: number, make: MakeSighting) {
    this.#redis = redis
    this.#ttlSeconds = ttlSeconds
    this.#bodies = new Bodies(make)
  }

  /** Statistics that hold all that Redis held when this was called. */
  async current(): Promise<Statistics> {
    if (this.#rolling === undefined) return this.#start(true)
    // the roll under way may have passed a partition already: one more is shared by all who come meanwhile
    this.#next ??= this.#rolling.then(
      () => this.#start(true),
      () => this.#start(true),
    )
    return this.#next
  }

  /** Statistics as of the last roll under way or ended; addresses may lag some rolls behind. */
  quick(): Promise<Statistics> {
    return this.#rolling ?? this.#start(this.#rolls % QUICK_ROLLS === 0)
  }

  /** The fingerprint of a body that Redis holds. */
  async fingerprintOf(body: string): Promise<string | undefined> {
    if (!this.#bodies.has(body)) await this.#fetch(new Set([body]))
    return this.#bodies.fingerprint(body)
  }

  #start(isWhole: boolean): Promise<Statistics> {
    this.#next = undefined
    this.#rolls++
    const rolling = this.#roll(isWhole).finally(() => {
      if (this.#rolling === rolling) this.#rolling = undefined
    })
    this.#rolling = rolling
    return rolling
  }

  async #roll(isWhole: boolean): Promise<Statistics> {
    await Promise.all(this.#partitions.map((_, i) => this.#ask(i, isWhole)))
    const missing = new Set<string>()
    for (const { buckets } of this.#partitions)
      for (const { bodies } of buckets.values())
        for (const id of bodies.keys()) if (!this.#bodies.has(id)) missing.add(id)
    await this.#fetch(missing)
    const sums = await inSlices(this.#sums())
    if (this.#bodies.size > 2 * sums.bodies.size + BODIES_AT_ONCE)
      this.#bodies.retain((id) => sums.bodies.has(id))
    return inSlices(Statistics.steps(sums, this.#bodies))
  }

  async #ask(index: number, isWhole: boolean): Promise<void> {
    const partition = this.#partitions[index]
    const prefix = keysOf(index)
    if (partition === undefined) return
    const known: Argument[] = [...partition.buckets].flatMap(([bucket, { version }]) => [
      bucket,
      Buffer.from(version, 'latin1'),
    ])
    const args = [prefix, this.#ttlSeconds, bucketSeconds(this.#ttlSeconds), isWhole ? 1 : 0]
    const answer = (await run(this.#redis, STATISTICS, [`${prefix}m`], [...args, ...known])) as [
      unknown,
      number,
      ...[number, Buffer, Buffer[] | null, Buffer[] | null, Buffer[] | null][],
    ]
    const [, clients, ...buckets] = answer
    partition.clients = clients
    const held = new Set<number>()
    for (const [number, version, sums, agents, counts] of buckets) {
      held.add(number)
      let bucket = partition.buckets.get(number)
      if (bucket === undefined || sums !== null) {
        bucket = newBucket(version, sums ?? [], agents ?? [], bucket)
        partition.buckets.set(number, bucket)
      }
      if (counts !== null) bucket.clients = clientsOf(counts)
    }
    for (const number of partition.buckets.keys())
      if (!held.has(number)) partition.buckets.delete(number)
  }

  async #fetch(missing: ReadonlySet<string>): Promise<void> {
    if (missing.size === 0) return
    for (const [id, bytes] of await fetchParts(this.#redis, missing)) this.#bodies.add(id, bytes)
  }

  *#sums(): Generator<undefined, Sums> {
    const partitions = [...this.#partitions]
    const sums = yield* sumSteps(partitions.flatMap(({ buckets }) => [...buckets.values()]))
    return { ...sums, distinctClients: partitions.reduce((sum, { clients }) => sum + clients, 0) }
  }
}

function newBucket(
  version: Buffer,
  sums: readonly Buffer[],
  agents: readonly Buffer[],
  before: Bucket | undefined,
): Bucket {
  const bucket: Bucket = {
    version: version.toString('latin1'),
    total: { count: 0, first: Infinity, last: 0 },
    other: 0,
    bodies: new Map(),
    agents: new Map(),
    clients: before?.clients ?? new Map<string, number>(),
  }
  for (let i = 0; i + 1 < sums.length; i += 2) {
    const field = sums[i]?.toString('latin1') ?? ''
    const sum = sumOf(sums[i + 1])
    if (field === TOTAL) bucket.total = sum
    else if (field === OTHER) bucket.other = sum.count
    else bucket.bodies.set(field, sum)
  }
  for (let i = 0; i + 1 < agents.length; i += 2) {
    const field = agents[i] ?? Buffer.alloc(0)
    if (field[0] === TOTAL.charCodeAt(0)) continue
    const id = field.toString('latin1', 0, ID_LEN)
    const of = bucket.agents.get(id) ?? new Map<string, number>()
    of.set(field.toString('utf8', ID_LEN), Number(agents[i + 1]))
    bucket.agents.set(id, of)
  }
  return bucket
}

/** A count, and the first and last time, as big-endian doubles. */
function sumOf(bytes: Buffer | undefined): Sum {
  if (bytes?.length !== 24) return { count: 0, first: Infinity, last: 0 }
  return {
    count: bytes.readDoubleBE(0),
    first: bytes.readDoubleBE(8),
    last: bytes.readDoubleBE(16),
  }
}

function clientsOf(counts: readonly Buffer[]): Map<string, number> {
  const clients = new Map<string, number>()
  for (let i = 0; i + 1 < counts.length; i += 2)
    clients.set(counts[i]?.toString('latin1') ?? '', Number(counts[i + 1]))
  return clients
}
