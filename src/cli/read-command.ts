import { randomInt } from 'node:crypto'
import { newCounters } from '../base/counters.js'
import { CaptureError } from '../capture/capture-error.js'
import { expandInputs } from '../capture/inputs.js'
import { openCapture } from '../capture/open-capture.js'
import { FdOutput, OutputClosed } from '../output/fd-output.js'
import { Pipeline } from '../pipeline.js'
import { count, log } from './log.js'
import { configOf } from './options.js'
import { STDIN_WORD } from './stdin-word.js'
import { stopSignal } from './stop-signal.js'

/** `read FILE…`: fingerprints of captures, one JSON line each. Exit 0 done, 1 where a file could not be read. */
export async function read(args: Readonly<Record<string, unknown>>): Promise<number> {
  const config = configOf(args)
  const signal = stopSignal()
  const counters = newCounters()
  // Saved captures are searched on every port by content; --ports restricts.
  const ports = config.ports === undefined ? undefined : new Set(config.ports)
  const output = new FdOutput(1)
  let failed = 0
  let files = 0
  for (const file of await inputs(args['file'] as string[])) {
    if (signal.aborted) break
    const pipeline = new Pipeline(
      {
        ports,
        fingerprints: config.fingerprints === undefined ? 'all' : new Set(config.fingerprints),
        keepHello: args['hello'] === true,
        // whoever names the fingerprints wants those and no Community ID
        communityId: config.fingerprints === undefined,
        sensor: config.sensor,
        seed: randomInt(2 ** 47),
      },
      counters,
    )
    if (file !== '-') pipeline.setOrigin({ file })
    const { lines } = pipeline
    try {
      const source = await openCapture(file, { stdin: process.stdin })
      for await (const block of source.blocks(signal)) {
        pipeline.take(block)
        output.take(lines)
      }
      output.flush(lines)
      for (const warning of source.warnings) log(`${file}: ${warning}`)
      files++
    } catch (error) {
      if (error instanceof OutputClosed) return 0
      if (!(error instanceof CaptureError)) throw error
      log(`hellotap: ${error.message}`)
      failed++
    }
  }
  log(
    `${count(files, 'file')}, ${count(counters.packets, 'frame')}, ${count(counters.hellos, 'hello')}` +
      (counters.hello_malformed > 0 ? `, ${counters.hello_malformed} malformed` : '') +
      (signal.aborted ? ', stopped early' : ''),
  )
  return failed > 0 ? 1 : 0
}

/** The captures that the words name, in reading order; what lay beside them unread is said. */
async function inputs(words: readonly string[]): Promise<string[]> {
  const notes: string[] = []
  const files = await expandInputs(
    words.map((word) => (word === STDIN_WORD ? '-' : word)),
    notes,
  )
  for (const note of notes) log(note)
  return files
}
