import { randomInt } from 'node:crypto'
import { existsSync } from 'node:fs'
import { MAX_LINE_FAULTS_PRINTED, MAX_SIGHTING_LINE_LEN } from '../base/limits.js'
import { ByteWriter } from '../base/byte-writer.js'
import { newCounters } from '../base/counters.js'
import { expandInputs } from '../capture/file/inputs.js'
import { openCapture } from '../capture/file/open-capture.js'
import { CaptureError } from '../capture/capture-error.js'
import { FingerprintFinder, kindsOf } from '../knowledge/identify/by-fingerprint.js'
import { identifyLines } from '../knowledge/identify/identify-line.js'
import { loadBase } from '../knowledge/identify/load-base.js'
import type { Sighting } from '../model/sighting.js'
import { FdOutput, OutputClosed } from '../output/fd-output.js'
import { linesOf } from '../output/json-lines.js'
import { Pipeline } from '../pipeline.js'
import { log } from '../telemetry/log.js'
import { SightingIdentifier } from '../batch/identify-sighting.js'
import { readOwnRows } from '../batch/own-knowledge.js'
import { OPEN_BRACE, firstChunk } from './first-chunk.js'
import { stopSignal } from '../sensor/stop-signal.js'

/**
 * `identify FILE|FINGERPRINT|-…`: which TLS implementation made each hello, one JSON line each.
 * Exit 0 done, also with unknown implementations; 1 if a word is neither a file nor a fingerprint, or a file cannot be read.
 */
export async function identify(args: Readonly<Record<string, unknown>>): Promise<number> {
  const words = args['what'] as string[]
  const own = readOwnRows(args['knowledge'] as string | undefined)
  const base = loadBase(own)
  const finder = new FingerprintFinder(base, own)
  const output = new JsonOutput()
  const reader = new Reader(
    output,
    identifyLines(base, randomSeed(), true),
    new SightingIdentifier(base, finder, randomSeed()),
  )
  try {
    for (const word of words) {
      if (word === '-') await reader.readStdin()
      else if (existsSync(word)) await reader.readFiles(word)
      else if (kindsOf(word).length > 0) output.put({ ...finder.find(word), mask: [] })
      else if (/[*?[{]/.test(word)) await reader.readFiles(word)
      else reader.fail(`${word} is neither a file nor a fingerprint`)
    }
    output.flush()
  } catch (error) {
    if (error instanceof OutputClosed) return 0
    throw error
  }
  return reader.failed > 0 ? 1 : 0
}

/** Keeps the author of a capture from aiming at the buckets of hash tables. */
function randomSeed(): number {
  return randomInt(2 ** 31)
}

/** JSON lines on stdout. */
class JsonOutput {
  readonly #lines = new ByteWriter(1 << 16)
  readonly #output = new FdOutput(1)

  put(value: object): void {
    const bytes = Buffer.from(`${JSON.stringify(value)}\n`)
    this.#lines.copy(bytes, 0, bytes.length)
    this.#output.take(this.#lines)
  }

  flush(): void {
    this.#output.flush(this.#lines)
  }
}

class Reader {
  failed = 0
  #faults = 0
  readonly #output: JsonOutput
  readonly #pipeline: Pipeline
  readonly #sightings: SightingIdentifier
  readonly #signal = stopSignal()

  constructor(
    output: JsonOutput,
    identifyHello: ReturnType<typeof identifyLines>,
    sightings: SightingIdentifier,
  ) {
    this.#output = output
    this.#sightings = sightings
    this.#pipeline = new Pipeline(
      {
        ports: undefined,
        fingerprints: new Set(['sha3_384_stable', 'ja4']),
        keepHello: false,
        communityId: false,
        identify: identifyHello,
        seed: randomSeed(),
      },
      newCounters(),
    )
  }

  fail(text: string): void {
    this.failed++
    log(`hellotap: ${text}`)
  }

  async readFiles(word: string): Promise<void> {
    const { files, failures } = await expandInputs([word])
    for (const { message } of failures) this.fail(message)
    for (const file of files) await this.#readCapture(file, openCapture(file, {}))
  }

  /** Reads JSON lines if the first byte opens an object, or else a capture. */
  async readStdin(): Promise<void> {
    const first = await firstChunk(process.stdin, 'stdin')
    if (first === undefined || first[0] !== OPEN_BRACE) {
      await this.#readCapture('-', openCapture('-', { stdin: process.stdin }))
      return
    }
    let number = 0
    for await (const line of linesOf(process.stdin, MAX_SIGHTING_LINE_LEN)) {
      number++
      const answer =
        line === undefined
          ? 'is too long'
          : this.#sightings.identifyLine(Buffer.from(line).toString())
      if (typeof answer === 'string') this.#fault(`stdin:${number} ${answer}`)
      else if (answer !== undefined) this.#output.put(answer)
      this.#output.flush()
    }
  }

  #fault(text: string): void {
    this.failed++
    if (++this.#faults <= MAX_LINE_FAULTS_PRINTED) log(`hellotap: ${text}`)
  }

  async #readCapture(file: string, source: ReturnType<typeof openCapture>): Promise<void> {
    const pipeline = this.#pipeline
    try {
      for await (const block of source.blocks(this.#signal)) {
        pipeline.take(block)
        this.#print()
      }
      for (const warning of source.warnings) log(`${file}: ${warning}`)
    } catch (error) {
      if (!(error instanceof CaptureError)) throw error
      this.fail(error.message)
    }
    pipeline.flush()
    pipeline.forget()
    this.#print()
    this.#output.flush()
  }

  #print(): void {
    const { lines } = this.#pipeline
    for (const line of lines.text().split('\n')) {
      if (line === '') continue
      const { time, src, srcport, sha3_384_stable, ja4, implementation, mask } = JSON.parse(
        line,
      ) as Sighting & { mask: string[] }
      this.#output.put({ time, src, srcport, sha3_384_stable, ja4, implementation, mask })
    }
    lines.len = 0
  }
}
