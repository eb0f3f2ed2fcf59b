// What several worker threads print is what one thread prints, in the same order.

import { expect } from 'chai'
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Scratch } from '../capture/support.js'
import { HELLOTAP, finished, hellotap, sightingsIn } from '../hellotap.js'
import { mixedFrames, paddedPcap, smallHellos } from './traffic.js'

/** Bytes from which `read` starts workers, and a bit. */
const LENGTH = 34 << 20

describe('read --jobs', function () {
  this.timeout(120_000)
  let scratch: Scratch
  let big: string
  before(() => {
    scratch = new Scratch()
    big = scratch.file('big.pcap', paddedPcap(mixedFrames(900, 1), LENGTH, 1))
  })
  after(() => scratch.remove())

  const read = (jobs: number, ...args: string[]) =>
    hellotap(['read', '--jobs', String(jobs), ...args])
  const reports = (stderr: string) => stderr.split('\n').sort()

  it('prints the lines of one thread in the same order, with the same counters', async () => {
    const folder = resolve(import.meta.dirname, '../../captures')
    const small = ['curl-openssl3.0.pcap', 'aria2.pcap', 'botan2.pcap'].map((file) =>
      join(folder, file),
    )
    const files = [
      small[0] ?? '',
      big,
      small[1] ?? '',
      scratch.file('none.pcap', Buffer.from('no capture')),
      scratch.file('header.pcap', readFileSync(big).subarray(0, 24)),
      scratch.file('cut.pcap', readFileSync(big).subarray(0, LENGTH - 5)),
      small[2] ?? '',
    ]
    for (const args of [[], ['--server', '-f', 'ja4']]) {
      const one = await read(1, ...args, ...files)
      expect(one.code).to.equal(1)
      expect(sightingsIn(one.stdout).length).to.be.above(700)
      for (const jobs of [2, 3]) {
        const several = await read(jobs, ...args, ...files)
        expect(several.stdout === one.stdout, `${jobs} jobs`).to.equal(true)
        expect(reports(several.stderr), `${jobs} jobs`).to.deep.equal(reports(one.stderr))
        expect(several.code).to.equal(1)
      }
    }
  })

  it('follows flows from one file of a ring buffer into the next, and into no other file', async () => {
    const bytes = readFileSync(big)
    let cut = 24
    while (cut < 17 << 20) cut += 16 + bytes.readUInt32LE(cut + 8)
    const head = bytes.subarray(0, cut)
    const tail = Buffer.concat([bytes.subarray(0, 24), bytes.subarray(cut)])
    const set = [scratch.file('ring.pcap', head), scratch.file('ring.pcap1', tail)]
    const apart = [scratch.file('a.pcap', head), scratch.file('b.pcap', tail)]
    const withoutFile = (lines: string) => lines.replace(/"file":"[^"]*",/g, '')
    const whole = await read(1, '-f', 'ja4', big)
    for (const jobs of [1, 2]) {
      const { stdout } = await read(jobs, '-f', 'ja4', ...set, big)
      const ofSet = stdout.split('\n').filter((line) => !line.includes(`"file":"${big}"`))
      expect(withoutFile(ofSet.join('\n')) === withoutFile(whole.stdout), `${jobs} jobs`).to.equal(
        true,
      )
      expect(sightingsIn(stdout).some(({ file }) => file === set[1])).to.equal(true)
    }
    const [one, two] = await Promise.all([
      read(1, '-f', 'ja4', ...apart),
      read(2, '-f', 'ja4', ...apart),
    ])
    expect(sightingsIn(one.stdout).length).to.not.equal(sightingsIn(whole.stdout).length)
    expect(two.stdout === one.stdout).to.equal(true)
  })

  it('ends quietly when its output is closed', async () => {
    for (const jobs of ['1', '2']) {
      const child = spawn(process.execPath, [HELLOTAP, 'read', '--jobs', jobs, big, big], {
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      child.stdout.once('data', () => child.stdout.destroy())
      const { code, stderr } = await finished(child)
      expect(stderr).to.equal('')
      expect(code).to.equal(0)
    }
  })

  it('reads on where the lines of a later file wait for those of the first', async () => {
    const large = scratch.file('large.pcap', smallHellos(LENGTH))
    const small = smallHellos(LENGTH / 4)
    const files = [large, scratch.file('small-1.pcap', small), scratch.file('small-2.pcap', small)]
    const child = spawn(process.execPath, [HELLOTAP, 'read', '--jobs', '3', ...files], {
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: 60_000,
    })
    const { code, stderr } = await finished(child)
    expect(stderr).to.match(/^3 files, ([\d,]+) frames, \1 hellos/)
    expect(code).to.equal(0)
  })
})
