import { expect } from 'chai'
import fc from 'fast-check'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer as createTlsServer } from 'node:https'
import { capture, needs, tools } from '../capability.js'
import { selfSigned } from '../../src/api/self-signed.js'
import { UserAgentNews, userAgentsOf } from '../../src/sensor/http-agents.js'
import { Daemon, HELLOTAP, finished } from '../hellotap.js'
import { RedisServer } from '../store/redis-server.js'

const seen = (ip: string, userAgent = 'curl/8') => ({ ip, userAgent, timeMicros: 1 })

describe('User-Agents of plain HTTP', () => {
  it('are passed on once a minute for each address', () => {
    let now = 0
    const news = new UserAgentNews(() => now)
    expect(news.newOf([seen('a'), seen('a'), seen('b'), seen('a', 'wget')])).to.have.length(3)
    now = 59_000
    expect(news.newOf([seen('a'), seen('c')])).to.deep.equal([seen('c')])
    now = 61_000
    expect(news.newOf([seen('a')])).to.deep.equal([])
    now = 200_000
    expect(news.newOf([seen('a')])).to.have.length(1)
  })

  it('are remembered within bounds', () => {
    const news = new UserAgentNews(() => 0)
    for (let i = 0; i < 100; i++)
      news.newOf(Array.from({ length: 1000 }, (_, j) => seen(`${i}.${j}`)))
    // the latest are known, the first were let go
    expect(news.newOf([seen('99.999'), seen('0.0')])).to.deep.equal([seen('0.0')])
  })

  it('are taken from a sensor only in their form', () => {
    expect(userAgentsOf({ userAgents: [seen('a')] })).to.deep.equal([seen('a')])
    for (const message of [
      undefined,
      {},
      { interfaces: [], counters: {} },
      { userAgents: [{ ip: 'a' }] },
      { userAgents: [seen('a'.repeat(40))] },
      { userAgents: [seen('a', 'x'.repeat(513))] },
      { userAgents: Array.from({ length: 257 }, () => seen('a')) },
    ])
      expect(userAgentsOf(message)).to.equal(undefined)
    fc.assert(fc.property(fc.anything(), (message) => userAgentsOf(message) === undefined))
  })
})

describe('plain HTTP on the wire', function () {
  this.timeout(40_000)
  let folder = ''
  const daemons: Daemon[] = []
  const plain = createServer((_, res) => res.end('plain'))
  let tls: ReturnType<typeof createTlsServer> | undefined
  let ports = { plain: 0, tls: 0, api: 0 }

  before(async function () {
    needs(this, capture, tools('curl'))
    folder = mkdtempSync(join(tmpdir(), 'hellotap-http-'))
    tls = createTlsServer(await selfSigned(folder), (_, res) => res.end('tls'))
    const spare = createServer()
    const opened = [plain, tls, spare]
    for (const server of opened) {
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
    }
    const [one = 0, two = 0, three = 0] = opened.map(
      (server) => (server.address() as AddressInfo).port,
    )
    spare.close()
    ports = { plain: one, tls: two, api: three }
  })
  afterEach(async () => {
    for (const daemon of daemons.splice(0)) await daemon.stop()
  })
  after(() => {
    plain.close()
    tls?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const curl = (...args: readonly string[]) =>
    finished(spawn('curl', ['-sk', '--max-time', '5', ...args]))
  const start = (...args: readonly string[]) => {
    const daemon = new Daemon(process.execPath, [HELLOTAP, ...args])
    daemons.push(daemon)
    return daemon
  }
  const watched = () => ['-i', 'lo', '--ports', String(ports.tls)]
  const api = () => ['--http-port', String(ports.api), '--https-port', '0']
  const get = async (path: string) =>
    JSON.parse((await curl(`http://127.0.0.1:${ports.api}${path}`)).stdout) as never
  const agents = async () =>
    (
      (await get('/stats?bo=1')) as { fingerprints: { user_agents: object[] }[] }
    ).fingerprints.flatMap(({ user_agents }) => user_agents)
  /** A request in the clear, then the hello a redirect brings. */
  const visit = async () => {
    for (let i = 0; i < 3; i++) await curl('-A', 'Plain/1.0', `http://127.0.0.1:${ports.plain}/`)
    await curl('-A', 'Plain/1.0', `https://127.0.0.1:${ports.tls}/`)
  }
  const learnt = async () => {
    for (let i = 0; i < 80; i++) {
      const now = await agents()
      if (now.length > 0) return now
      await new Promise((settle) => setTimeout(settle, 100))
    }
    return []
  }

  it('teaches the User-Agent of its address, as the weakest evidence', async () => {
    const up = start('up', ...watched(), ...api(), '--http-ports', String(ports.plain))
    await up.says(/serving http/)
    await visit()
    expect(await learnt()).to.deep.equal([{ user_agent: 'Plain/1.0', count: 1, via: { http: 1 } }])
    const { sensor } = (await get('/healthz')) as { sensor: { counters: object } }
    expect(sensor.counters).to.include({ http_requests: 3, http_user_agents: 3 })
  })

  it('does so by way of Redis', async () => {
    const redis = await RedisServer.start()
    try {
      const more = ['--redis', redis.url]
      const sensor = start('capture', ...watched(), ...more, '--http-ports', `${ports.plain}`)
      await sensor.says(/capturing on/)
      await start('serve', ...api(), ...more).says(/serving http/)
      await visit()
      expect(await learnt()).to.deep.equal([
        { user_agent: 'Plain/1.0', count: 1, via: { http: 1 } },
      ])
    } finally {
      await redis.stop()
    }
  })

  it('is not looked at unless asked for', async () => {
    const up = start('up', ...watched(), ...api())
    await up.says(/serving http/)
    await visit()
    await new Promise((settle) => setTimeout(settle, 1500))
    const { sensor } = (await get('/healthz')) as {
      sensor: { counters: { http_requests: number; hellos: number } }
    }
    expect(sensor.counters).to.include({ http_requests: 0, hellos: 1 })
  })
})
