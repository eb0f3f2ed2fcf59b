// What goes wrong in an operator's hands ends in one clear sentence with its remedy, and the right exit code.

import { expect } from 'chai'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { needs, proc } from '../capability.js'
import { hellotap, sightingsIn } from '../hellotap.js'

const capture = resolve(import.meta.dirname, '../../captures/curl-openssl3.0.pcap')

describe('bad usage', () => {
  const cases: readonly [args: readonly string[], says: RegExp][] = [
    [[], /Commands:\n {2}hellotap up .*a command is missing/s],
    [['raed', capture], /unknown command raed: did you mean read\?/],
    [['foo'], /unknown command foo.*\n.*commands: up, capture,/],
    [['read'], /missing argument: hellotap read <file\.\.>/],
    [['read', '--prots', '443', capture], /unknown option --prots: did you mean --ports\?/],
    [['read', '--frobnicate', capture], /^hellotap: unknown option --frobnicate\n/],
    [['read', '-Z', capture], /unknown option -Z\n/],
    [['up', '--no-tunels'], /unknown option --no-tunels: did you mean --no-tunnels\?/],
    [['filter', '--no-ports'], /--ports must be .*, not false/],
    [['up', '--confg=a', '--tll', '5'], /unknown option --confg.*--config.*\n.*--tll.*--ttl/],
    [['up', '--http-port', '70000'], /--http-port must be a port from 1 to 65535/],
    [['up', '--http-port', 'http'], /--http-port/],
    [
      ['up', '--ports', '443,0'],
      /--ports must be ports from 1 to 65535, ranges such as 400-500, or any, not "0"/,
    ],
    [['up', '--http-port', '0', '--https-port', '0'], /the API would listen nowhere/],
    [['read', '-f', 'ja5', capture], /--fingerprints must be one of sha3_384,/],
    [['capture', '-i', 'lo'], /capture needs --redis URL/],
    [['serve'], /serve needs --redis URL/],
    [
      ['serve', '--redis', 'localhost'],
      /such as redis:\/\/127\.0\.0\.1:6379, rediss:\/\/host:6380/,
    ],
    [['up', '--config', '/nowhere.yaml'], /cannot read the configuration file \/nowhere\.yaml/],
    [['up', '--trusted-proxy', '10.0.0.0/40'], /must be an address or a network/],
  ]
  for (const [args, says] of cases)
    it(`hellotap ${args.join(' ').replace(capture, 'F')}`, async () => {
      const { code, stdout, stderr } = await hellotap(args)
      expect(stderr).to.match(says)
      expect(stderr).to.not.match(/\n\s+at /)
      expect(stdout).to.equal('')
      expect(code).to.equal(2)
    })

  it('reports the faults of file, environment and flags together', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hellotap-'))
    const file = join(folder, 'c.yaml')
    writeFileSync(file, 'http-prot: 80\nconstructor: 1\n__proto__: 1\nttl: soon\n')
    const { code, stderr } = await hellotap(['read', '--config', file, '--jobs', '0', capture], {
      env: { ...process.env, HELLOTAP_JBOS: '1' },
    })
    rmSync(folder, { recursive: true })
    for (const fault of [
      'unknown environment variable HELLOTAP_JBOS: did you mean HELLOTAP_JOBS?',
      'unknown option http-prot: did you mean http-port?',
      'unknown option constructor',
      'unknown option __proto__',
      'ttl in the configuration file must be',
      '--jobs must be a whole number from 1 to 64, not 0',
    ])
      expect(stderr).to.include(fault)
    expect(code).to.equal(2)
  })

  it('escapes the C1 characters of a file name', async () => {
    const { stdout, stderr } = await hellotap(['read', '/nowhere/\u009b31m.pcap'])
    expect(stdout + stderr)
      .to.include('\\u{9b}31m.pcap')
      .and.not.include('\u009b')
  })

  it('names every mistake of a configuration file, and where it came from', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hellotap-'))
    const file = join(folder, 'c.yaml')
    writeFileSync(file, 'http-port: 99999\nttl: soon\n')
    const { code, stderr } = await hellotap(['up', '--config', file, '--per-ip', '0'], {
      env: { ...process.env, HELLOTAP_HOST: 'example' },
    })
    expect(stderr).to.match(/http-port in the configuration file/)
    expect(stderr).to.match(/ttl in the configuration file must be a whole number.*"soon"/)
    expect(stderr).to.match(/--per-ip must be a whole number from 1/)
    expect(stderr).to.match(/HELLOTAP_HOST must be an IP address/)
    expect(code).to.equal(2)
    rmSync(folder, { recursive: true })
  })
})

describe('bad captures', () => {
  let folder: string
  before(() => (folder = mkdtempSync(join(tmpdir(), 'hellotap-'))))
  after(() => rmSync(folder, { recursive: true }))
  const file = (name: string, bytes: Uint8Array | string) => {
    writeFileSync(join(folder, name), bytes)
    return join(folder, name)
  }

  it('says that a file is not there, and reads the others', async () => {
    const { code, stdout, stderr } = await hellotap(['read', join(folder, 'absent.pcap'), capture])
    expect(stderr).to.match(/absent\.pcap/)
    expect(sightingsIn(stdout)).to.not.deep.equal([])
    expect(code).to.equal(1)
  })

  it('says that a file is no capture', async () => {
    const { code, stderr, stdout } = await hellotap([
      'read',
      file('a.pcap', 'Dear diary, today we saw no packets at all'),
    ])
    expect(stderr).to.match(/a\.pcap.*not a capture/i)
    expect(stdout).to.equal('')
    expect(code).to.equal(1)
  })

  it('says that a file is empty', async () => {
    const { code, stderr } = await hellotap(['read', file('b.pcap', '')])
    expect(stderr).to.match(/b\.pcap.*empty/i)
    expect(code).to.equal(1)
  })

  it('gives every hello before the cut of a cut capture, and a warning', async () => {
    const whole = readFileSync(capture)
    const all = sightingsIn((await hellotap(['read', capture])).stdout)
    const { code, stdout, stderr } = await hellotap([
      'read',
      file('c.pcap', whole.subarray(0, whole.length - 7)),
    ])
    expect(sightingsIn(stdout).map(({ time, ja3 }) => [time, ja3])).to.deep.equal(
      all.map(({ time, ja3 }) => [time, ja3]),
    )
    expect(stderr).to.match(/c\.pcap: ends in the middle of a record/)
    expect(code).to.equal(0)
  })

  it('reads the good files beside a bad one, and fails in the end', async () => {
    const { code, stdout } = await hellotap(['read', file('d.pcap', 'no'), capture])
    expect(sightingsIn(stdout).length).to.be.above(0)
    expect(code).to.equal(1)
  })

  it('reads stdin', async () => {
    const { code, stdout } = await hellotap(['read', '-'], { input: readFileSync(capture) })
    expect(sightingsIn(stdout)).to.have.length(10)
    expect(code).to.equal(0)
  })

  it('ends quietly when its output is closed', async () => {
    const { stderr, code } = await hellotap(['read', capture], {
      stdio: ['ignore', 'pipe', 'pipe'],
    }).then((done) => done)
    expect(code).to.equal(0)
    expect(stderr).to.not.match(/EPIPE/)
  })
})

describe('bad surroundings', () => {
  it('says which port is busy, and what to do', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as AddressInfo
    const { code, stderr } = await hellotap([
      'up',
      '-i',
      'lo',
      '--http-port',
      String(port),
      '--https-port',
      '0',
    ])
    server.close()
    expect(stderr).to.match(new RegExp(`${port}.*in use.*--http-port`, 's'))
    expect(code).to.equal(1)
  })

  it('says that Redis refuses', async () => {
    const { code, stderr } = await hellotap(['serve', '--redis', 'redis://127.0.0.1:1'])
    expect(stderr).to.match(/Redis.*127\.0\.0\.1:1.*refused/s)
    expect(code).to.equal(1)
  })

  it('says that the folder for its certificate is not writable', async function () {
    needs(this, proc)
    const { code, stderr } = await hellotap([
      'up',
      '-i',
      'lo',
      '--http-port',
      '0',
      '--https-port',
      '18443',
      '--data-dir',
      '/proc/nowhere',
    ])
    expect(stderr).to.match(/\/proc\/nowhere.*--data-dir/s)
    expect(code).to.equal(1)
  })

  it('says which interfaces there are when one is not', async () => {
    const { code, stderr } = await hellotap(['capture', '-i', 'no-such-if', '--stdout'])
    expect(stderr).to.match(/no-such-if.*lo/s)
    expect(code).to.equal(1)
  })
})
