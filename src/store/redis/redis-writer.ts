// From the spool into Redis, one batch in flight at a time, in order.
//
// Nothing is lost unseen, nothing doubled: a batch leaves the spool only when every partition of it has answered. Each
// partition keeps the number of this writer's sightings that it has taken, in the same step as the sightings themselves. A
// batch whose answer did not come is sent again with the number it had: a partition that has it answers as it did then, and
// one that has fewer than we know lost them (a failover, a restart or FLUSHALL without what was written), to the unit.

import { randomBytes } from 'node:crypto'
import {
  REDIS_STORE_MIB,
  SPOOL_HIGH_WATER,
  SPOOL_LOW_WATER,
  SPOOL_MIB,
  STORE_AWAY_MILLIS,
  STORE_BATCH_ATTEMPTS,
  STORE_BATCH_MILLIS,
  STORE_BATCH_SIGHTINGS,
  STORE_CHECK_SECONDS,
  STORE_PARTITIONS,
  STORE_RETRY_MOST_MILLIS,
} from '../../base/limits.js'
import type { StoreClock, StoreLimits } from '../contract.js'
import type { Entry } from '../packed-row.js'
import { DiskSpool } from '../spool/disk-spool.js'
import { Spool } from '../spool/spool.js'
import { bucketSeconds } from '../traits.js'
import type { PartitionBatch } from './redis-batch.js'
import { BatchEncoder, byPartition, keysOf } from './redis-batch.js'
import { partitionOf } from './partitions.js'
import type { RedisClient } from './redis-connection.js'
import { PartsSender } from './redis-parts.js'
import { Replication } from './redis-replication.js'
import { CHECK, PARTS, run, WRITE } from './redis-scripts.js'

/** Error replies that time heals: the server starts, is full, changes roles, or moves a slot. */
const PASSING =
  /^(LOADING|BUSY|OOM|MISCONF|READONLY|MASTERDOWN|NOREPLICAS|CLUSTERDOWN|TRYAGAIN|MOVED|ASK|NOAUTH|WRONGPASS|NOPERM|UNBLOCKED)\b/

/** Units of the spool a sighting takes: one for every 4 KiB begun of it and its hello, so one for each a real client sends. */
export function spoolUnits({ len, body }: Entry): number {
  return 1 + ((len + body.bytes.length) >>> 12)
}

/** What became of the sightings that were written. */
export interface WriteCounts {
  stored: number
  merged: number
  too_old: number
  evicted: number
  refused: number
  lost: number
}

/** What a writer is opened with. */
export interface RedisWriterOptions {
  readonly limits: StoreLimits
  readonly clock: StoreClock
  /** Milliseconds since the epoch, by the clock that sightings have their times from. */
  readonly now: () => number
  /** Called when a batch was written or was not: `failure` may have changed. */
  readonly onAnswer: () => void
}

export class RedisWriter {
  readonly counts: WriteCounts = {
    stored: 0,
    merged: 0,
    too_old: 0,
    evicted: 0,
    refused: 0,
    lost: 0,
  }
  readonly #redis: RedisClient
  readonly #options: RedisWriterOptions
  readonly #spool: Spool<Entry>
  readonly #encoder = new BatchEncoder()
  readonly #parts: PartsSender
  /** Parts that each partition has taken. */
  readonly #partsTaken = new Float64Array(STORE_PARTITIONS)
  readonly #replication: Replication
  /** The latest that waits of each address and port. */
  readonly #waiting = new Map<string, Entry>()
  readonly #name: string
  readonly #disk: DiskSpool | undefined
  /** Whether it is known what Redis has of what the disk holds. */
  #isRecovered = true
  /** Sightings that each partition has taken. */
  readonly #taken = new Float64Array(STORE_PARTITIONS)
  /** Of the batch in flight, the partitions that have not answered. */
  #left: PartitionBatch[] = []
  /** Whether a batch was taken from the spool and is not settled; once all of it is answered, replicas are waited for. */
  #isBatchOut = false
  #isBusy = false
  #attempts = 0
  #timer: NodeJS.Timeout | undefined
  readonly #checks: NodeJS.Timeout
  #closed = false
  #failure: unknown
  readonly #drains = new Set<() => void>()

  constructor(redis: RedisClient, options: RedisWriterOptions) {
    this.#redis = redis
    this.#options = options
    this.#replication = new Replication(redis)
    const { ttlSeconds } = options.limits
    const span = bucketSeconds(ttlSeconds)
    this.#parts = new PartsSender(span * 1000, (ttlSeconds + span) * 1000)
    this.#spool = new Spool(options.limits.spool, spoolUnits, (entry, isDropped) => {
      if (isDropped) this.#disk?.notTaken(partitionOf(entry.ip), 1)
      const key = connectionKey(entry.ip, entry.port)
      if (this.#waiting.get(key) === entry) this.#waiting.delete(key)
    })
    const { spoolDir, spoolMib = SPOOL_MIB } = options.limits
    this.#disk = spoolDir === undefined ? undefined : new DiskSpool(spoolDir, spoolMib, partitionOf)
    this.#name = this.#disk?.name ?? randomBytes(8).toString('hex')
    if (this.#disk !== undefined) {
      this.#isRecovered = false
      for (const { entry } of this.#disk.recovered) this.#push(entry)
      this.#disk.resume(this.#spool.pushed)
    }
    redis.on('ready', () => {
      this.#replication.forget()
      this.#attempts = 0
      clearTimeout(this.#timer)
      this.#timer = undefined
      void this.check()
    })
    this.#checks = setInterval(() => void this.check(), STORE_CHECK_SECONDS * 1000).unref()
  }

  get spooled(): number {
    return this.#spool.size
  }

  get dropped(): number {
    return this.#spool.dropped
  }

  /** What the last batch failed by, until one succeeds. */
  get failure(): unknown {
    return this.#failure
  }

  /** @returns false where waiting helps: Redis is there and half the spool is full */
  put(entries: readonly Entry[]): boolean {
    this.#disk?.append(entries, this.#spool.pushed + entries.length)
    for (const entry of entries) this.#push(entry)
    this.#schedule()
    return this.#isAway() || !this.#spool.isFuller(SPOOL_HIGH_WATER)
  }

  #push(entry: Entry): void {
    if (this.#spool.push(entry)) this.#waiting.set(connectionKey(entry.ip, entry.port), entry)
    else this.#disk?.notTaken(partitionOf(entry.ip), 1)
  }

  /** Sightings that the disk had no room for: they wait in memory alone. */
  get unspooled(): number {
    return this.#disk?.unspooled ?? 0
  }

  /** The latest that waits of that address and port: Redis does not have it yet. */
  waiting(ip: string, port: number): Entry | undefined {
    return this.#waiting.get(connectionKey(ip, port))
  }

  /** Resolves when half of what asked the caller to wait is written, or Redis is unreachable for as long as we wait for it. */
  room(): Promise<void> {
    return this.#until(() => !this.#spool.isFuller(SPOOL_LOW_WATER))
  }

  /** Resolves when all put before is written or dropped, or Redis is unreachable for as long as we wait for it. */
  drain(): Promise<void> {
    const target = this.#spool.pushed
    return this.#until(() => this.#spool.left >= target)
  }

  async #until(holds: () => boolean): Promise<void> {
    let settled = holds()
    while (!settled) {
      settled = await new Promise<boolean>((resolve) => {
        const check = (timedOut: boolean) => {
          const done = holds()
          if (!done && !timedOut) return
          clearTimeout(timer)
          this.#drains.delete(onLeft)
          resolve(done || this.#isAway())
        }
        const onLeft = () => check(false)
        const timer = setTimeout(() => check(true), STORE_AWAY_MILLIS)
        this.#drains.add(onLeft)
        this.#schedule()
      })
    }
  }

  /** Asks every partition that has taken something whether it still has it; what it has not is lost, and counted. */
  async check(): Promise<void> {
    if (this.#closed || this.#isBusy || this.#redis.status !== 'ready') return
    this.#isBusy = true
    try {
      await this.#recover()
      const keep = 3 * this.#options.limits.ttlSeconds
      await Promise.all(
        [...this.#taken].map(async (taken, partition) => {
          const known = this.#partsTaken[partition] ?? 0
          if (taken === 0 && known === 0) return
          const [now, parts] = await this.#check(partition, keep)
          if (now < taken) this.#lose(partition, now)
          if (parts < known) this.#parts.sendAll()
          this.#partsTaken[partition] = Math.min(known, parts)
        }),
      )
      if (this.#parts.isAllDue) await this.#tellParts([])
    } catch {
      // the next batch tells why
    }
    this.#isBusy = false
    this.#schedule()
  }

  /** Writes no more; what waits is dropped. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    clearTimeout(this.#timer)
    clearInterval(this.#checks)
    if (this.#disk !== undefined) {
      // what waits is kept for the next process
      this.#disk.close()
      this.#tellLeft()
      return
    }
    if (this.#isBatchOut) {
      // the partitions that answered have theirs
      const left = this.#left.reduce((sum, { entries }) => sum + entries.length, 0)
      this.#spool.settle('written')
      this.#spool.countDropped(left)
    }
    this.#spool.abandon()
    this.#tellLeft()
  }

  /** Asks what Redis has of what an earlier process left on disk: that waits no more. @throws errors of the connection */
  async #recover(): Promise<void> {
    const disk = this.#disk
    if (this.#isRecovered || disk === undefined) return
    const keep = 3 * this.#options.limits.ttlSeconds
    await Promise.all(
      [...this.#taken.keys()].map(async (partition) => {
        this.#taken[partition] = (await this.#check(partition, keep))[0]
      }),
    )
    const known = new Set<Entry>()
    for (const { entry, partition, place } of disk.recovered)
      if (place <= disk.placeOf(partition, this.#taken[partition] ?? 0)) known.add(entry)
    this.#spool.remove((entry) => known.has(entry))
    disk.left(this.#spool.left)
    this.#isRecovered = true
  }

  #isAway(): boolean {
    return this.#redis.status !== 'ready' || this.#failure !== undefined
  }

  #key(partition: number, kind: 'n' | 't' = 'n'): string {
    return `${keysOf(partition)}${kind}:${this.#name}`
  }

  #lose(partition: number, now: number): void {
    this.counts.lost += (this.#taken[partition] ?? 0) - now
    this.#disk?.notTaken(partition, (this.#taken[partition] ?? 0) - now)
    this.#taken[partition] = now
    this.#parts.sendAll()
  }

  /** Writes at once when a batch is full or someone waits for it, else when the oldest has waited long enough. */
  #schedule(): void {
    if (this.#closed || this.#isBusy || this.#spool.size === 0 || this.#redis.status !== 'ready')
      return
    const isDue = this.#spool.size >= STORE_BATCH_SIGHTINGS || this.#drains.size > 0
    if (isDue && this.#attempts === 0) {
      clearTimeout(this.#timer)
      this.#timer = undefined
      void this.#write()
    } else if (this.#timer === undefined) {
      const pause = this.#attempts === 0 ? STORE_BATCH_MILLIS : STORE_RETRY_MOST_MILLIS
      this.#timer = setTimeout(() => {
        this.#timer = undefined
        void this.#write()
      }, pause)
    }
  }

  async #write(): Promise<void> {
    if (this.#closed || this.#isBusy || this.#redis.status !== 'ready') return
    this.#isBusy = true
    try {
      await this.#recover()
    } catch (error) {
      this.#failure = error
      this.#attempts++
      this.#isBusy = false
      this.#schedule()
      return
    }
    if (this.#left.length === 0) {
      this.#left = byPartition(this.#spool.take(STORE_BATCH_SIGHTINGS))
      this.#isBatchOut = this.#left.length > 0
    }
    const answers = await this.#sendLeft()
    const failed = answers.findIndex(({ status }) => status === 'rejected')
    const failure: unknown = (answers[failed] as PromiseRejectedResult | undefined)?.reason
    if (this.#left.length === 0) await this.#replication.wait()
    if (this.#left.length === 0) {
      this.#settle('written')
      this.#failure = undefined
    } else {
      this.#failure = failure
      this.#parts.unsend(entriesOf(this.#left))
      this.#attempts++
      const isRefusal = failure instanceof Error && failure.name === 'ReplyError'
      if (isRefusal && !PASSING.test(failure.message) && this.#attempts >= STORE_BATCH_ATTEMPTS) {
        const lost = this.#left.reduce((sum, { entries }) => sum + entries.length, 0)
        for (const { partition, entries } of this.#left)
          this.#disk?.notTaken(partition, entries.length)
        this.#left = []
        this.#settle('written')
        this.#spool.countDropped(lost)
      }
    }
    this.#isBusy = false
    this.#options.onAnswer()
    this.#tellLeft()
    this.#schedule()
  }

  #settle(outcome: 'written' | 'dropped'): void {
    if (this.#closed) return
    this.#isBatchOut = false
    this.#spool.settle(outcome)
    this.#disk?.left(this.#spool.left)
    this.#attempts = 0
  }

  /** Sends what is left of a batch, behind the parts that it needs. */
  async #sendLeft(): Promise<PromiseSettledResult<void>[]> {
    try {
      await this.#tellParts(this.#left)
    } catch (reason) {
      return [{ status: 'rejected', reason }]
    }
    const answers = await Promise.allSettled(this.#left.map((part) => this.#send(part)))
    // what this batch took for known may be what was lost
    if (this.#left.length === 0 && this.#parts.isAllDue)
      await this.#tellParts([]).catch(() => undefined)
    return answers
  }

  /** Tells the partitions the parts of sightings that they do not know. @throws errors of the connection */
  async #tellParts(batches: readonly PartitionBatch[]): Promise<void> {
    const { ttlSeconds } = this.#options.limits
    const entries = entriesOf(batches)
    const wereAllDue = this.#parts.isAllDue
    try {
      await Promise.all(
        this.#parts.take(entries, performance.now()).map(async ({ partition, count, bytes }) => {
          const args = [keysOf(partition), ttlSeconds, bucketSeconds(ttlSeconds), count, bytes]
          const key = this.#key(partition, 't')
          const taken = Number(await run(this.#redis, PARTS, [key], args))
          if (taken < (this.#partsTaken[partition] ?? 0) + count) this.#parts.sendAll()
          this.#partsTaken[partition] = taken
        }),
      )
    } catch (error) {
      this.#parts.unsend(entries)
      if (wereAllDue) this.#parts.sendAll()
      throw error
    }
  }

  /** The numbers of sightings and parts that a partition has taken. */
  async #check(partition: number, keep: number): Promise<readonly [number, number]> {
    const keys = [this.#key(partition), this.#key(partition, 't')]
    const [taken = 0, parts = 0] = (await run(this.#redis, CHECK, keys, [keep])) as number[]
    return [taken, parts]
  }

  async #send(part: PartitionBatch): Promise<void> {
    const { limits, clock, now } = this.#options
    const { partition, entries } = part
    const expected = this.#taken[partition] ?? 0
    const answer = (await run(
      this.#redis,
      WRITE,
      [this.#key(partition)],
      [
        ...[keysOf(partition), expected, entries.length, limits.ttlSeconds],
        ...[bucketSeconds(limits.ttlSeconds), limits.perIp, clock, now() * 1000],
        limits.dedupeSeconds ?? 0,
        Math.floor(((limits.mib ?? REDIS_STORE_MIB) * 2 ** 20) / STORE_PARTITIONS),
        this.#encoder.encode(part),
      ],
    )) as number[]
    // what had no answer when the writer was closed counts as dropped
    if (this.#closed) return
    const [taken = 0, stored = 0, merged = 0, late = 0, evicted = 0, refused = 0] = answer
    if (taken < expected) this.#lose(partition, taken)
    this.#taken[partition] = expected + entries.length
    const { counts } = this
    counts.stored += stored
    counts.merged += merged
    counts.too_old += late
    counts.evicted += evicted
    counts.refused += refused
    this.#left = this.#left.filter((each) => each !== part)
  }

  #tellLeft(): void {
    for (const onLeft of [...this.#drains]) onLeft()
  }
}

function entriesOf(batches: readonly PartitionBatch[]): Entry[] {
  return batches.flatMap(({ entries }) => entries)
}

function connectionKey(ip: string, port: number): string {
  return `${ip}${port}`
}
