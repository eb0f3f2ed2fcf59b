import { createReadStream } from 'node:fs'
import { MAX_LINE_FAULTS_TOLD, MAX_SIGHTING_LINE_LEN } from '../base/limits.js'
import { ByteWriter } from '../base/byte-writer.js'
import { FdOutput, OutputClosed, OutputError } from '../output/fd-output.js'
import { linesOf } from '../output/json-lines.js'
import { Refingerprinter } from '../refingerprint.js'
import { log } from '../telemetry/log.js'
import { configOf } from './options.js'
import { stopSignal } from '../sensor/stop-signal.js'

/**
 * `refingerprint [FILE…]`: JSON lines to stdout, their fingerprints made again from the hellos they carry. What a store
 * holds needs none of this: it keeps hellos, and its answers are made by the version that is asked. Exit 0 done, 1 where a
 * sighting or file could not be.
 */
export async function refingerprint(args: Readonly<Record<string, unknown>>): Promise<number> {
  const config = configOf(args)
  const words = (args['file'] as string[] | undefined) ?? []
  const refingerprinter = new Refingerprinter(
    config.fingerprints === undefined ? 'all' : new Set(config.fingerprints),
  )
  const tally = new Tally()
  try {
    await remakeFiles(words.length > 0 ? words : ['-'], refingerprinter, tally)
  } catch (error) {
    if (error instanceof OutputClosed) return 0
    throw error
  }
  log(tally.summary('made again', 'faulty and left out'))
  return tally.failed ? 1 : 0
}

/** What became of the sightings so far. */
class Tally {
  remade = 0
  unchanged = 0
  withoutHello = 0
  faults = 0
  unreadable = 0

  get failed(): boolean {
    return this.faults + this.unreadable > 0
  }

  /** Says what is wrong with a sighting, unless too many were already. */
  fault(where: string, text: string): void {
    this.faults++
    if (this.faults <= MAX_LINE_FAULTS_TOLD) log(`hellotap: ${where} ${text}`)
  }

  summary(verb: string, faulty: string): string {
    const parts = [`${sightings(this.remade)} ${verb}`]
    if (this.unchanged > 0) parts.push(`${this.unchanged.toLocaleString('en')} up to date`)
    if (this.withoutHello > 0)
      parts.push(`${this.withoutHello.toLocaleString('en')} without a hello, as they were`)
    if (this.faults > 0) parts.push(`${this.faults.toLocaleString('en')} ${faulty}`)
    return parts.join(', ')
  }
}

function sightings(number: number): string {
  return `${number.toLocaleString('en')} sighting${number === 1 ? '' : 's'}`
}

async function remakeFiles(
  words: readonly string[],
  refingerprinter: Refingerprinter,
  tally: Tally,
): Promise<void> {
  const signal = stopSignal()
  const output = new FdOutput(1)
  const lines = new ByteWriter(1 << 20)
  for (const word of words) {
    const name = word === '-' ? 'stdin' : word
    const input = word === '-' ? process.stdin : createReadStream(word)
    signal.addEventListener('abort', () => input.destroy(), { once: true })
    let number = 0
    try {
      for await (const line of linesOf(input, MAX_SIGHTING_LINE_LEN)) {
        number++
        if (line === undefined)
          tally.fault(`${name}:${number}`, `is longer than ${MAX_SIGHTING_LINE_LEN} bytes`)
        else remakeLine(line, `${name}:${number}`, refingerprinter, tally, lines)
        output.take(lines)
      }
    } catch (error) {
      if (error instanceof OutputClosed || error instanceof OutputError) throw error
      if (!signal.aborted) {
        tally.unreadable++
        log(`hellotap: cannot read ${name}: ${reason(error)}`)
      }
    }
    if (signal.aborted) break
  }
  output.flush(lines)
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

const TEXT = new TextDecoder()

function remakeLine(
  line: Uint8Array,
  where: string,
  refingerprinter: Refingerprinter,
  tally: Tally,
  out: ByteWriter,
): void {
  const json = TEXT.decode(line)
  if (json.trim() === '') return
  const made = refingerprinter.remakeLine(json)
  if (made.outcome === 'fault') {
    tally.fault(where, made.fault)
    return
  }
  const bytes = made.outcome === 'remade' ? Buffer.from(JSON.stringify(made.sighting)) : line
  if (made.outcome === 'remade') tally.remade++
  else tally.withoutHello++
  out.copy(bytes, 0, bytes.length)
  out.byte(0x0a)
}
