// `hellotap doctor` on machines with a fault each, and on one without.

import { expect } from 'chai'
import { execFileSync, spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import { engines, namespaces, needs } from '../capability.js'
import { openSightingStore } from '../../src/sighting-store.js'
import { TestNetwork } from '../e2e/network.js'
import { Daemon, HELLOTAP, finished } from '../hellotap.js'
import { RedisServer } from '../store/redis-server.js'

interface Answer {
  readonly code: number | null
  readonly ok: boolean
  readonly checks: { name: string; outcome: string; text: string; remedy?: string }[]
}

describe('hellotap doctor', function () {
  this.timeout(40_000)
  let network: TestNetwork | undefined
  const daemons: Daemon[] = []

  before(function () {
    needs(this, namespaces)
  })
  afterEach(async () => {
    for (const daemon of daemons.splice(0)) await daemon.stop()
    network?.remove()
  })

  const run = async (command: readonly [string, readonly string[]]): Promise<Answer> => {
    const { code, stdout, stderr } = await finished(spawn(command[0], [...command[1]]))
    expect(stderr).to.equal('')
    return { code, ...(JSON.parse(stdout) as Omit<Answer, 'code'>) }
  }
  const doctor = (...args: readonly string[]) =>
    run([process.execPath, [HELLOTAP, 'doctor', '--json', '--seconds', '1', ...args]])
  const of = ({ checks }: Answer, name: string) => checks.find((check) => check.name === name)

  it('sees its own hello and exits with 0 where all is well', async () => {
    const answer = await doctor('-i', 'lo')
    expect(answer.code, JSON.stringify(answer)).to.equal(0)
    expect(answer.ok).to.equal(true)
    for (const name of ['versions', 'engine', 'permission', 'clock', 'store', 'interface lo'])
      expect(of(answer, name)?.outcome, name).to.be.oneOf(['ok', 'unknown', 'warning'])
    expect(of(answer, 'hello')).to.include({ outcome: 'ok' })
    expect(of(answer, 'hello')?.text).to.match(/captured and stored in [\d.]+ ms \(JA4 t13d/)
  })

  it('says the same in words, a line each', async () => {
    const { stdout, code } = await finished(
      spawn(process.execPath, [HELLOTAP, 'doctor', '-i', 'lo', '--seconds', '1']),
    )
    expect(code).to.equal(0)
    expect(stdout).to.match(/^ {2}ok {7}permission +this process has CAP_NET_RAW$/m)
    expect(stdout).to.match(/^ {2}ok {7}hello +sent over loopback/m)
  })

  it('without the permission names the command that gives it, and exits with 1', async () => {
    const ordinary = ['--reuid', '65534', '--regid', '65534', '--clear-groups']
    const nobodyReads = () => {
      try {
        execFileSync('setpriv', [...ordinary, '--', process.execPath, HELLOTAP, '--version'], {
          stdio: 'ignore',
        })
        return true
      } catch {
        return false
      }
    }
    const answer = await run([
      'env',
      [
        // what it covers could not be written where root's is
        ...['-u', 'NODE_V8_COVERAGE', 'setpriv'],
        // where an ordinary user cannot read this checkout: root without a capability
        ...(nobodyReads() ? ordinary : []),
        ...['--inh-caps=-all', '--bounding-set=-all', '--', process.execPath, HELLOTAP],
        ...['doctor', '--json', '-i', 'lo', '--seconds', '1'],
      ],
    ])
    expect(answer.code).to.equal(1)
    expect(of(answer, 'permission')).to.include({ outcome: 'failed' })
    expect(of(answer, 'permission')?.remedy).to.match(/setcap cap_net_raw\+ep/)
    expect(of(answer, 'hello')).to.include({ outcome: 'failed' })
  })

  it('names the interfaces there are where one is missing, and tries its hello all the same', async () => {
    const answer = await doctor('-i', 'no-such-if')
    expect(answer.code).to.equal(1)
    expect(of(answer, 'interface no-such-if')).to.include({ outcome: 'failed' })
    expect(of(answer, 'interface no-such-if')?.remedy).to.match(/\blo\b/)
    expect(of(answer, 'hello')?.outcome).to.equal('ok')
  })

  it('tells that Redis is away, with the remedy and without its password', async () => {
    const answer = await run([
      'env',
      [
        ...['HELLOTAP_REDIS=redis://:geheim@127.0.0.1:1', process.execPath, HELLOTAP],
        ...['doctor', '--json', '--seconds', '1', '-i', 'lo'],
      ],
    ])
    expect(answer.code).to.equal(1)
    expect(of(answer, 'store')).to.include({ outcome: 'failed' })
    expect(of(answer, 'store')?.text).to.match(/cannot reach Redis .* refused$/)
    expect(of(answer, 'store')?.remedy).to.match(/Start it/)
    expect(of(answer, 'hello')).to.include({ outcome: 'failed' })
    expect(of(answer, 'hello')?.text).to.match(/captured, but not stored/)
    expect(JSON.stringify(answer)).to.not.contain('geheim')
  })

  it('times its hello into Redis, and tells its version and its policy', async () => {
    const redis = await RedisServer.start()
    try {
      const answer = await doctor('-i', 'lo', '--redis', redis.url)
      expect(answer.code, JSON.stringify(answer)).to.equal(0)
      expect(of(answer, 'store')?.text).to.match(/^Redis \d+\.\d+\.\d+ at /)
      const store = await openSightingStore(redis.url, { ttlSeconds: 86_400, perIp: 10, spool: 10 })
      expect(await store.total()).to.equal(1)
      await store.close()
      execFileSync('redis-cli', [
        ...['-u', redis.url, 'config', 'set', 'maxmemory-policy', 'allkeys-lru'],
      ])
      const lru = of(await doctor('-i', 'lo', '--redis', redis.url), 'store')
      expect(lru).to.include({ outcome: 'warning' })
      expect(lru?.remedy).to.match(/noeviction/)
    } finally {
      await redis.stop()
    }
  })

  it('warns of a Redis that persists nothing, and of none that does', async () => {
    for (const durable of [false, true]) {
      const redis = await RedisServer.start({ durable })
      try {
        const store = of(await doctor('-i', 'lo', '--redis', redis.url), 'store')
        expect(store?.outcome).to.equal(durable ? 'ok' : 'warning')
        if (!durable) expect(store?.remedy).to.match(/appendonly yes/)
      } finally {
        await redis.stop()
      }
    }
  })

  it('finds hellos on a port that is not watched, behind a VLAN tag; an interface that is down', async function () {
    needs(this, engines)
    const net = (network = new TestNetwork(`htd${process.pid % 10_000}`))
    execFileSync(...net.in('server', 'ip', 'link', 'add', 'off0', 'type', 'veth'))
    // a capture's frames again and again, each with an 802.1Q tag, as a switch mirrors a trunk
    const capture = resolve(import.meta.dirname, '../../captures/curl-openssl3.0.pcap')
    const sender = new Daemon(
      ...net.in(
        'client',
        process.execPath,
        '-e',
        `const { Cap } = require('${createRequire(import.meta.url).resolve('cap')}')
         const pcap = require('fs').readFileSync('${capture}'), cap = new Cap(), frames = []
         for (let at = 24; at < pcap.length; at += 16 + pcap.readUInt32LE(at + 8)) {
           const frame = pcap.subarray(at + 16, at + 16 + pcap.readUInt32LE(at + 8))
           frames.push(Buffer.concat([frame.subarray(0, 12), Buffer.from('81000007', 'hex'), frame.subarray(12)]))
         }
         cap.open('${net.clientInterface}', '', 1 << 20, Buffer.alloc(65535))
         setInterval(() => frames.forEach((frame) => cap.send(frame)), 200)
         console.log('ready')`,
      ),
    )
    daemons.push(sender)
    await sender.says(/ready/)
    const ask = (...args: readonly string[]) =>
      run(
        net.in(
          ...([
            'server',
            process.execPath,
            HELLOTAP,
            'doctor',
            '--json',
            '--seconds',
            '2',
          ] as const),
          ...args,
        ),
      )
    const unwatched = await ask('-i', net.serverInterface, 'off0', '--ports', '9443')
    expect(unwatched.code).to.equal(1)
    expect(of(unwatched, 'interface off0')).to.include({
      outcome: 'failed',
      text: 'the interface is down',
    })
    const traffic = of(unwatched, `traffic ${net.serverInterface}`)
    expect(traffic?.outcome).to.equal('warning')
    expect(traffic?.text).to.match(/hellos? in 2 s, all of them on ports that are not watched/)
    expect(traffic?.remedy).to.equal('--ports 443,9443')
    const watched = await ask('-i', net.serverInterface)
    expect(watched.code, JSON.stringify(watched)).to.equal(0)
    expect(of(watched, `traffic ${net.serverInterface}`)?.text).to.match(
      /frames with a VLAN tag, \d+ hellos? in 2 s, \d+ of them on watched ports/,
    )
  })

  it('is bad usage with a time that is none', async () => {
    const { code, stderr } = await finished(
      spawn(process.execPath, [HELLOTAP, 'doctor', '--seconds', 'x']),
    )
    expect(code).to.equal(2)
    expect(stderr).to.match(/--seconds must be a whole number from 1/)
  })
})
