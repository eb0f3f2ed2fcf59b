import { expect } from 'chai'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { createApp } from '../../src/api/app.js'
import { listen } from '../../src/api/listen.js'
import { MemoryStore } from '../../src/store/memory/memory-store.js'
import { openStore } from '../../src/store/open-store.js'
import { hellotap, sightingsIn } from '../hellotap.js'
import { RedisServer } from '../store/redis-server.js'

const LIMITS = { ttlSeconds: 3600, perIp: 100, spool: 1000 }
const golden = resolve(import.meta.dirname, '../../captures/curl-openssl3.0.jsonl')
/** Real sightings, as if just seen. */
const sightings = sightingsIn(readFileSync(golden, 'utf8')).map((sighting) => ({
  ...sighting,
  time: new Date().toISOString().replace('Z', '000Z'),
}))
const ja4 = sightings[0]?.ja4 ?? ''

describe('hellotap lookup', () => {
  it('asks a running hellotap about an address and about a fingerprint', async () => {
    const store = new MemoryStore(LIMITS)
    store.put(sightings)
    await store.drain()
    const app = createApp({ store, trustedProxies: [], waitMs: 0 })
    const listening = await listen({ http: { port: 0 } }, app)
    try {
      const port = String(listening.http?.port)
      const address = await hellotap(['lookup', '127.0.0.1', '--http-port', port])
      expect(address.code, address.stderr).to.equal(0)
      expect(JSON.parse(address.stdout)).to.be.an('object')
      expect(address.stdout).to.contain(ja4)
      const fingerprint = await hellotap(['lookup', ja4, '--http-port', port])
      expect(fingerprint.code, fingerprint.stderr).to.equal(0)
      expect(fingerprint.stdout).to.contain(sightings[0]?.sha3_384_stable)
      expect((await hellotap(['lookup', '192.0.2.1', '--http-port', port])).code).to.equal(1)
      expect((await hellotap(['lookup', 'f'.repeat(32), '--http-port', port])).code).to.equal(1)
    } finally {
      await listening.close()
      await store.close()
    }
  })

  it('asks Redis itself', async () => {
    const redis = await RedisServer.start()
    const store = await openStore(redis.url, LIMITS)
    try {
      store.put(sightings)
      await store.drain()
      const { code, stdout, stderr } = await hellotap(['lookup', '127.0.0.1', '--redis', redis.url])
      expect(code, stderr).to.equal(0)
      expect((JSON.parse(stdout) as { total: number }).total).to.equal(sightings.length)
      expect((await hellotap(['lookup', ja4, '--redis', redis.url])).code).to.equal(0)
      expect((await hellotap(['lookup', '192.0.2.1', '--redis', redis.url])).code).to.equal(1)
    } finally {
      await store.close()
      await redis.stop()
    }
  })

  it('says that no hellotap answers, and what to do', async () => {
    const { code, stderr } = await hellotap(['lookup', '127.0.0.1', '--http-port', '1'])
    expect(stderr).to.match(/no hellotap answers at http:\/\/127\.0\.0\.1:1\/.*hellotap up/)
    expect(code).to.equal(1)
  })

  it('refuses what is neither address nor fingerprint', async () => {
    expect((await hellotap(['lookup', 'a b'])).code).to.equal(2)
  })
})

describe('hellotap interfaces', () => {
  it('lists loopback with its address', async () => {
    const { code, stdout } = await hellotap(['interfaces'])
    expect(code).to.equal(0)
    expect(stdout).to.match(/^lo\s+up\s+yes\s.*127\.0\.0\.1/m)
  })
})

describe('hellotap --version', () => {
  it('is the package’s', async () => {
    const { version } = JSON.parse(
      readFileSync(resolve(import.meta.dirname, '../../package.json'), 'utf8'),
    ) as { version: string }
    expect((await hellotap(['--version'])).stdout.trim()).to.equal(version)
  })
})
