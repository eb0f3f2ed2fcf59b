import { expect } from 'chai'
import { execFileSync } from 'node:child_process'
import { resolve } from 'node:path'

const LOAD = resolve(import.meta.dirname, '../../dist/bundle/load.js')

describe('the bundle', () => {
  it('starts `read` with the code kept when it was built', () => {
    const script = `const { load } = require(${JSON.stringify(LOAD)}); console.log(load().script.cachedDataRejected)`
    const said = (...args: string[]) =>
      execFileSync(process.execPath, ['-e', script, ...args], { encoding: 'utf8' }).trim()
    expect(said('read')).to.equal('false')
    expect(said('lookup')).to.equal('undefined')
  })
})
