// Lines for a disk that is full now and then: a real one, of a few kilobytes.

import { expect } from 'chai'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { mounts, needs } from '../capability.js'
import type { Stuck } from '../../src/output/retrying-file.js'
import { PatientFile, isFile, reasonOf } from '../../src/output/retrying-file.js'
import { finished } from '../hellotap.js'

interface Told {
  readonly sent: number
  readonly dropped: number
  readonly left: number
  readonly whole: readonly number[]
  readonly part: number
  readonly stuck: readonly string[]
  readonly free: readonly Stuck[]
}

describe('a file whose disk is full for a while', () => {
  it('has every line whole and in order but those counted as dropped', async function () {
    needs(this, mounts)
    const folder = mkdtempSync(join(tmpdir(), 'hellotap-disk-'))
    const script = resolve(import.meta.dirname, 'fill-disk.ts')
    try {
      const { stdout, stderr } = await finished(
        spawn('unshare', ['-m', process.execPath, '--import', 'tsx', script, folder]),
      )
      expect(stderr).to.equal('')
      const { sent, dropped, left, whole, part, stuck, free } = JSON.parse(stdout) as Told
      expect(whole).to.deep.equal([...new Set(whole)].sort((a, b) => a - b))
      expect(whole.length + dropped + left).to.equal(sent)
      // each time is told once
      expect(stuck.length).to.be.above(1)
      expect(new Set(stuck)).to.deep.equal(new Set(['ENOSPC']))
      expect(free.length)
        .to.be.above(0)
        .and.at.least(stuck.length - 1)
      expect(dropped).to.be.above(0)
      expect(left > 0 || part === 0).to.equal(true)
      for (const { millis } of free) expect(millis).to.be.within(900, 5000)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('is no excuse for a fault that time does not heal', () => {
    const file = new PatientFile(12_345, { held: 1 })
    expect(() => file.put(Buffer.from('x\n'))).to.throw('EBADF')
  })

  it('is told from a pipe, and its fault in the system’s words', () => {
    expect(isFile(12_345)).to.equal(false)
    expect(reasonOf(new Error('ENOSPC: no space left on device, write'))).to.equal(
      'no space left on device',
    )
    expect(reasonOf(new Error('odd'))).to.equal('odd')
  })
})
