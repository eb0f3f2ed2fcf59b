// Attacks from one address on a running API, while another address asks for its fingerprint: each of its requests must be
// answered, and the memory of the process must stay bounded. How long the answers take is printed, not asserted: it depends
// on what else the machine does.

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
const MOST_RSS_KB = 400 * 1024
/** The victim's requests during one attack. */
const REQUESTS = 60
const PAUSE_MILLIS = 30
/** Milliseconds after which a request counts as unanswered. */
const ANSWER_MILLIS = 5000
/** The attacker's hellos: 110 of 20 KB, as many as an address may have by default and more. */
const LARGE_HELLOS = 110
const CIPHERS = 9900
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

describe('the API under attack from one address', function () {
  this.timeout(120_000)
  let redis: RedisServer
  let api: Daemon
  let port: number

  before(async function () {
    needs(this, proc)
    redis = await RedisServer.start()
    const store = await openSightingStore(redis.url, LIMITS)
    for (let i = 0; i < LARGE_HELLOS; i++) store.put(rowsOf([largeSighting(i + 1)]))
    store.put(rowsOf([sighting({ src: VICTIM, ja4: 'victim', time: new Date().toISOString() })]))
    await store.drain()
    await store.close()
  })
  after(() => (redis as RedisServer | undefined)?.stop())
  beforeEach(async () => {
    port = await freePort()
    const args = ['serve', '--redis', redis.url, '--http-port', String(port), '--https-port', '0']
    api = new Daemon(process.execPath, [
      HELLOTAP,
      ...args,
      '--socket',
      join('/tmp', `h${port}.sock`),
    ])
    await api.says(/serving http/)
  })
  afterEach(() => api.stop('SIGKILL'))

  const rss = () => {
    const status = readFileSync(`/proc/${api.child.pid}/status`, 'utf8')
    return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1])
  }

  for (const attack of [
    'lists that nobody reads, pipelined',
    'lists, read as fast as they come',
    'statistics that nobody reads, pipelined',
    'readers of statistics of every length',
    'readers of /fps',
    'connections that send nothing',
    'requests that never end',
    'pipelined requests without a pause',
  ])
    it(`answers another, in bounded memory: ${attack}`, async () => {
      const tsx = createRequire(import.meta.url).resolve('tsx')
      const script = join(import.meta.dirname, 'attacker.ts')
      const args = ['--import', tsx, script, attack, String(port), ATTACKER]
      const attacker = new Daemon(process.execPath, args)
      let mostRss = 0
      const times: number[] = []
      try {
        await attacker.says(/attacking/)
        for (let n = 0; n < REQUESTS; n++) {
          times.push(await ask(port))
          await sleep(PAUSE_MILLIS)
          mostRss = Math.max(mostRss, rss())
        }
      } finally {
        await attacker.stop('SIGKILL')
      }
      times.sort((a, b) => a - b)
      const p99 = times[Math.ceil(times.length * 0.99) - 1] ?? NaN
      console.log(`      p99 ${p99.toFixed(0)} ms, ${Math.round(mostRss / 1024)} MiB`)
      expect(mostRss, 'kB of memory').to.be.at.most(MOST_RSS_KB)
      expect(await api.stop()).to.equal(0)
    })
})
