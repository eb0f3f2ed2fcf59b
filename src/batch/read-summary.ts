import { COUNTER_HELP, newCounters } from '../base/counters.js'
import type { CounterName, Counters } from '../base/counters.js'
import type { ByteWriter } from '../base/byte-writer.js'
import type { LinesOutput } from '../output/lines-output.js'
import type { Undecoded } from '../model/undecoded.js'
import { UndecodedTraffic } from '../model/undecoded.js'
import { count, log } from '../telemetry/log.js'
import { undecodedText } from '../telemetry/undecoded-text.js'
import type { ReadProgress } from './read-progress.js'
import type { ReadSink } from './read-set.js'

/** Counters of ordinary traffic, left out of the list below the first line. */
const USUAL: ReadonlySet<string> = new Set<CounterName>([
  'packets',
  'packet_bytes',
  'hellos',
  'tcp_syns',
  'tcp_syn_acks',
  'tcp_not_tls',
])

/** Everything one run of `read` found, in this thread and in worker threads. */
export class ReadSummary implements ReadSink {
  readonly counters = newCounters()
  readonly undecoded = new UndecodedTraffic()
  bytes = 0
  files = 0
  failed = 0
  readonly #output: LinesOutput
  readonly #workers: Float64Array[] = []
  #progress: ReadProgress | undefined

  constructor(output: LinesOutput) {
    this.#output = output
  }

  take(lines: ByteWriter): void {
    this.#output.take(lines)
  }

  room(): Promise<void> | undefined {
    return this.#output.room?.()
  }

  flush(lines: ByteWriter): void {
    this.#output.flush(lines)
  }

  note(text: string): void {
    this.#progress?.clear()
    log(text)
  }

  fail(text: string): void {
    this.failed++
    this.note(`hellotap: ${text}`)
  }

  /** Adds what a worker counted in one part. */
  add(files: number, counters: Counters, undecoded: Undecoded): void {
    this.undecoded.add(undecoded)
    this.files += files
    for (const name of Object.keys(counters) as CounterName[]) this.counters[name] += counters[name]
  }

  /** Adds a worker's progress to what is shown: bytes of file read, hellos. */
  watch(progress: Float64Array): void {
    this.#workers.push(progress)
  }

  /** Shows the progress. */
  show(progress: ReadProgress): void {
    this.#progress = progress
    progress.start(() => {
      let { bytes } = this
      let { hellos } = this.counters
      for (const progress of this.#workers) {
        bytes += progress[0] ?? 0
        hellos += progress[1] ?? 0
      }
      return { bytes, hellos }
    })
  }

  /** Stops showing the progress. */
  hide(): void {
    this.#progress?.end()
    this.#progress = undefined
  }

  /** Prints what was read, and each counter that is not 0 with what it counts. */
  sum(isStopped: boolean): void {
    const { counters } = this
    const head = [
      count(this.files, 'file'),
      count(counters.packets, 'frame'),
      count(counters.hellos, 'hello'),
      ...(isStopped ? ['stopped early'] : []),
    ]
    const rows = (Object.keys(counters) as CounterName[]).filter(
      (name) => counters[name] > 0 && !USUAL.has(name),
    )
    const name = Math.max(...rows.map((row) => row.length))
    const digits = Math.max(...rows.map((row) => String(counters[row]).length))
    const lines = rows.map(
      (row) =>
        `  ${row.padEnd(name)} ${String(counters[row]).padStart(digits)}  ${COUNTER_HELP[row]}`,
    )
    const others = undecodedText(this.undecoded.snapshot()).map((text) => `  not decoded: ${text}`)
    log([head.join(', '), ...lines, ...others].join('\n'))
  }
}
