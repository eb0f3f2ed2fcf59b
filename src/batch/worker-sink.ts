import type { MessagePort } from 'node:worker_threads'
import { newCounters } from '../base/counters.js'
import { UndecodedTraffic } from '../model/undecoded.js'
import type { ByteWriter } from '../base/byte-writer.js'
import type { FromWorker } from './messages.js'
import type { ReadSink } from './read-set.js'

/** Bytes of lines worth a message. */
const MESSAGE_LEN = 1 << 18
/** Bytes of lines a worker may be ahead of the output. */
const UNWRITTEN_MOST = 16 << 20

/** The sink of a worker thread: everything goes to the main thread. */
export class WorkerSink implements ReadSink {
  readonly counters = newCounters()
  readonly undecoded = new UndecodedTraffic()
  files = 0
  failed = 0
  /** The part that the lines belong to. */
  part = 0
  readonly #port: MessagePort
  readonly #progress: Float64Array
  #unwritten = 0
  #onRoom: (() => void) | undefined

  /** @param progress see `WorkerStart.progress` */
  constructor(port: MessagePort, progress: Float64Array) {
    this.#port = port
    this.#progress = progress
  }

  get bytes(): number {
    return this.#progress[0] ?? 0
  }

  set bytes(bytes: number) {
    this.#progress[0] = bytes
  }

  take(lines: ByteWriter): void {
    this.#progress[1] = this.counters.hellos
    if (lines.len >= MESSAGE_LEN) this.flush(lines)
  }

  room(): Promise<void> | undefined {
    if (this.#unwritten < UNWRITTEN_MOST) return undefined
    return new Promise((resolve) => (this.#onRoom = resolve))
  }

  flush(lines: ByteWriter): void {
    if (lines.len === 0) return
    const bytes = lines.bytes.slice(0, lines.len)
    lines.len = 0
    this.#unwritten += bytes.length
    this.#post({ kind: 'lines', part: this.part, bytes }, [bytes.buffer])
  }

  note(text: string): void {
    this.#post({ kind: 'note', text })
  }

  fail(text: string): void {
    this.#post({ kind: 'failure', text })
  }

  /** Takes note that `length` bytes of lines are written. */
  written(length: number): void {
    this.#unwritten -= length
    if (this.#unwritten < UNWRITTEN_MOST) this.#onRoom?.()
  }

  /** Ends the part: reports its files and counters, and starts counting anew. */
  endPart(): void {
    const { part, files, counters } = this
    this.#post({ kind: 'end', part, files, counters, undecoded: this.undecoded.snapshot() })
    this.undecoded.clear()
    this.files = 0
    Object.assign(counters, newCounters())
    this.#progress[1] = 0
  }

  #post(message: FromWorker, transfer: ArrayBuffer[] = []): void {
    this.#port.postMessage(message, transfer)
  }
}
