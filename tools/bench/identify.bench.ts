// What identification costs: CPU time, as wall time on a shared machine says little.
//
//   npm run bench:identify

import { identifyLines } from '../../src/knowledge/identify/identify-line.js'
import { Identifier } from '../../src/knowledge/identify/identifier.js'
import { loadBase } from '../../src/knowledge/identify/load-base.js'
import { newCounters } from '../../src/base/counters.js'
import { openCapture } from '../../src/capture/file/open-capture.js'
import { Pipeline } from '../../src/pipeline.js'
import type { PipelineOptions } from '../../src/pipeline/options.js'
import { CLIENTS, hellosOf, parsed } from '../../test/knowledge/identify/hellos.js'

const SEEN = 500_000
const FRESH = 5_000

function cpuSeconds(work: () => void): number {
  const start = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(start)
  return (user + system) / 1e6
}

const loads = Array.from({ length: 5 }, () => cpuSeconds(() => void loadBase()))
console.log(
  `loading the base: ${(1000 * (loads[0] ?? 0)).toFixed(1)} ms, again ${(1000 * Math.min(...loads)).toFixed(1)} ms`,
)

const base = loadBase()
const files = ['curl-openssl3.0', 'chromium156', 'firefox-esr153', 'go1.24-nethttp', 'deno-fetch']
const wires = (await Promise.all(files.map((file) => hellosOf(`${file}.pcap`)))).flat()
const hellos = wires.flatMap((wire) => {
  const hello = parsed(wire)
  return hello === undefined ? [] : [{ hello, circumstances: wire.circumstances }]
})

const identifier = new Identifier(base, 1)
const seen = cpuSeconds(() => {
  for (let i = 0; i < SEEN; i++) {
    const entry = hellos[i % hellos.length]
    if (entry !== undefined) identifier.identify(entry.hello, entry.circumstances)
  }
})
console.log(`profiles seen before: ${Math.round(SEEN / seen).toLocaleString('en')} a CPU second`)

const fresh = cpuSeconds(() => {
  for (let i = 0; i < FRESH; i++) {
    const entry = hellos[i % hellos.length]
    if (entry === undefined) continue
    // another legacy version each time: another profile
    entry.hello.legacyVersion = 0x0304 + i
    identifier.identify(entry.hello, entry.circumstances)
  }
})
console.log(`new profiles: ${Math.round(FRESH / fresh).toLocaleString('en')} a CPU second`)

const blocks: (options: Partial<PipelineOptions>) => Promise<number> = async (options) => {
  const pipeline = new Pipeline(
    {
      ports: undefined,
      fingerprints: 'all',
      keepHello: false,
      communityId: true,
      seed: 1,
      ...options,
    },
    newCounters(),
  )
  const start = process.cpuUsage()
  for (let round = 0; round < 40; round++)
    for (const file of files) {
      for await (const block of openCapture(`${CLIENTS}${file}.pcap`, {}).blocks(
        new AbortController().signal,
      ))
        pipeline.take(block)
      pipeline.flush()
      pipeline.forget()
      pipeline.lines.len = 0
    }
  const { user, system } = process.cpuUsage(start)
  return (user + system) / 1e6
}
const identify = identifyLines(base, 1, false)
const plain: number[] = []
const identified: number[] = []
for (let pair = 0; pair < 5; pair++) {
  plain.push(await blocks({}))
  identified.push(await blocks({ identify }))
}
const ratio = Math.min(...identified) / Math.min(...plain)
console.log(`read --identify by read: ${ratio.toFixed(2)}`)
