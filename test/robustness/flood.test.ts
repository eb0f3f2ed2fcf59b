// The floods of `npm run flood` and `npm run flood:quic` at a twentieth of their size: memory below its bound, the real hellos found.

import { expect } from 'chai'
import { spawn } from 'node:child_process'
import { resolve } from 'node:path'
import { needs, proc } from '../capability.js'
import { finished } from '../hellotap.js'

/** What a flood said and found. */
async function flood(
  name: string,
  ...args: readonly string[]
): Promise<{ said: string; code: number | null }> {
  const script = resolve(import.meta.dirname, name)
  const { code, stdout, stderr } = await finished(
    spawn(process.execPath, ['--import', 'tsx', script, ...args], {
      // the bound is the program's, without what coverage holds
      env: { ...process.env, NODE_V8_COVERAGE: undefined },
    }),
  )
  return { said: stdout + stderr, code }
}

describe('a flood', () => {
  // it watches its memory
  before(function () {
    needs(this, proc)
  })

  it('of SYNs and first halves of hellos takes bounded memory and hides no real hello', async function () {
    this.timeout(120_000)
    const { said, code } = await flood('flood.ts', '--syns', '500000', '--halves', '500000')
    expect(said).to.match(/1000 real hellos .*: 1000 found/)
    expect(Number(/(\d+) MB resident/.exec(said)?.[1]), said).to.be.below(300)
    expect(code, said).to.equal(0)
    console.log(`      ${said.split('\n')[0] ?? ''}`)
  })

  it('of QUIC Initials that never complete does neither', async function () {
    this.timeout(120_000)
    const { said, code } = await flood('quic-flood.ts', '--initials', '50000', '--hellos', '100')
    expect(said).to.match(/100 real hellos .*: 100 found/)
    expect(Number(/hello_evicted (\d+)/.exec(said)?.[1]), said).to.be.above(40_000)
    expect(code, said).to.equal(0)
    console.log(`      ${said.split('\n')[0] ?? ''}`)
  })

  it('is said to have hidden hellos where it did', async function () {
    this.timeout(60_000)
    const { said, code } = await flood(
      'flood.ts',
      ...['--syns', '0', '--halves', '100000', '--hellos', '20', '--between', '40000'],
    )
    expect(code, said).to.equal(1)
    expect(said).to.match(/^ *hello_evicted \d{4,}$/m)
  })
})
