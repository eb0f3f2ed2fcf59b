import type { Redis } from 'ioredis'
import { ROWS_CHANNEL } from './redis/redis-writer.js'

/** Listens for rows that other processes write, on a connection of its own that is opened when first needed. */
export class RowWatch {
  readonly #redis: Redis
  readonly #onRow: (ip: string, port: number) => void
  #listening: Promise<void> | undefined

  /** @param onRow called with address and port of each row written */
  constructor(redis: Redis, onRow: (ip: string, port: number) => void) {
    this.#redis = redis
    this.#onRow = onRow
    // why Redis is away is told by the store's other connection
    redis.on('error', () => undefined)
    redis.on('message', (_channel, rows) => {
      const words = rows.split(' ')
      for (let i = 0; i + 1 < words.length; i += 2)
        this.#onRow(words[i] ?? '', Number(words[i + 1]))
    })
  }

  /** Whether rows written now will be told of. */
  get isListening(): boolean {
    return this.#listening !== undefined && this.#redis.status === 'ready'
  }

  /** Resolves once rows are told of; never, while Redis is away. */
  listen(): Promise<void> {
    this.#listening ??= new Promise<void>((resolve) => {
      // later connections are the client's to make, and to subscribe again
      this.#redis.once('ready', () => {
        this.#redis.subscribe(ROWS_CHANNEL).then(
          () => resolve(),
          () => (this.#listening = undefined),
        )
      })
      if (this.#redis.status === 'wait') this.#redis.connect().catch(() => undefined)
    })
    return this.#listening
  }

  close(): void {
    this.#redis.disconnect()
  }
}
