// Runs one LiveSource in whatever network namespace and user it is started in, and reports to its parent over IPC.
// Driven by live-lab.ts; not a test itself.

import { newCounters } from '../../src/base/counters.js'
import { CaptureError } from '../../src/capture/capture-error.js'
import { LiveSource } from '../../src/capture/live/live-source.js'
import type { LiveOptions } from '../../src/capture/live/live-options.js'
import type { LiveFrame } from './live-lab.js'

const options = JSON.parse(process.argv[2] ?? '{}') as Partial<LiveOptions>
const counters = newCounters()
const stop = new AbortController()
const source = new LiveSource({
  interface: '',
  ports: [],
  ...options,
  counters,
  log: (line) => say({ log: line }),
  onGap: (gap) => say({ gap }),
})
let pauseMillis = 0

function say(report: object): void {
  process.send?.({
    ...report,
    childPid: source.childPid,
    dropped: source.dropped,
    engine: source.engine,
    counters,
  })
}

process.on('message', (command: { stop?: true; pauseMillis?: number; watch?: number[] }) => {
  if (command.watch) source.watch(command.watch)
  if (command.stop) stop.abort()
  pauseMillis = command.pauseMillis ?? 0
})

try {
  await source.open()
  say({ open: true })
  for await (const block of source.blocks(stop.signal)) {
    // the monotonic clock is the same in every process: the sender puts its value into its datagrams
    const at = Number(process.hrtime.bigint()) / 1e6
    const bytes = Buffer.from(block.bytes.buffer, block.bytes.byteOffset, block.bytes.length)
    const frames: Omit<LiveFrame, 'at'>[] = []
    for (let i = 0; i < block.count; i++) {
      const start = block.start[i] ?? 0
      frames.push({
        bytes: bytes.toString('hex', start, start + (block.caplen[i] ?? 0)),
        wirelen: block.wirelen[i] ?? 0,
        timeMicros: block.timeMicros[i] ?? 0,
        linkType: block.linkType[i] ?? 0,
      })
    }
    say({ frames, at })
    if (pauseMillis > 0) await new Promise((resolve) => setTimeout(resolve, pauseMillis))
    pauseMillis = 0
  }
  say({ end: true })
} catch (error) {
  if (!(error instanceof CaptureError)) throw error
  say({ error: { code: error.code, message: error.message } })
}
process.disconnect()
