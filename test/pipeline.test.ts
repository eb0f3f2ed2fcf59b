import { expect } from 'chai'
import { readdirSync } from 'node:fs'
import { newCounters } from '../src/base/counters.js'
import type { Counters } from '../src/base/counters.js'
import { openCapture } from '../src/capture/file/open-capture.js'
import { Pipeline } from '../src/pipeline.js'

const CAPTURES = new URL('../captures/', import.meta.url)
const names = readdirSync(CAPTURES).filter((name) => /\.pcap(ng)?$/.test(name))

const pipelineOf = (server: boolean, counters: Counters) =>
  new Pipeline(
    {
      ports: undefined,
      fingerprints: 'all',
      keepHello: false,
      communityId: true,
      server,
      seed: 5,
    },
    counters,
  )

/** The lines of one capture. */
async function linesOf(pipeline: Pipeline, name: string): Promise<string> {
  pipeline.setOrigin({ file: name })
  const source = openCapture(new URL(name, CAPTURES).pathname)
  for await (const block of source.blocks(new AbortController().signal)) pipeline.take(block)
  pipeline.flush()
  const text = pipeline.lines.text()
  pipeline.lines.len = 0
  return text
}

describe('a pipeline that forgets', () => {
  for (const server of [false, true])
    it(`is as new${server ? ', the server’s side asked for' : ''}`, async () => {
      const counters = newCounters()
      const one = pipelineOf(server, counters)
      // each capture twice: a flow that is not forgotten would have its hellos only once
      for (const name of names.flatMap((each) => [each, each])) {
        Object.assign(counters, newCounters())
        const fresh = newCounters()
        const lines = await linesOf(pipelineOf(server, fresh), name)
        expect(await linesOf(one, name), name).to.equal(lines)
        expect(counters, name).to.deep.equal(fresh)
        one.forget()
      }
    }).timeout(60_000)
})
