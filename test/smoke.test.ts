// The least that an installation must do: each test runs the program.

import { expect } from 'chai'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { hellotap, sightingsIn } from './hellotap.js'
import { PACKAGE } from './installed.js'

const captures = resolve(import.meta.dirname, '../captures')

describe('the installed program', () => {
  it('prints its version', async () => {
    const { version } = JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8')) as {
      readonly version: string
    }
    const { code, stdout } = await hellotap(['--version'])
    expect(stdout).to.equal(`${version}\n`)
    expect(code).to.equal(0)
  })

  it('reads a capture', async () => {
    const { code, stdout } = await hellotap(['read', 'curl-nss.pcap'], { cwd: captures })
    expect(stdout).to.equal(readFileSync(join(captures, 'curl-nss.jsonl'), 'utf8'))
    expect(code).to.equal(0)
  })

  it('reads a folder of captures', async () => {
    const { code, stdout } = await hellotap(['read', '-f', 'ja4', '.'], { cwd: captures })
    expect(sightingsIn(stdout)).to.have.length.above(100)
    expect(code).to.equal(0)
  })

  it('lists the interfaces', async () => {
    const { code, stdout } = await hellotap(['interfaces'])
    expect(stdout).to.match(/^lo +up/m)
    expect(code).to.equal(0)
  })
})
