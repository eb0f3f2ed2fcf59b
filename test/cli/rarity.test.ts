// `hellotap rarity` as users run it: of a hellotap by its Unix socket, and directly from Redis.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect } from 'chai'
import { createApp } from '../../src/api/app.js'
import { listen } from '../../src/api/listen.js'
import { openSightingStore } from '../../src/sighting-store.js'
import { hellotap, sightingsIn } from '../hellotap.js'
import { RedisServer } from '../store/redis-server.js'

const capture = resolve(import.meta.dirname, '../../captures/curl-openssl3.0.pcap')

describe('hellotap rarity', function () {
  this.timeout(120_000)
  const folder = mkdtempSync(join(tmpdir(), 'hellotap-rarity-'))
  const socket = join(folder, 'api.sock')
  let redis: RedisServer
  let ja4 = ''

  before(async () => {
    redis = await RedisServer.start()
    const read = await hellotap(['read', capture, '--redis', redis.url, '--as-of', 'now', '-q'])
    expect(read.code, read.stderr).to.equal(0)
    const lines = await hellotap(['read', capture, '-q'])
    ja4 = sightingsIn(lines.stdout)[0]?.ja4 ?? ''
  })
  after(async () => {
    await redis.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  it('prints the same from Redis and from a running hellotap', async () => {
    const direct = await hellotap(['rarity', ja4, '--redis', redis.url])
    expect(direct.code, direct.stderr).to.equal(0)
    const answer = JSON.parse(direct.stdout) as {
      counted_by: string
      windows: Record<string, object>
      parts: { part: string; value: string }[]
    }
    expect(answer.counted_by).to.equal('ja4')
    expect(answer.windows['1h']).to.include({ k: 1, of: 1, rank: 1, bits: 0, exact: true })
    expect(answer.parts.find(({ part }) => part === 'alpn')?.value).to.equal('h2,http/1.1')
    const limits = { ttlSeconds: 86_400, perIp: 100, spool: 1000 }
    const store = await openSightingStore(redis.url, limits)
    const app = createApp({ store, trustedProxies: [], waitMs: 0 })
    const listening = await listen({ http: { port: 0 }, socket }, app)
    try {
      const asked = await hellotap(['rarity', ja4.toUpperCase(), '--socket', socket])
      expect(asked.code, asked.stderr).to.equal(0)
      const { windows, parts } = JSON.parse(asked.stdout) as typeof answer
      expect(windows).to.deep.equal(answer.windows)
      expect(parts).to.deep.equal(answer.parts)
    } finally {
      await listening.close()
      await store.close()
    }
  })

  it('says whether it is new for a client', async () => {
    const args = ['rarity', ja4, '--ip', '127.0.0.1', '--redis', redis.url]
    const { code, stdout, stderr } = await hellotap(args)
    expect(code, stderr).to.equal(0)
    const { novelty } = JSON.parse(stdout) as { novelty: { verdict: string; reasons: object[] } }
    // Redis has learnt for no week yet
    expect(novelty.verdict).to.equal('unknown')
    expect(novelty.reasons.at(-1)).to.include({ code: 'learning.period' })
  })

  it('exits with 1 for what no client showed, and 2 for what is no fingerprint', async () => {
    const unknown = await hellotap(['rarity', 'f'.repeat(32), '--redis', redis.url])
    expect(unknown.code).to.equal(1)
    expect(unknown.stderr).to.contain('no counted client')
    expect((await hellotap(['rarity', 'x', '--redis', redis.url])).code).to.equal(2)
    expect((await hellotap(['rarity', ja4, '--ip', 'x', '--redis', redis.url])).code).to.equal(2)
  })
})
