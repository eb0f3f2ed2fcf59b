import { setTimeout as sleep } from 'node:timers/promises'
import { OutputError } from './fd-output.js'
import { reasonOf } from './retrying-file.js'
import type { Sink, SinkEvents, Transport } from './sink.js'

/** Milliseconds between two attempts to send: first, doubled each time up to the second. */
const RETRY_FIRST_MILLIS = 50
const RETRY_MOST_MILLIS = 1_000
/** Attempts before a reader of files gives up. */
const ATTEMPTS = 5
/** Rows sent at a time. */
const BATCH_ROWS = 512
/** Milliseconds `close` goes on sending what waits. */
const CLOSE_MILLIS = 3_000

export interface QueuedSinkOptions extends SinkEvents {
  /** Its name in what an operator reads. */
  readonly target: string
  /** Characters of rows that wait at most. */
  readonly held: number
  /** Whether an unreachable receiver costs rows, which a live capture must bear, rather than time. */
  readonly isLive: boolean
}

/**
 * Rows on their way to another program, in their order. While the receiver is unreachable, rows wait within a bound: a
 * live capture then drops the newest and counts them, a reader of files waits and gives up after five attempts.
 */
export class QueuedSink implements Sink {
  readonly #transport: Transport
  readonly #options: QueuedSinkOptions
  #queue: string[] = []
  #length = 0
  #sending: Promise<void> | undefined
  #failure: OutputError | undefined
  #isStuck = false
  #dropped = 0
  /** Rows that the receiver refused and that no caller was told of. */
  #refused = 0
  #deadline = Infinity

  constructor(transport: Transport, options: QueuedSinkOptions) {
    this.#transport = transport
    this.#options = options
  }

  put(rows: readonly string[]): number | Promise<number> {
    if (this.#failure !== undefined) throw this.#failure
    const { held, isLive } = this.#options
    let dropped = 0
    for (const row of rows) {
      if (isLive && this.#length + row.length > held) dropped++
      else {
        this.#queue.push(row)
        this.#length += row.length
      }
    }
    this.#dropped += dropped
    dropped += this.#takeRefused()
    this.#sending ??= this.#send()
    return isLive || this.#length <= held ? dropped : this.#waitFor(this.#sending, dropped)
  }

  async close(): Promise<number> {
    this.#deadline = performance.now() + CLOSE_MILLIS
    await this.#sending
    const lost = this.#queue.length + this.#takeRefused()
    this.#queue = []
    await this.#transport.close()
    if (this.#failure !== undefined) throw this.#failure
    return lost
  }

  async #waitFor(sending: Promise<void>, dropped: number): Promise<number> {
    await sending
    if (this.#failure !== undefined) throw this.#failure
    return dropped
  }

  #takeRefused(): number {
    const refused = this.#refused
    this.#refused = 0
    return refused
  }

  /** Sends until nothing waits. */
  async #send(): Promise<void> {
    let pause = RETRY_FIRST_MILLIS
    let attempts = 0
    while (this.#queue.length > 0) {
      const batch = this.#queue.slice(0, BATCH_ROWS)
      try {
        const { rows, refused } = (await this.#transport.send(batch)) ?? {
          rows: batch.length,
          refused: 0,
        }
        for (const { length } of this.#queue.splice(0, rows)) this.#length -= length
        this.#refused += refused
        pause = RETRY_FIRST_MILLIS
        attempts = 0
        this.#report()
      } catch (error) {
        const cause = error as NodeJS.ErrnoException
        this.#report(reasonOf(cause))
        if (!this.#options.isLive && ++attempts === ATTEMPTS) {
          this.#failure = new OutputError(cause, this.#options.target)
          break
        }
        if (performance.now() + pause > this.#deadline) break
        await sleep(pause)
        pause = Math.min(2 * pause, RETRY_MOST_MILLIS)
      }
    }
    this.#sending = undefined
  }

  /** Reports once that sending fails, and once that it works again. */
  #report(reason?: string): void {
    const { target, onStuck, onFree } = this.#options
    if (reason !== undefined && !this.#isStuck) onStuck?.(target, reason)
    if (reason === undefined && this.#isStuck) {
      onFree?.(target, this.#dropped)
      this.#dropped = 0
    }
    this.#isStuck = reason !== undefined
  }
}
