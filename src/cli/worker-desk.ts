import type { MessagePort } from 'node:worker_threads'
import { newCounters } from '../base/counters.js'
import type { OctetWriter } from '../base/octet-writer.js'
import { PROGRESS_NUMBERS } from './read-messages.js'
import type { Said, WorkerStart } from './read-messages.js'
import type { Desk } from './read-set.js'

/** Octets of lines worth a message. */
const POST_LEN = 1 << 18
/** Octets of lines a worker may be ahead of what is printed; then it waits. */
const MAX_AHEAD = 64 << 20
/** Milliseconds until a worker that waits looks whether it is told to stop. */
const WAIT_MS = 100

/** The desk of a worker: all goes to the main thread. */
export class WorkerDesk implements Desk {
  readonly counters = newCounters()
  files = 0
  failed = 0
  /** Part the lines belong to. */
  part = 0
  readonly #port: MessagePort
  readonly #index: number
  readonly #stop: Int32Array
  readonly #ahead: Int32Array
  readonly #progress: Float64Array

  constructor(port: MessagePort, start: WorkerStart) {
    this.#port = port
    this.#index = start.index
    this.#stop = new Int32Array(start.stop)
    this.#ahead = new Int32Array(start.ahead)
    this.#progress = new Float64Array(start.progress, start.index * PROGRESS_NUMBERS * 8)
  }

  get isStopped(): boolean {
    return Atomics.load(this.#stop, 0) !== 0
  }

  get octets(): number {
    return this.#progress[0] ?? 0
  }

  set octets(octets: number) {
    this.#progress[0] = octets
  }

  take(lines: OctetWriter): void {
    this.#progress[1] = this.counters.hellos
    if (lines.len >= POST_LEN) this.flush(lines)
  }

  flush(lines: OctetWriter): void {
    if (lines.len > 0) this.#postLines(lines, false)
  }

  say(text: string): void {
    this.#post({ kind: 'say', text })
  }

  fail(text: string): void {
    this.failed++
    this.#post({ kind: 'fail', text })
  }

  /** Takes the last lines of the part. */
  endPart(lines: OctetWriter): void {
    this.#postLines(lines, true)
  }

  /** The task is done. */
  endTask(): void {
    const { files, counters } = this
    this.#post({ kind: 'done', files, counters })
    this.files = 0
    Object.assign(counters, newCounters())
    this.#progress[1] = 0
  }

  #post(said: Said): void {
    this.#port.postMessage(said)
  }

  #postLines(lines: OctetWriter, end: boolean): void {
    this.#waitForReader()
    Atomics.add(this.#ahead, this.#index, lines.len)
    // Not transferred: a buffer that is detached makes V8 throw away what it compiled for typed arrays, each time.
    const bytes = lines.bytes.slice(0, lines.len)
    this.#post({ kind: 'lines', part: this.part, bytes, end })
    lines.len = 0
  }

  #waitForReader(): void {
    for (;;) {
      const ahead = Atomics.load(this.#ahead, this.#index)
      if (ahead <= MAX_AHEAD || this.isStopped) return
      Atomics.wait(this.#ahead, this.#index, ahead, WAIT_MS)
    }
  }
}
