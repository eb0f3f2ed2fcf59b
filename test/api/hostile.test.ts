// Attacks from one address on a running API, while another address asks for its fingerprint: it must get it, and soon, and
// the memory of the process must stay bounded. In turn with each request it sends the same one to an API with a Redis of its
// own that nobody attacks, so that what else the machine does, the attacker included, slows both.

import { expect } from 'chai'
import { readFileSync } from 'node:fs'
import { get } from 'node:http'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { proc, needs } from '../capability.js'
import type { Sighting } from '../../src/model/sighting.js'
import { openSightingStore } from '../../src/sighting-store.js'
import { Daemon, HELLOTAP, freePort } from '../hellotap.js'
import { rowsOf } from '../rows.js'
import { RedisServer } from '../store/redis-server.js'
import { sighting } from './fixture.js'

const ATTACKER = '127.0.0.2'
const VICTIM = '127.0.0.3'
const OTHER = '127.0.0.4'
const MOST_RSS_KB = 400 * 1024
/** Milliseconds that 99 % of answers take at most; on a machine that is busy, a multiple of what they take without an attack. */
const MOST_MILLIS = 50
const MOST_TIMES = 3
/** The victim's requests to each API during one attack. */
const REQUESTS = 300
/** Those before, until both APIs have compiled what they run. */
const FIRST_REQUESTS = 150
const PAUSE_MILLIS = 10
/** Milliseconds after which a request counts as unanswered. */
const ANSWER_MILLIS = 5000
/** The attacker's hellos: 110 of 20 KB, as many as an address may have by default and more. */
const LARGE_HELLOS = 110
const CIPHERS = 9900
/** Fingerprints that the statistics name. */
const FINGERPRINTS = 1000
const LIMITS = { ttlSeconds: 3600, perIp: 100, spool: 10_000 }

/** A ClientHello of 9,900 ciphers, base64, and the sighting it would make. */
function largeSighting(srcport: number): Sighting {
  const suites = Buffer.alloc(2 * CIPHERS)
  for (let i = 0; i < CIPHERS; i++) suites.writeUInt16BE((i * 7 + srcport) & 0xffff, 2 * i)
  const length = Buffer.from([suites.length >> 8, suites.length & 0xff])
  const body = Buffer.concat([Buffer.alloc(35, 3), length, suites, Buffer.from([1, 0])])
  body[34] = 0
  const header = Buffer.from([1, 0, body.length >> 8, body.length & 0xff])
  const hello = Buffer.concat([header, body])
  const ids = Array.from({ length: CIPHERS }, (_, i) => suites.readUInt16BE(2 * i)).join(',')
  const base = sighting()
  return {
    ...base,
    time: new Date().toISOString(),
    src: ATTACKER,
    srcport,
    hello: hello.toString('base64'),
    hello_len: hello.length,
    ...(base.tls_fp === undefined ? {} : { tls_fp: { ...base.tls_fp, ciphers: ids } }),
  }
}

/** Milliseconds until the answer of /fps was whole. */
function ask(port: number): Promise<number> {
  const began = performance.now()
  return new Promise((resolve, reject) => {
    const options = {
      host: '127.0.0.1',
      port,
      localAddress: VICTIM,
      path: '/fps',
      agent: false,
      signal: AbortSignal.timeout(ANSWER_MILLIS),
    }
    get(options, (res) => {
      let text = ''
      res.setEncoding('utf8').on('data', (part: string) => (text += part))
      res.on('end', () => {
        if (res.statusCode === 200 && text.includes('"victim"')) resolve(performance.now() - began)
        else reject(new Error(`${res.statusCode}: ${text}`))
      })
    }).on('error', reject)
  })
}

/** A Redis with the sightings of attacker and victim. */
async function filledRedis(): Promise<RedisServer> {
  const redis = await RedisServer.start()
  const store = await openSightingStore(redis.url, LIMITS)
  for (let i = 0; i < LARGE_HELLOS; i++) store.put(rowsOf([largeSighting(i + 1)]))
  for (let i = 0; i < FINGERPRINTS; i++)
    store.put(
      rowsOf([
        sighting({
          src: OTHER,
          time: new Date().toISOString(),
          sha3_384_stable: String(i).padStart(96, '0'),
        }),
      ]),
    )
  store.put(rowsOf([sighting({ src: VICTIM, ja4: 'victim', time: new Date().toISOString() })]))
  await store.drain()
  await store.close()
  return redis
}

interface Api {
  readonly port: number
  readonly daemon: Daemon
}

async function serve(redis: RedisServer): Promise<Api> {
  const port = await freePort()
  const socket = join('/tmp', `h${port}.sock`)
  const ports = ['--http-port', String(port), '--https-port', '0', '--socket', socket]
  const daemon = new Daemon(process.execPath, [HELLOTAP, 'serve', '--redis', redis.url, ...ports])
  await daemon.says(/serving http/)
  return { port, daemon }
}

/** Most memory that a process had, kB. */
function peakRss({ daemon }: Api): number {
  const status = readFileSync(`/proc/${daemon.child.pid}/status`, 'utf8')
  return Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1])
}

function percentile99(times: number[]): number {
  times.sort((a, b) => a - b)
  return times[Math.ceil(times.length * 0.99) - 1] ?? Infinity
}

describe('the API under attack from one address', function () {
  this.timeout(120_000)
  let servers: RedisServer[] = []
  let attacked: Api
  let quiet: Api

  before(async function () {
    needs(this, proc)
    servers = [await filledRedis(), await filledRedis()]
    quiet = await serve(servers[1] as RedisServer)
    for (let n = 0; n < FIRST_REQUESTS; n++) await ask(quiet.port)
  })
  after(async () => {
    await (quiet as Api | undefined)?.daemon.stop('SIGKILL')
    for (const redis of servers) await redis.stop()
  })
  beforeEach(async () => {
    attacked = await serve(servers[0] as RedisServer)
    for (let n = 0; n < FIRST_REQUESTS; n++) await ask(attacked.port)
  })
  afterEach(() => attacked.daemon.stop('SIGKILL'))

  for (const attack of [
    'lists that nobody reads, pipelined',
    'lists that nobody reads, one a connection',
    'lists, read as fast as they come',
    'details of a large hello',
    'statistics that nobody reads, pipelined',
    'readers of statistics of every length',
    'readers of /fps',
    'connections that send nothing',
    'requests that never end',
    'pipelined requests without a pause',
  ])
    it(`answers another within ${MOST_MILLIS} ms and in bounded memory: ${attack}`, async () => {
      const tsx = createRequire(import.meta.url).resolve('tsx')
      const script = join(import.meta.dirname, 'attacker.ts')
      const args = ['--import', tsx, script, attack, String(attacked.port), ATTACKER]
      const attacker = new Daemon(process.execPath, args)
      const times: number[] = []
      const quietTimes: number[] = []
      try {
        await attacker.says(/attacking/)
        for (let n = 0; n < REQUESTS; n++) {
          times.push(await ask(attacked.port))
          await sleep(PAUSE_MILLIS)
          quietTimes.push(await ask(quiet.port))
          await sleep(PAUSE_MILLIS)
        }
        expect(attacker.child.exitCode, 'the attack goes on').to.equal(null)
      } finally {
        await attacker.stop('SIGKILL')
      }
      const [p99, quietP99] = [percentile99(times), percentile99(quietTimes)]
      const rss = peakRss(attacked)
      const figures = `p99 ${p99.toFixed(0)} ms, ${quietP99.toFixed(0)} without the attack, ${rss >> 10} MiB`
      console.log(`      ${figures}`)
      expect(rss, 'kB of memory').to.be.at.most(MOST_RSS_KB)
      expect(p99, figures).to.be.at.most(Math.max(MOST_MILLIS, MOST_TIMES * quietP99))
      // it ends in good time
      expect(await attacked.daemon.stop()).to.equal(0)
    })
})
