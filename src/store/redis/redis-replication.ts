import { Cluster } from 'ioredis'
import type { RedisClient } from './redis-connection.js'

/** Milliseconds that a batch waits for a replica to have it: what a failover loses is younger. */
const WAIT_MILLIS = 500

/** Waits until what was written is on a replica, where there is one. */
export class Replication {
  readonly #redis: RedisClient
  #hasReplicas: Promise<boolean> | undefined

  constructor(redis: RedisClient) {
    this.#redis = redis
  }

  /** Asks again whether there are replicas. */
  forget(): void {
    this.#hasReplicas = undefined
  }

  /** Resolves when replicas have all that was written, or after half a second. */
  async wait(): Promise<void> {
    try {
      this.#hasReplicas ??= this.#ask()
      if (!(await this.#hasReplicas)) return
      await Promise.all(this.#primaries().map((each) => each.wait(1, WAIT_MILLIS)))
    } catch {
      this.forget()
    }
  }

  #primaries() {
    return this.#redis instanceof Cluster ? this.#redis.nodes('master') : [this.#redis]
  }

  async #ask(): Promise<boolean> {
    const all = await Promise.all(this.#primaries().map((each) => each.info('replication')))
    return all.some((text) => /connected_slaves:[1-9]/.test(text))
  }
}
