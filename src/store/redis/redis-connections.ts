// Finding the hello of one connection: in Redis, or as soon as this process puts it or another one has written it.

import { STORE_ANSWER_MILLIS } from '../../base/limits.js'
import type { Sighting } from '../../model/sighting.js'
import { isSettledSighting } from '../../model/trust.js'
import { ConnectionWaiters } from '../connection-waiters.js'
import type { StoreError } from '../contract.js'
import { isSettled } from '../readings.js'
import { RowWatch } from '../row-watch.js'
import type { RedisClient } from './redis-connection.js'
import type { RedisRows } from './redis-rows.js'

/** The hellos of a Redis by address, bytes in latin1, and port, and those who wait for them. */
export class RedisConnections {
  readonly waiters = new ConnectionWaiters()
  readonly #rows: RedisRows
  readonly #errorOf: (error: unknown) => StoreError
  readonly #watch: RowWatch

  /** @param listener a client of its own, connected when first needed */
  constructor(rows: RedisRows, listener: RedisClient, errorOf: (error: unknown) => StoreError) {
    this.#rows = rows
    this.#errorOf = errorOf
    this.#watch = new RowWatch(listener, (ip, port) => this.#offerStored(ip, port))
  }

  /** The hello to answer with from there that Redis holds, not older than `sinceMicros`. @throws StoreError */
  async stored(ip: string, port: number, sinceMicros: number): Promise<Sighting | undefined> {
    try {
      const row = await this.#rows.connection(ip, port, sinceMicros)
      if (row === undefined) return undefined
      return (await this.#rows.sightings(ip, [row]))[0]
    } catch (error) {
      throw this.#errorOf(error)
    }
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
    const wait = this.waiters.wait(ip, port, sinceMicros, waitMs)
    if (!this.#watch.isListening) void this.#watch.listen().then(() => this.#offerStored(ip, port))
    const stored = look().then(
      (sighting) =>
        sighting !== undefined && isSettledSighting(sighting) ? sighting : wait.sighting,
      () => wait.sighting,
    )
    const sighting = await Promise.race([stored, wait.sighting.then((put) => put ?? stored)])
    wait.cancel()
    // the last word is Redis': its last answer may not have come, and if it is unreachable the commands say so
    return sighting ?? look()
  }

  /** Sends everyone who waits away empty-handed. */
  close(): void {
    this.waiters.close()
    this.#watch.close()
  }

  /** What Redis answers, if it does so in good time: who waits for one hello has a request waiting behind it. */
  async #promptly<T>(answer: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      const silent = Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })
      timer = setTimeout(() => reject(this.#errorOf(silent)), STORE_ANSWER_MILLIS)
    })
    try {
      return await Promise.race([answer, late])
    } finally {
      clearTimeout(timer)
    }
  }

  /** Hands a row that another process wrote to those who wait for it. */
  #offerStored(ip: string, port: number): void {
    if (!this.waiters.isAwaited(ip, port)) return
    this.#rows.connection(ip, port).then(
      (row) => {
        if (row === undefined || !isSettled(row.trust)) return
        void this.#rows.sightings(ip, [row]).then(
          ([sighting]) => this.waiters.offer(ip, port, row.micros, () => sighting),
          () => undefined,
        )
      },
      // those who wait look once more at the end
      () => undefined,
    )
  }
}
