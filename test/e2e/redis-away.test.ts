// The drill of `npm run drill:redis` in seconds: Redis is killed and comes back while two sensors capture.

import { expect } from 'chai'
import { spawn } from 'node:child_process'
import { resolve } from 'node:path'
import { capture, needs, proc, tools } from '../capability.js'
import { finished } from '../hellotap.js'

describe('capture while Redis is away', function () {
  this.timeout(60_000)

  it('stores what the spool holds exactly once, counts what it does not, and tells of one gap', async function () {
    needs(this, capture, proc, tools('redis-server'))
    const script = resolve(import.meta.dirname, '../robustness/redis-drill.ts')
    const { code, stdout, stderr } = await finished(
      spawn(process.execPath, [
        ...['--import', 'tsx', script, '--minutes', '0.05', '--rate', '100'],
      ]),
    )
    expect(stderr).to.equal('')
    expect(code, stdout).to.equal(0)
    expect(stdout).to.match(/^ok {5}ample: \d+ seen = \d+ stored.* \+ 0 dropped$/m)
    expect(stdout).to.match(/^ok {5}scant: \d+ seen = \d+ stored.* \+ [1-9]\d+ dropped$/m)
  })
})
