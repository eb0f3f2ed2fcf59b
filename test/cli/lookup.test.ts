import { rowsOf } from '../rows.js'
import { storedSightings } from '../../src/fingerprint/stored-sighting.js'
import { expect } from 'chai'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createApp } from '../../src/api/app.js'
import { listen } from '../../src/api/listen.js'
import type { Store } from '../../src/store/contract.js'
import { MemoryStore } from '../../src/store/memory/memory-store.js'
import { openSightingStore } from '../../src/sighting-store.js'
import { TOKENS, bearer } from '../api/fixture.js'
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
  const folder = mkdtempSync(join(tmpdir(), 'hellotap-lookup-'))
  const socket = join(folder, 'api.sock')
  after(() => rmSync(folder, { recursive: true, force: true }))

  const serve = (store: Store) =>
    listen(
      { http: { port: 0 }, socket },
      createApp({ store, trustedProxies: [], waitMs: 0, tokens: TOKENS }),
    )

  it('asks the hellotap of this user by its Unix socket, about an address and a fingerprint', async () => {
    const store = new MemoryStore(LIMITS, storedSightings())
    store.put(rowsOf(sightings))
    const listening = await serve(store)
    try {
      expect(statSync(socket).mode & 0o777).to.equal(0o600)
      const address = await hellotap(['lookup', '127.0.0.1', '--data-dir', folder])
      expect(address.code, address.stderr).to.equal(0)
      expect(JSON.parse(address.stdout)).to.include({ num_fingerprints: sightings.length })
      const fingerprint = await hellotap(['lookup', ja4.toUpperCase(), '--socket', socket])
      expect(fingerprint.code, fingerprint.stderr).to.equal(0)
      expect(fingerprint.stdout).to.contain(sightings[0]?.sha3_384_stable)
      for (const unknown of ['192.0.2.1', 'f'.repeat(32)]) {
        const { code, stderr } = await hellotap(['lookup', unknown, '--socket', socket])
        expect(code).to.equal(1)
        expect(stderr).to.match(/no (stored )?sighting/i)
      }
    } finally {
      await listening.close()
      await store.close()
    }
  })

  it('asks one on another machine with a token from a file', async () => {
    const store = new MemoryStore(LIMITS, storedSightings())
    store.put(rowsOf(sightings.map((one) => ({ ...one, src: '192.0.2.7' }))))
    const listening = await serve(store)
    try {
      const file = join(folder, 'token')
      const ask = (role: 'analyst' | 'reader') => {
        writeFileSync(file, `${bearer(role)['Authorization']?.slice('Bearer '.length) ?? ''}\n`)
        const port = String(listening.http?.port)
        return hellotap(['lookup', '192.0.2.7', '--token-file', file, '--http-port', port])
      }
      const { code, stdout, stderr } = await ask('analyst')
      expect(code, stderr).to.equal(0)
      expect(stdout).to.contain(ja4)
      expect((await ask('reader')).stderr).to.contain('needs the role analyst')
    } finally {
      await listening.close()
      await store.close()
    }
  })

  it('prints the same document from Redis as from the API', async () => {
    const redis = await RedisServer.start()
    const store = await openSightingStore(redis.url, LIMITS)
    const listening = await serve(store)
    try {
      store.put(rowsOf(sightings))
      await store.drain()
      for (const value of ['127.0.0.1', ja4]) {
        const [direct, asked] = await Promise.all([
          hellotap(['lookup', value, '--redis', redis.url, '--ttl', '3600']),
          hellotap(['lookup', value, '--socket', socket]),
        ])
        expect(direct.code, direct.stderr).to.equal(0)
        const withoutNow = (text: string) => text.replace(/"now": "[^"]*"/, '"now"')
        expect(withoutNow(direct.stdout)).to.equal(withoutNow(asked.stdout))
      }
      const unknown = await hellotap(['lookup', '192.0.2.1', '--redis', redis.url])
      expect([unknown.code, unknown.stdout]).to.deep.equal([1, ''])
    } finally {
      await listening.close()
      await store.close()
      await redis.stop()
    }
  })

  it('says that no hellotap answers, and what to do', async () => {
    const { code, stderr } = await hellotap([
      'lookup',
      '127.0.0.1',
      '--socket',
      '/nowhere/api.sock',
    ])
    expect(stderr).to.match(
      /no hellotap answers at the Unix socket \/nowhere\/api\.sock.*hellotap up/,
    )
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
