// A short run of the fuzzer, the same one each time, so that a red gate can be run again: `npm run fuzz -- --seconds N` runs
// longer, and with a new seed each time, which it prints.

import { expect } from 'chai'
import { spawn } from 'node:child_process'
import { resolve } from 'node:path'
import { needs, proc } from '../capability.js'
import { finished } from '../hellotap.js'

const SECONDS = process.env['CI'] === 'true' ? 60 : 20

describe('fuzzing', () => {
  it(`finds nothing in ${SECONDS} seconds`, async function () {
    // it watches its memory
    needs(this, proc)
    this.timeout((SECONDS + 120) * 1000)
    const script = resolve(import.meta.dirname, 'run.ts')
    const args = [
      '--import',
      'tsx',
      '--expose-gc',
      script,
      '--seconds',
      String(SECONDS),
      '--seed',
      '1',
    ]
    const { code, stdout, stderr } = await finished(spawn(process.execPath, args))
    expect(code, stdout + stderr).to.equal(0)
    const [, inputs] = /(\d+) inputs/.exec(stdout) ?? []
    expect(Number(inputs), stdout).to.be.above(100)
    console.log(`      ${stdout.trim().split('\n').at(-1) ?? ''}`)
  })
})
