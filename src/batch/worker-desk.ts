import type { MessagePort } from 'node:worker_threads'
import { newCounters } from '../base/counters.js'
import type { OctetWriter } from '../base/octet-writer.js'
import { LINE_SLOT_LEN, LineSlots } from './line-slots.js'
import { PROGRESS_NUMBERS } from './read-messages.js'
import type { PartDesk, Said, WorkerStart } from './read-messages.js'

/** Milliseconds until a worker that waits looks whether it is told to stop, and does what is to be done meanwhile. */
const WAIT_MS = 2

/** The desk of a worker: all goes to the main thread. */
export class WorkerDesk implements PartDesk {
  readonly counters = newCounters()
  files = 0
  failed = 0
  part = 0
  meanwhile: () => void = NOTHING
  readonly #port: MessagePort
  readonly #stop: Int32Array
  readonly #lines: LineSlots
  readonly #progress: Float64Array

  constructor(port: MessagePort, start: WorkerStart) {
    this.#port = port
    this.#stop = new Int32Array(start.stop)
    this.#lines = new LineSlots(start.lines)
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
    if (lines.len >= LINE_SLOT_LEN) this.flush(lines)
  }

  /** Whoever calls `take` has waited for it. */
  room(): undefined {
    return undefined
  }

  flush(lines: OctetWriter): void {
    for (let at = 0; at < lines.len; at += LINE_SLOT_LEN)
      this.#postLines(lines.bytes.subarray(at, Math.min(at + LINE_SLOT_LEN, lines.len)))
    lines.len = 0
  }

  say(text: string): void {
    this.#post({ kind: 'say', text })
  }

  fail(text: string): void {
    this.failed++
    this.#post({ kind: 'fail', text })
  }

  endPart(lines: OctetWriter): Promise<void> {
    this.flush(lines)
    this.#post({ kind: 'end', part: this.part })
    return DONE
  }

  turn(): Promise<void> {
    return DONE
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

  #postLines(octets: Uint8Array): void {
    const lines = this.#lines
    let slot = lines.fill(octets)
    while (slot < 0) {
      if (this.isStopped) return
      this.meanwhile()
      lines.wait(WAIT_MS)
      slot = lines.fill(octets)
    }
    this.#post({ kind: 'lines', part: this.part, slot, length: octets.length })
  }
}

const DONE = Promise.resolve()
const NOTHING = () => undefined
