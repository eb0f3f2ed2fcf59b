// What goes wrong in an operator's hands ends in one clear sentence with its remedy, and the right exit code.

import { expect } from 'chai'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { hellotap, sightingsIn } from '../hellotap.js'

const capture = resolve(import.meta.dirname, '../../captures/curl-openssl3.0.pcap')

describe('bad usage', () => {
  const cases: readonly [args: readonly string[], says: RegExp][] = [
    [[], /a command is missing/],
    [['raed', capture], /Unknown|Did you mean read/],
    [['read'], /Not enough non-option arguments|file/],
    [['read', '--prots', '443', capture], /Unknown argument: prots/],
    [['up', '--http-port', '70000'], /--http-port is a port from 1 to 65535/],
    [['up', '--http-port', 'http'], /--http-port/],
    [['up', '--ports', '443,0'], /--ports is a port from 1 to 65535, not "0"/],
    [['up', '--http-port', '0', '--https-port', '0'], /the API would listen nowhere/],
    [['read', '-f', 'ja5', capture], /--fingerprints is one of sha3_384,/],
    [['capture', '-i', 'lo'], /capture needs --redis URL/],
    [['serve'], /serve needs --redis URL/],
    [['serve', '--redis', 'localhost'], /--redis is a Redis URL such as/],
    [['up', '--config', '/nowhere.yaml'], /cannot read the configuration file \/nowhere\.yaml/],
    [['up', '--trusted-proxy', '10.0.0.0/40'], /is an address or a network/],
  ]
  for (const [args, says] of cases)
    it(`hellotap ${args.join(' ').replace(capture, 'F')}`, async () => {
      const { code, stdout, stderr } = await hellotap(args)
      expect(stderr).to.match(says)
      expect(stderr).to.not.match(/\n\s+at /)
      expect(stdout).to.equal('')
      expect(code).to.equal(2)
    })

  it('names every mistake of a configuration file, and where it came from', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hellotap-'))
    const file = join(folder, 'c.yaml')
    writeFileSync(file, 'http-port: 99999\nttl: soon\n')
    const { code, stderr } = await hellotap(['up', '--config', file, '--per-ip', '0'], {
      env: { ...process.env, HELLOTAP_HOST: 'example' },
    })
    expect(stderr).to.match(/http-port in the configuration file/)
    expect(stderr).to.match(/ttl in the configuration file is a whole number.*"soon"/)
    expect(stderr).to.match(/--per-ip is a whole number from 1/)
    expect(stderr).to.match(/HELLOTAP_HOST is an IP address/)
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

  it('says that the folder for its certificate is not writable', async () => {
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
