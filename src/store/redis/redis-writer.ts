// From the spool into Redis, one batch in flight at a time, in order.
//
// Nothing is lost, nothing doubled: a batch leaves the spool only when Redis has answered all of its commands. One whose
// answers did not come is sent again as it was: its rows are the same members of the same sets, and its sums are added
// in one step together with its number, so that a number that is there means they are there. What Redis has answered is
// as durable as its own configuration makes it (appendfsync).

import { randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import {
  SPOOL_HIGH_WATER,
  STORE_AWAY_MILLIS,
  STORE_BATCH_ATTEMPTS,
  STORE_BATCH_MILLIS,
  STORE_BATCH_SIGHTINGS,
  STORE_RETRY_MOST_MILLIS,
} from '../../base/limits.js'
import type { Sighting } from '../../model/sighting.js'
import type { Entry } from '../batch-sums.js'
import type { RedisStatistics } from './redis-statistics.js'
import { DATE_BACK } from './redis-scripts.js'
import { Spool } from '../spool/spool.js'
import type { StoreLimits } from '../contract.js'

/** Key of an address's rows. */
export function rowsKey(ip: string): string {
  return `hellotap:{${ip}}`
}

/** Key of the ports an address's rows are from. */
export function portsKey(ip: string): string {
  return `hellotap:{${ip}}:ports`
}

/** Pattern of the keys that rowsKey gives, as SCAN matches them; no key of the statistics is one. */
export const ROWS_KEYS = 'hellotap:{*}'

/** Channel that tells of rows written: address and port of each, with spaces between. */
export const ROWS_CHANNEL = 'hellotap:rows'

/** Error replies that time heals: the server starts, is full, changes roles, or moves a slot. */
const PASSING =
  /^(LOADING|BUSY|OOM|MISCONF|READONLY|MASTERDOWN|NOREPLICAS|CLUSTERDOWN|TRYAGAIN|MOVED|ASK|NOAUTH|WRONGPASS|NOPERM|UNBLOCKED)\b/

/** Units of the spool a sighting takes: one for every 4 KiB of hello begun, so one for each a real client sends. */
export function spoolUnits({ sighting }: Entry): number {
  return 1 + (sighting.hello_len >>> 12)
}

export class RedisWriter {
  readonly #redis: Redis
  readonly #statistics: RedisStatistics
  readonly #limits: StoreLimits
  readonly #now: () => number
  readonly #onAnswer: () => void
  readonly #spool: Spool<Entry>
  /** The latest that waits of each address and port. */
  readonly #waiting = new Map<string, Entry>()
  readonly #writer = randomUUID()
  /** The latest that our clock has shown, microseconds. */
  #latest = 0
  /** Number of the batch in flight. */
  #number = 1
  #writing = false
  #attempts = 0
  #timer: NodeJS.Timeout | undefined
  #closed = false
  #failure: unknown
  readonly #drains = new Set<() => void>()

  /** @param onAnswer called when a batch was written or was not: `failure` may have changed */
  constructor(
    redis: Redis,
    statistics: RedisStatistics,
    limits: StoreLimits,
    now: () => number,
    onAnswer: () => void,
  ) {
    this.#redis = redis
    this.#statistics = statistics
    this.#limits = limits
    this.#now = now
    this.#onAnswer = onAnswer
    this.#spool = new Spool(limits.spool, spoolUnits, (entry) => {
      const key = connectionKey(entry.sighting)
      if (this.#waiting.get(key) === entry) this.#waiting.delete(key)
    })
    redis.on('ready', () => {
      this.#statistics.forget()
      this.#attempts = 0
      clearTimeout(this.#timer)
      this.#timer = undefined
      this.#schedule()
    })
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
    for (const entry of entries)
      if (this.#spool.push(entry)) this.#waiting.set(connectionKey(entry.sighting), entry)
    this.#schedule()
    return this.#isAway() || !this.#spool.isFuller(SPOOL_HIGH_WATER)
  }

  /** The latest that waits of that address and port: Redis does not have it yet. */
  waiting(src: string, srcport: number): Sighting | undefined {
    return this.#waiting.get(connectionKey({ src, srcport }))?.sighting
  }

  /** Resolves when all put before is written or dropped, or Redis is away for as long as we wait for it. */
  async drain(): Promise<void> {
    const target = this.#spool.pushed
    let settled = this.#spool.left >= target
    while (!settled) {
      settled = await new Promise<boolean>((resolve) => {
        const check = (timedOut: boolean) => {
          const done = this.#spool.left >= target
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

  /** Writes no more; what waits is dropped. */
  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
    this.#spool.abandon()
    this.#tellLeft()
  }

  #isAway(): boolean {
    return this.#redis.status !== 'ready' || this.#failure !== undefined
  }

  /** Writes at once when a batch is full or someone waits for it, else when the oldest has waited long enough. */
  #schedule(): void {
    if (this.#closed || this.#writing || this.#spool.size === 0 || this.#redis.status !== 'ready')
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
    if (this.#closed || this.#writing || this.#redis.status !== 'ready') return
    this.#writing = true
    const batch = this.#spool.take(STORE_BATCH_SIGHTINGS)
    try {
      await this.#send(batch)
      this.#settle('written')
      this.#failure = undefined
    } catch (error) {
      this.#failure = error
      this.#statistics.forget()
      this.#attempts++
      const isRefusal = error instanceof Error && error.name === 'ReplyError'
      if (isRefusal && !PASSING.test(error.message) && this.#attempts >= STORE_BATCH_ATTEMPTS)
        this.#settle('dropped')
    }
    this.#writing = false
    this.#onAnswer()
    this.#tellLeft()
    this.#schedule()
  }

  #settle(outcome: 'written' | 'dropped'): void {
    if (this.#closed) return
    this.#spool.settle(outcome)
    this.#number++
    this.#attempts = 0
  }

  async #send(batch: readonly Entry[]): Promise<void> {
    const ttlMs = this.#limits.ttlSeconds * 1000
    const now = this.#now() * 1000
    const wasSetBack = now < this.#latest
    this.#latest = Math.max(this.#latest, now)
    const expired = now - ttlMs * 1000
    const live = batch.filter(({ micros }) => micros > expired)
    const byIp = new Map<string, Entry[]>()
    for (const entry of live) {
      const entries = byIp.get(entry.sighting.src)
      if (entries === undefined) byIp.set(entry.sighting.src, [entry])
      else entries.push(entry)
    }
    const pipeline = this.#redis.pipeline()
    for (const [ip, entries] of byIp) {
      const key = rowsKey(ip)
      const ports = portsKey(ip)
      // what the clock had dated ahead must not outrank and outlast what is new
      if (wasSetBack)
        pipeline.eval(
          DATE_BACK,
          2,
          key,
          ports,
          now,
          Math.min(...entries.map(({ micros }) => micros)),
        )
      pipeline
        .zadd(key, ...entries.flatMap((entry) => [entry.micros, rowOf(entry)]))
        .zremrangebyscore(key, '-inf', expired)
        .zremrangebyrank(key, 0, -1 - this.#limits.perIp)
        .pexpire(key, ttlMs)
        .zadd(ports, 'GT', ...entries.flatMap(({ micros, sighting }) => [micros, sighting.srcport]))
        .zremrangebyscore(ports, '-inf', expired)
        .zremrangebyrank(ports, 0, -1 - this.#limits.perIp)
        .pexpire(ports, ttlMs)
    }
    if (live.length > 0) this.#statistics.addTo(pipeline, this.#writer, this.#number, live)
    const written = live.map(({ sighting }) => `${sighting.src} ${sighting.srcport}`)
    if (written.length > 0) pipeline.publish(ROWS_CHANNEL, written.join(' '))
    for (const [error] of (await pipeline.exec()) ?? []) if (error !== null) throw error
  }

  #tellLeft(): void {
    for (const onLeft of [...this.#drains]) onLeft()
  }
}

function connectionKey({ src, srcport }: Pick<Sighting, 'src' | 'srcport'>): string {
  return `${src} ${srcport}`
}

/** A sighting's row: order of arrival, port, fingerprint, and all of it as JSON. */
export function rowOf({ sighting, order }: Pick<Entry, 'sighting' | 'order'>): string {
  return `${order} ${sighting.srcport} ${sighting.sha3_384_stable ?? '-'} ${JSON.stringify(sighting)}`
}
