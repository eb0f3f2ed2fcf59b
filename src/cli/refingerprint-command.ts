import { createReadStream } from 'node:fs'
import { ByteWriter } from '../base/byte-writer.js'
import { reasonOf } from '../base/error-reason.js'
import { MAX_LINE_FAULTS_PRINTED, MAX_SIGHTING_LINE_LEN } from '../base/limits.js'
import { FdOutput, OutputClosed, OutputError } from '../output/fd-output.js'
import { linesOf } from '../output/json-lines.js'
import { Refingerprinter } from '../refingerprint.js'
import { stopSignal } from '../sensor/stop-signal.js'
import { count, log } from '../telemetry/log.js'
import { configOf } from './options.js'

/**
 * `refingerprint [FILE…]`: JSON lines to stdout, their fingerprints computed again from the hellos they carry. Stores need no
 * such step: they keep hellos and compute fingerprints for each answer. Exit 0 done, 1 if a sighting or a file has a fault.
 */
export async function refingerprint(args: Readonly<Record<string, unknown>>): Promise<number> {
  const config = configOf(args)
  const words = (args['file'] as string[] | undefined) ?? []
  const remaking = new Remaking(
    new Refingerprinter(config.fingerprints === undefined ? 'all' : new Set(config.fingerprints)),
  )
  const signal = stopSignal()
  try {
    for (const word of words.length > 0 ? words : ['-'])
      if (!signal.aborted) await remaking.read(word, signal)
    remaking.flush()
  } catch (error) {
    if (error instanceof OutputClosed) return 0
    throw error
  }
  log(remaking.summary())
  return remaking.failed ? 1 : 0
}

const NEWLINE = 0x0a
const TEXT = new TextDecoder()

class Remaking {
  readonly #refingerprinter: Refingerprinter
  readonly #output = new FdOutput(1)
  readonly #lines = new ByteWriter(1 << 20)
  #remade = 0
  #withoutHello = 0
  #faults = 0
  #unreadable = 0

  constructor(refingerprinter: Refingerprinter) {
    this.#refingerprinter = refingerprinter
  }

  get failed(): boolean {
    return this.#faults + this.#unreadable > 0
  }

  /** @throws OutputClosed, OutputError; an input that cannot be read is logged */
  async read(word: string, signal: AbortSignal): Promise<void> {
    const name = word === '-' ? 'stdin' : word
    const input = word === '-' ? process.stdin : createReadStream(word)
    signal.addEventListener('abort', () => input.destroy(), { once: true })
    let number = 0
    try {
      for await (const line of linesOf(input, MAX_SIGHTING_LINE_LEN)) {
        number++
        if (line === undefined)
          this.#fault(`${name}:${number} is longer than ${MAX_SIGHTING_LINE_LEN} bytes`)
        else this.#remakeLine(line, `${name}:${number}`)
        this.#output.take(this.#lines)
      }
    } catch (error) {
      if (error instanceof OutputClosed || error instanceof OutputError) throw error
      if (signal.aborted) return
      this.#unreadable++
      log(`hellotap: cannot read ${name}: ${reasonOf(error)}`)
    }
  }

  flush(): void {
    this.#output.flush(this.#lines)
  }

  summary(): string {
    const parts = [`${count(this.#remade, 'sighting')} computed again`]
    if (this.#withoutHello > 0)
      parts.push(`${count(this.#withoutHello, 'sighting')} without a hello left unchanged`)
    if (this.#faults > 0) parts.push(`${count(this.#faults, 'faulty line')} left out`)
    return parts.join(', ')
  }

  #remakeLine(line: Uint8Array, where: string): void {
    const json = TEXT.decode(line)
    if (json.trim() === '') return
    const made = this.#refingerprinter.remakeLine(json)
    if (made.outcome === 'fault') {
      this.#fault(`${where} ${made.fault}`)
      return
    }
    const isRemade = made.outcome === 'remade'
    if (isRemade) this.#remade++
    else this.#withoutHello++
    const bytes = isRemade ? Buffer.from(JSON.stringify(made.sighting)) : line
    this.#lines.copy(bytes, 0, bytes.length)
    this.#lines.byte(NEWLINE)
  }

  #fault(text: string): void {
    this.#faults++
    if (this.#faults <= MAX_LINE_FAULTS_PRINTED) log(`hellotap: ${text}`)
  }
}
