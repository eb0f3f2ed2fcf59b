// `hellotap read` beyond its lines: what it says, what it is told by options, how it ends.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, constants, linkSync, readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join, resolve } from 'node:path'
import { expect } from 'chai'
import { writePcap } from '../capture/pcap-writer.js'
import { needs, proc, terminal } from '../capability.js'
import { Scratch } from '../capture/support.js'
import { Daemon, HELLOTAP, finished, hellotap, sightingsIn } from '../hellotap.js'
import { mixedFrames, paddedPcap } from './traffic.js'

const capture = resolve(import.meta.dirname, '../../captures/curl-openssl3.0.pcap')
const HELLOS = 10

describe('read', function () {
  this.timeout(60_000)
  let scratch: Scratch
  before(() => (scratch = new Scratch()))
  after(() => scratch.remove())

  describe('says at the end', () => {
    it('how many files, frames and hellos there were', async () => {
      const { stderr } = await hellotap(['read', capture, capture])
      expect(stderr).to.equal('1 file, 50 frames, 10 hellos\n')
    })

    it('each counter that is not zero, with what it counts', async () => {
      const ethernet = (...from12: number[]) => Uint8Array.of(...new Uint8Array(12), ...from12)
      const frames = [ethernet(0x88, 0xb5, 0, 0), ethernet(8, 0, 0x41, ...new Uint8Array(30))]
      const { stderr } = await hellotap(['read', scratch.file('odd.pcap', writePcap(frames))])
      expect(stderr.split('\n')).to.deep.equal([
        '1 file, 2 frames, 0 hellos',
        '  link_payload_other 1  frames that carry neither an IP packet nor EAP: ARP, LLDP, management and protected 802.11 frames',
        '  ipv4_malformed     1  IPv4 headers that break RFC 791',
        '  not decoded: EtherType 0x88b5, 1 frame',
        '',
      ])
    })

    it('nothing when it is to be quiet, but what is wrong', async () => {
      for (const args of [['--quiet'], ['-q']]) {
        const { stderr, stdout, code } = await hellotap(['read', ...args, capture])
        expect(stderr).to.equal('')
        expect(sightingsIn(stdout)).to.have.length(HELLOS)
        expect(code).to.equal(0)
      }
      const cut = scratch.file('cut.pcap', readFileSync(capture).subarray(0, -3))
      expect((await hellotap(['read', '-q', cut])).stderr).to.match(
        /^\S+cut\.pcap: ends in the middle of a record, [^\n]+\n$/,
      )
    })
  })

  describe('is told', () => {
    it('the link type by --link, in files and on stdin', async () => {
      const bytes = readFileSync(capture)
      bytes.writeUInt32LE(147, 20)
      const path = scratch.file('dlt.pcap', bytes)
      expect((await hellotap(['read', path])).stdout).to.equal('')
      for (const args of [[path], ['-']]) {
        const { stdout } = await hellotap(['read', '--link', '1', ...args], { input: bytes })
        expect(sightingsIn(stdout)).to.have.length(HELLOS)
      }
    })

    it('the same by the environment', async () => {
      const { stdout, stderr } = await hellotap(['read', capture], {
        env: { ...process.env, HELLOTAP_QUIET: 'true', HELLOTAP_HELLO: '1', HELLOTAP_JOBS: '1' },
      })
      expect(stderr).to.equal('')
      expect(sightingsIn(stdout)[0]?.hello).to.be.a('string')
    })

    for (const [args, says] of [
      [['--jobs', '0'], /--jobs must be a whole number from 1 to 64, not 0/],
      [['--jobs', 'many'], /--jobs/],
      [['--link', '70000'], /--link must be a LINKTYPE_ value from 0 to 65535/],
      [['--follow', '-'], /--follow reads on in one file/],
      [['--follow', capture], /--follow reads on in one file/],
    ] as const)
      it(`what it refuses: ${args.join(' ').replace(capture, 'F')} F`, async () => {
        const { code, stderr, stdout } = await hellotap([
          'read',
          ...args,
          capture.replace('.0', '.5'),
        ])
        expect(stderr).to.match(says)
        expect(stdout).to.equal('')
        expect(code).to.equal(2)
      })
  })

  it('prints the hellos of a pipe while it is still open', async () => {
    const daemon = new Daemon(process.execPath, [HELLOTAP, 'read', '-'], {
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    daemon.child.stdin?.write(readFileSync(capture))
    await daemon.says(/"ja4"/)
    daemon.child.stdin?.end()
    await daemon.says(/10 hellos/)
    expect(await daemon.ended()).to.equal(0)
  })

  it('waits where its output is full, and does not try again and again', async function () {
    needs(this, proc)
    const path = scratch.file('much.pcap', writePcap(mixedFrames(2_000, 7)))
    const child = spawn(process.execPath, [HELLOTAP, 'read', '--quiet', path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    // until lines came: they are taken no further
    await once(child.stdout, 'readable')
    const [, flags = ''] =
      /^flags:\s*(\d+)/m.exec(readFileSync(`/proc/${child.pid}/fdinfo/1`, 'utf8')) ?? []
    expect(Number.parseInt(flags, 8) & constants.O_NONBLOCK).to.equal(0)
    child.stdout.destroy()
    expect((await finished(child)).code).to.equal(0)
  })

  it('follows a file that is being written, until a signal, which is its proper end', async () => {
    const bytes = readFileSync(capture)
    const path = scratch.file('growing.pcap', bytes.subarray(0, 100))
    const daemon = new Daemon(process.execPath, [HELLOTAP, 'read', '--follow', path])
    appendFileSync(path, bytes.subarray(100, bytes.length >> 1))
    await daemon.says(/"ja4"/)
    appendFileSync(path, bytes.subarray(bytes.length >> 1))
    const all = Date.now() + 10_000
    while ((daemon.output.match(/"ja4"/g) ?? []).length < HELLOS && Date.now() < all)
      await new Promise((settle) => setTimeout(settle, 20))
    expect(await daemon.stop('SIGINT')).to.equal(0)
    expect(daemon.output).to.match(/1 file, 50 frames, 10 hellos\n/)
  })

  for (const jobs of ['1', '2'])
    it(`says what was done when a signal ends it, with ${jobs} jobs`, async () => {
      const big = paddedPcap(mixedFrames(200, 3), 34 << 20, 3)
      const first = scratch.file(`big-${jobs}-0.pcap`, big)
      const files = Array.from({ length: 40 }, (_, i) => {
        const path = join(scratch.path, `big-${jobs}-${i + 1}.pcap`)
        linkSync(first, path)
        return path
      })
      for (const [signal, expected] of [
        ['SIGINT', 130],
        ['SIGTERM', 143],
      ] as const) {
        const daemon = new Daemon(process.execPath, [
          HELLOTAP,
          'read',
          '-j',
          jobs,
          '-f',
          'ja4',
          ...files,
        ])
        await daemon.says(/"ja4"/)
        expect(await daemon.stop(signal)).to.equal(expected)
        const [, done, hellos] =
          /(\d+) files?, [\d,]+ frames, ([\d,]+) hellos, stopped early/.exec(daemon.output) ?? []
        expect(Number(done)).to.be.below(files.length)
        // Every hello that is counted was printed.
        expect(daemon.output.match(/^\{.*\}$/gm)).to.have.length(
          Number(hellos?.replaceAll(',', '')),
        )
      }
    })

  describe('shows its progress', () => {
    before(function () {
      needs(this, terminal)
    })

    /** Runs a shell command on a terminal, and gives what the terminal was told. */
    const onTerminal = (command: string) =>
      finished(
        spawn('script', ['-qec', command, '/dev/null'], { stdio: ['ignore', 'pipe', 'pipe'] }),
      )
    const read = `'${process.execPath}' '${HELLOTAP}' read`

    it('of files: bytes, rate, hellos, time left', async () => {
      const first = scratch.file('long-0.pcap', paddedPcap(mixedFrames(3_000, 4), 34 << 20, 4))
      for (let i = 1; i < 60; i++) linkSync(first, join(scratch.path, `long-${i}.pcap`))
      const { stdout, code } = await onTerminal(
        `${read} -j 2 ${scratch.path}/long-*.pcap > /dev/null`,
      )
      expect(stdout).to.match(
        /#*\.* \d+% \| [\d.]+ MB of 2\d\d\d MB \| [\d.]+ MB\/s \| [1-9]\d* hellos \| \S+ left/,
      )
      expect(stdout).to.match(/60 files, [\d,]+ frames, [\d,]+ hellos/)
      expect(code).to.equal(0)
    })

    it('of a pipe: bytes, rate, hellos, as no one knows what is left', async () => {
      const { stdout } = await onTerminal(`(cat ${capture}; sleep 2) | ${read} - > /dev/null`)
      expect(stdout).to.match(/[\d.]+ MB \| [\d.]+ MB\/s \| 10 hellos/)
      expect(stdout).to.not.match(/left|%/)
    })

    it('on no terminal that gets the lines as well, and not when it is to be quiet', async () => {
      for (const command of [`${read} -`, `${read} -q - > /dev/null`]) {
        const { stdout } = await onTerminal(`(cat ${capture}; sleep 2) | ${command}`)
        expect(stdout).to.not.match(/MB\/s/)
      }
    })
  })

  it('starts no worker for one file, for little to read, or for one job', async () => {
    writeFileSync(
      scratch.path + '/probe.mjs',
      `
      import { syncBuiltinESMExports } from 'node:module'
      import threads from 'node:worker_threads'
      threads.Worker = class { constructor() { throw new Error('a worker was started') } }
      syncBuiltinESMExports()
    `,
    )
    const big = scratch.file('big.pcap', paddedPcap(mixedFrames(20, 3), 34 << 20, 3))
    const probe = ['--import', scratch.path + '/probe.mjs', HELLOTAP, 'read']
    const run = (...args: string[]) => finished(spawn(process.execPath, [...probe, ...args]))
    expect((await run(capture)).stderr).to.match(/10 hellos/)
    expect((await run('--jobs', '2', big)).stderr).to.match(/1 file/)
    const second = scratch.file('second.pcap', readFileSync(capture))
    expect((await run('--jobs', '1', big, second)).stderr).to.match(/2 files/)
    expect((await run('--jobs', '2', big, second)).stderr).to.match(/a worker was started/)
    expect((await run(big, second)).stderr).to.match(
      availableParallelism() > 1 ? /a worker was started/ : /2 files/,
    )
  })
})
