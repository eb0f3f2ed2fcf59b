import { mkdirSync, readdirSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import type { HistoryCounts } from './history-writer.js'
import type { Retention } from './retention.js'
import type { FromHistory, HistoryThreadData, ToHistory } from './thread-messages.js'

/** Bytes of lines that wait for the thread at most: a reader of files waits, a live capture drops the newest. */
const READER_WAITING = 8 << 20
const LIVE_WAITING = 64 << 20
const NEWLINE = 0x0a

/** What goes wrong with the folder of a history, with its remedy. */
export class HistoryError extends Error {
  override readonly name = 'OutputError'
}

export interface HistoryOptions {
  readonly folder: string
  readonly isLive: boolean
  readonly retention?: Retention
  /** Events of the thread: an unwritable disk, files removed. */
  readonly onEvent?: (event: string, sentence: string, isBad: boolean) => void
}

/** A history that is written in a thread of its own. */
export class HistoryThread {
  readonly #options: HistoryOptions
  readonly #worker: Worker
  #counts: HistoryCounts = { rows: 0, bad: 0, dropped: 0, files: 0, bytes: 0 }
  #waiting = 0
  #refused = 0
  #room: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined
  #failure: Error | undefined
  #closed: (() => void) | undefined
  #rolled: (() => void)[] = []

  /** @throws HistoryError if the folder cannot be made */
  constructor(options: HistoryOptions) {
    this.#options = options
    const { folder, isLive, retention = {} } = options
    try {
      mkdirSync(folder, { recursive: true })
    } catch (cause) {
      throw new HistoryError(`the history ${folder} cannot be made: ${(cause as Error).message}`, {
        cause,
      })
    }
    const name = `${Date.now().toString(36)}-${process.pid}`
    const workerData: HistoryThreadData = { folder, name, isLive, retention }
    this.#worker = new Worker(
      new URL(import.meta.resolve('#package/dist/history/history-worker.js')),
      { workerData },
    )
    this.#worker.on('message', (message: FromHistory) => this.#take(message))
    this.#worker.on('error', (error) => this.#end(error))
    this.#worker.on('exit', () => this.#end(undefined))
  }

  /** What is written, and what is lost: dropped by the thread, or refused here because it could not follow. */
  get counts(): HistoryCounts {
    return { ...this.#counts, dropped: this.#counts.dropped + this.#refused }
  }

  /** Takes whole JSON lines and is done with the bytes when it returns. A promise asks a reader of files to wait. */
  put(lines: Uint8Array): Promise<void> | undefined {
    if (this.#failure !== undefined) throw this.#failure
    const { isLive } = this.#options
    if (isLive && this.#waiting + lines.length > LIVE_WAITING) {
      this.#refused += countLines(lines)
      return undefined
    }
    const copy = Uint8Array.from(lines)
    this.#waiting += copy.length
    this.#worker.postMessage({ lines: copy } satisfies ToHistory, [copy.buffer])
    if (isLive || this.#waiting <= READER_WAITING) return undefined
    this.#room ??= roomOf()
    return this.#room.promise
  }

  /** Has all files finished that are begun; others are begun after them. */
  async roll(): Promise<void> {
    if (this.#failure !== undefined) return
    await new Promise<void>((resolve) => {
      this.#rolled.push(resolve)
      this.#worker.postMessage('roll' satisfies ToHistory)
    })
  }

  /** Finishes all files. @throws what ended the thread */
  async close(): Promise<void> {
    if (this.#failure === undefined)
      await new Promise<void>((resolve) => {
        this.#closed = resolve
        this.#worker.postMessage('close' satisfies ToHistory)
      })
    await this.#worker.terminate()
    if (this.#failure !== undefined) throw this.#failure
  }

  #take(message: FromHistory): void {
    if (message.kind === 'event') {
      this.#options.onEvent?.(message.event, message.sentence, message.isBad)
      return
    }
    this.#counts = message.counts
    if (message.kind === 'closed') this.#closed?.()
    else if (message.kind === 'rolled') this.#rolled.shift()?.()
    else this.#waiting -= message.bytes
    if (this.#waiting <= READER_WAITING) this.#freeRoom()
  }

  #end(error: Error | undefined): void {
    if (error !== undefined)
      this.#failure = new HistoryError(`the history ended: ${error.message}`, { cause: error })
    this.#freeRoom()
    for (const done of this.#rolled.splice(0)) done()
    this.#closed?.()
  }

  #freeRoom(): void {
    this.#room?.resolve()
    this.#room = undefined
  }
}

function roomOf() {
  let resolve: () => void = () => undefined
  const promise = new Promise<void>((settle) => (resolve = settle))
  return { promise, resolve }
}

function countLines(bytes: Uint8Array): number {
  let count = 0
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) count++
  return count
}

/** Whether there is nothing in the folder, or no folder. @throws NodeJS.ErrnoException */
export function isEmptyFolder(folder: string): boolean {
  try {
    return readdirSync(folder).length === 0
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true
    throw error
  }
}
