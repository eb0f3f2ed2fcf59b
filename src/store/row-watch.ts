import type { RedisClient } from './redis/redis-connection.js'

/** Channel that tells of rows written: for each the length of its address, the address, the port. */
export const ROWS_CHANNEL = 'hellotap:rows'

/** Listens for rows that other processes write, on a connection of its own that is opened when first needed. */
export class RowWatch {
  readonly #redis: RedisClient
  readonly #onRow: (ip: string, port: number) => void
  #listening: Promise<void> | undefined

  /** @param onRow called with address, bytes in latin1, and port of each row written */
  constructor(redis: RedisClient, onRow: (ip: string, port: number) => void) {
    this.#redis = redis
    this.#onRow = onRow
    // why Redis is unreachable is told by the store's other connection
    redis.on('error', () => undefined)
    redis.on('messageBuffer', (_channel: Buffer, rows: Buffer) => {
      for (let at = 0; at < rows.length;) {
        const end = at + 1 + (rows[at] ?? 0)
        if (end + 2 > rows.length) break
        this.#onRow(rows.toString('latin1', at + 1, end), rows.readUInt16BE(end))
        at = end + 2
      }
    })
  }

  /** Whether rows written now will be told of. */
  get isListening(): boolean {
    return this.#listening !== undefined && this.#redis.status === 'ready'
  }

  /** Resolves once rows are told of; never, while Redis is unreachable. */
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
