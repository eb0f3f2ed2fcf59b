import { COUNTER_HELP, newCounters } from '../base/counters.js'
import type { CounterName, Counters } from '../base/counters.js'
import type { OctetWriter } from '../base/octet-writer.js'
import type { LinesOutput } from '../output/lines-output.js'
import { count, log } from '../telemetry/log.js'
import { PROGRESS_NUMBERS } from './read-messages.js'
import type { ReadProgress } from './read-progress.js'
import type { Desk } from './read-set.js'

/** What comes in any case: no fault, and what a reader wants to know is told first. */
const USUAL: ReadonlySet<string> = new Set<CounterName>([
  'packets',
  'packet_octets',
  'hellos',
  'tcp_syns',
  'tcp_syn_acks',
  'tcp_not_tls',
])

/** Everything one run of `read` found: the desk of one thread, and where the desks of workers end up. */
export class ReadTally implements Desk {
  readonly counters = newCounters()
  octets = 0
  files = 0
  failed = 0
  readonly #output: LinesOutput
  #workers: Float64Array = new Float64Array(0)
  #progress: ReadProgress | undefined

  constructor(output: LinesOutput) {
    this.#output = output
  }

  take(lines: OctetWriter): void {
    this.#output.take(lines)
  }

  room(): Promise<void> | undefined {
    return this.#output.room?.()
  }

  flush(lines: OctetWriter): void {
    this.#output.flush(lines)
  }

  say(text: string): void {
    this.#progress?.clear()
    log(text)
  }

  fail(text: string): void {
    this.failed++
    this.say(`hellotap: ${text}`)
  }

  /** Adds what a worker found in one task. */
  add(files: number, counters: Counters): void {
    this.files += files
    for (const name of Object.keys(counters) as CounterName[]) this.counters[name] += counters[name]
  }

  /** Numbers in which workers tell how far they are. */
  watch(workers: Float64Array): void {
    this.#workers = workers
  }

  /** Shows how far the reading is. */
  show(progress: ReadProgress): void {
    this.#progress = progress
    progress.start(() => {
      let { octets } = this
      let { hellos } = this.counters
      for (let at = 0; at < this.#workers.length; at += PROGRESS_NUMBERS) {
        octets += this.#workers[at] ?? 0
        hellos += this.#workers[at + 1] ?? 0
      }
      return { octets, hellos }
    })
  }

  /** Ends the showing. */
  hide(): void {
    this.#progress?.end()
    this.#progress = undefined
  }

  /** Says what was read, and each counter that is not 0 with what it counts: nothing skipped goes unsaid. */
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
    log([head.join(', '), ...lines].join('\n'))
  }
}
