// What several workers print is what one thread prints, whatever lies across the cuts between their parts.

import { expect } from 'chai'
import { createHash } from 'node:crypto'
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Scratch } from '../capture/support.js'
import { HELLOTAP, finished, hellotap, sightingsIn } from '../hellotap.js'
import { mixedFrames, paddedPcap, smallHellos } from './traffic.js'

/** Octets from which `read` starts workers, and a bit. */
const LENGTH = 34 << 20
const digest = (text: string) => createHash('sha1').update(text).digest('hex')
const sorted = (lines: string) => lines.split('\n').sort().join('\n')

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

  it('finds in a shared capture what one thread finds, line for line and counter for counter', async () => {
    const one = await read(1, big)
    expect(one.code).to.equal(0)
    const hellos = sightingsIn(one.stdout)
    expect(hellos.length).to.be.above(700)
    for (const kind of ['no-syn', 'retransmit', 'hrr'])
      expect(
        hellos.some(({ quality }) => quality?.includes(kind)),
        kind,
      ).to.equal(true)
    expect(hellos.some(({ tunnel }) => tunnel === 'vxlan')).to.equal(true)
    expect(one.stderr).to.match(/ip_datagrams_reassembled +\d/)
    for (const jobs of [2, 3]) {
      const several = await read(jobs, big)
      expect(several.stderr, `${jobs} jobs`).to.equal(one.stderr)
      expect(digest(sorted(several.stdout)), `${jobs} jobs`).to.equal(digest(sorted(one.stdout)))
      expect(several.code).to.equal(0)
    }
  })

  it('prints what one thread prints, in the same order, where hellos are rare', async () => {
    const path = scratch.file('rare.pcap', paddedPcap(mixedFrames(40, 2), LENGTH, 2))
    for (const args of [[], ['--server']]) {
      const one = await read(1, ...args, path)
      expect(sightingsIn(one.stdout).length).to.be.above(30)
      for (const jobs of [2, 3])
        expect(await read(jobs, ...args, path), `${jobs} jobs`).to.deep.equal(one)
    }
  })

  it('prints the same lines in the same order each time', async () => {
    const [first, second] = await Promise.all([
      read(2, '-f', 'ja4', big),
      read(2, '-f', 'ja4', big),
    ])
    expect(digest(second.stdout)).to.equal(digest(first.stdout))
  })

  it('joins what the server answered across the cuts', async () => {
    const [one, two] = await Promise.all([
      read(1, '--server', '-f', 'ja4', big),
      read(2, '--server', '-f', 'ja4', big),
    ])
    expect(one.stdout).to.match(/"ja3s"/)
    expect(digest(sorted(two.stdout))).to.equal(digest(sorted(one.stdout)))
    expect(two.stderr).to.equal(one.stderr)
  })

  it('warns once of a cut or damaged capture, and gives all that came before', async () => {
    const octets = readFileSync(big)
    const damaged = Buffer.from(octets)
    // The length of the first record past the 20th mebibyte.
    let at = 24
    while (at < 20 << 20) at += 16 + damaged.readUInt32LE(at + 8)
    damaged.writeUInt32LE(0x7fffffff, at + 8)
    for (const [name, content] of [
      ['cut.pcap', octets.subarray(0, octets.length - 5)],
      ['within-header.pcap', octets.subarray(0, (33 << 20) + 3)],
      ['damaged.pcap', damaged],
    ] as const) {
      const path = scratch.file(name, content)
      const [one, two] = await Promise.all([read(1, path), read(2, path)])
      expect(one.stderr).to.match(/ends in the middle of a record|damaged at octet/)
      expect(two.stderr).to.equal(one.stderr)
      expect(digest(sorted(two.stdout))).to.equal(digest(sorted(one.stdout)))
    }
  })

  it('prints the lines of several files in the order of the files', async () => {
    const folder = resolve(import.meta.dirname, '../../captures')
    const small = ['curl-openssl3.0.pcap', 'aria2.pcap', 'botan2.pcap'].map((file) =>
      join(folder, file),
    )
    const files = [
      small[0] ?? '',
      big,
      small[1] ?? '',
      scratch.file('none.pcap', Buffer.from('no capture')),
      small[2] ?? '',
    ]
    const [one, two] = await Promise.all([read(1, ...files), read(2, ...files)])
    expect(two.code).to.equal(1)
    const order = (lines: string) =>
      sightingsIn(lines)
        .map(({ file }) => file)
        .filter((file, i, all) => file !== all[i - 1])
    expect(order(two.stdout)).to.deep.equal([small[0], big, small[1], small[2]])
    expect(digest(sorted(two.stdout))).to.equal(digest(sorted(one.stdout)))
    const said = (stderr: string) => stderr.split('\n').sort()
    expect(said(two.stderr)).to.deep.equal(said(one.stderr))
    expect(one.stderr.match(/is not a capture/g)).to.have.length(1)
  })

  it('follows flows from one file of a ring buffer into the next, and into no other file', async () => {
    const octets = readFileSync(big)
    let cut = 24
    while (cut < 17 << 20) cut += 16 + octets.readUInt32LE(cut + 8)
    const header = octets.subarray(0, 24)
    const head = octets.subarray(0, cut)
    const tail = Buffer.concat([header, octets.subarray(cut)])
    const set = [scratch.file('ring.pcap', head), scratch.file('ring.pcap1', tail)]
    const apart = [scratch.file('a.pcap', head), scratch.file('b.pcap', tail)]
    const count = (lines: string) => sightingsIn(lines).length
    const whole = await read(1, '-f', 'ja4', big)
    const withoutFile = (lines: string) => lines.replace(/"file":"[^"]*",/g, '')
    for (const jobs of [1, 2]) {
      const { stdout } = await read(jobs, '-f', 'ja4', ...set)
      expect(digest(sorted(withoutFile(stdout))), `${jobs} jobs`).to.equal(
        digest(sorted(withoutFile(whole.stdout))),
      )
      expect(sightingsIn(stdout).some(({ file }) => file === set[1])).to.equal(true)
    }
    const [one, two] = await Promise.all([
      read(1, '-f', 'ja4', ...apart),
      read(2, '-f', 'ja4', ...apart),
    ])
    expect(count(one.stdout)).to.not.equal(count(whole.stdout))
    expect(digest(sorted(two.stdout))).to.equal(digest(sorted(one.stdout)))
  })

  it('ends quietly when its output is closed', async () => {
    for (const jobs of ['1', '2']) {
      const child = spawn(process.execPath, [HELLOTAP, 'read', '--jobs', jobs, big], {
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      child.stdout.once('data', () => child.stdout.destroy())
      const { code, stderr } = await finished(child)
      expect(stderr).to.equal('')
      expect(code).to.equal(0)
    }
  })

  it('goes on where the lines of one thread have no room while they wait for those of another', async () => {
    for (const thread of [0, 1]) {
      const path = scratch.file('small.pcap', smallHellos(LENGTH, thread))
      const child = spawn(process.execPath, [HELLOTAP, 'read', '--jobs', '2', path], {
        stdio: ['ignore', 'ignore', 'pipe'],
        timeout: 30_000,
      })
      const { code, stderr } = await finished(child)
      expect(stderr).to.match(/^1 file, (2\d\d,\d{3}) frames, \1 hellos/)
      expect(code).to.equal(0)
    }
  })

  it('counts a file without frames among those read', async () => {
    const empty = scratch.file('header.pcap', readFileSync(big).subarray(0, 24))
    const { code, stderr } = await read(2, empty, big)
    expect(stderr).to.match(/^2 files/m)
    expect(code).to.equal(0)
  })
})
