// Finding the hello of one connection: in Redis, or as soon as this process puts it or another one has written it.

import type { Redis } from 'ioredis'
import { STORE_ANSWER_MILLIS } from '../../base/limits.js'
import type { Sighting } from '../../model/sighting.js'
import { ConnectionWaiters } from '../connection-waiters.js'
import { ROW_OF_PORT } from './redis-scripts.js'
import { portsKey, rowsKey } from './redis-writer.js'
import { RowWatch } from '../row-watch.js'
import { microsOf } from '../sighting-time.js'
import type { StoreError } from '../contract.js'

/** What the store lends. */
export interface RedisConnectionsOptions {
  /** Time that a row must be later than to be retained, microseconds. */
  readonly expired: () => number
  /** The sighting of a row; undefined for a bad one, which it counts. */
  readonly parse: (row: string) => Sighting | undefined
  readonly errorOf: (error: unknown) => StoreError
}

/** The hellos of a Redis by address and port, and those who wait for them. */
export class RedisConnections {
  readonly #redis: Redis
  readonly #options: RedisConnectionsOptions
  readonly #watch: RowWatch
  readonly #waiters = new ConnectionWaiters()

  /** @param listener a client of its own, connected when first needed */
  constructor(redis: Redis, listener: Redis, options: RedisConnectionsOptions) {
    this.#redis = redis
    this.#options = options
    this.#watch = new RowWatch(listener, (ip, port) => this.#offerStored(ip, port))
  }

  /** Hands a sighting that this process puts to those who wait for it: they need not wait for Redis. */
  offer(sighting: Sighting): void {
    this.#waiters.offer(sighting)
  }

  /** The latest hello from there that Redis holds, not older than `sinceMicros`. @throws StoreError */
  async stored(ip: string, port: number, sinceMicros: number): Promise<Sighting | undefined> {
    const keys = [rowsKey(ip), portsKey(ip)]
    let row: unknown
    try {
      row = await this.#redis.eval(ROW_OF_PORT, keys.length, ...keys, this.#options.expired(), port)
    } catch (error) {
      throw this.#options.errorOf(error)
    }
    const sighting = typeof row === 'string' ? this.#options.parse(row) : undefined
    return sighting !== undefined && microsOf(sighting.time) >= sinceMicros ? sighting : undefined
  }

  /** The same, waited for up to `waitMs` and half a second at most for Redis to answer. @throws StoreError */
  async find(
    ip: string,
    port: number,
    waitMs: number,
    sinceMicros: number,
  ): Promise<Sighting | undefined> {
    const look = () => this.#promptly(this.stored(ip, port, sinceMicros))
    if (waitMs <= 0) return look()
    // begun before the look: what is put or written in between is not missed
    const wait = this.#waiters.wait(ip, port, sinceMicros, waitMs)
    if (!this.#watch.isListening) void this.#watch.listen().then(() => this.#offerStored(ip, port))
    const stored = look().then(
      (sighting) => sighting ?? wait.sighting,
      () => wait.sighting,
    )
    const sighting = await Promise.race([stored, wait.sighting.then((put) => put ?? stored)])
    wait.cancel()
    // the last word is Redis': what it wrote may not have been told, and if it is away it says so
    return sighting ?? look()
  }

  /** Sends everyone who waits away empty-handed. */
  close(): void {
    this.#waiters.close()
    this.#watch.close()
  }

  /** What Redis answers, if it does so in good time: who waits for one hello has a request waiting behind it. */
  async #promptly<T>(answer: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      const silent = Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })
      timer = setTimeout(() => reject(this.#options.errorOf(silent)), STORE_ANSWER_MILLIS)
    })
    try {
      return await Promise.race([answer, late])
    } finally {
      clearTimeout(timer)
    }
  }

  /** Hands a row that another process wrote to those who wait for it. */
  #offerStored(ip: string, port: number): void {
    if (!this.#waiters.isAwaited(ip, port)) return
    this.stored(ip, port, 0).then(
      (sighting) => {
        if (sighting !== undefined) this.#waiters.offer(sighting)
      },
      // those who wait look once more at the end
      () => undefined,
    )
  }
}
