import { storedSightings } from '../../../src/fingerprint/stored-sighting.js'
import { rowsOf } from '../../rows.js'
import { expect } from 'chai'
import { createServer } from 'node:net'
import type { Server } from 'node:net'
import { openSightingStore } from '../../../src/sighting-store.js'
import { parseRedisUrl } from '../../../src/store/redis/redis-connection.js'
import { openRedisStore } from '../../../src/store/redis/redis-store.js'
import { StoreError } from '../../../src/store/contract.js'
import { freePort, RedisServer } from '../redis-server.js'
import { sighting } from '../sightings.js'

const LIMITS = { ttlSeconds: 3600, perIp: 5, spool: 100 }
const SECRET = 'sesame-9f2'

/** The StoreError of an attempt that must fail, with all it says anywhere. */
async function failure(attempt: Promise<unknown>): Promise<{ error: StoreError; all: string }> {
  try {
    await attempt
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    const cause = error.cause instanceof Error ? error.cause : undefined
    const all = [error.stack, JSON.stringify(error), cause?.stack, JSON.stringify(cause)].join(' ')
    return { error, all }
  }
  throw new Error('it did not fail')
}

describe('parseRedisUrl', () => {
  it('reads host, port, database, user and password', () => {
    expect(parseRedisUrl('redis://ann:p%40ss@cache.example:6390/2')).to.deep.equal({
      shown: 'redis://cache.example:6390/2',
      kind: 'server',
      nodes: [{ host: 'cache.example', port: 6390 }],
      options: { host: 'cache.example', port: 6390, db: 2, username: 'ann', password: 'p@ss' },
    })
    expect(parseRedisUrl('redis://[::1]').options).to.deep.equal({ host: '::1', port: 6379, db: 0 })
    expect(parseRedisUrl('rediss://cache.example').options).to.have.property('tls')
    expect(parseRedisUrl('unix:///run/redis.sock')).to.deep.equal({
      shown: 'unix:///run/redis.sock',
      kind: 'server',
      nodes: [],
      options: { path: '/run/redis.sock' },
    })
  })

  it('reads the hosts of a Sentinel group and of a Cluster', () => {
    expect(parseRedisUrl('redis+sentinel://:p@s1,s2:26380,[::1]/tap/3')).to.deep.equal({
      shown: 'redis+sentinel://s1:26379,s2:26380,[::1]:26379/tap/3',
      kind: 'sentinel',
      nodes: [
        { host: 's1', port: 26_379 },
        { host: 's2', port: 26_380 },
        { host: '::1', port: 26_379 },
      ],
      name: 'tap',
      options: { db: 3, password: 'p' },
    })
    expect(parseRedisUrl('rediss+cluster://ann:p@c1,c2:7000')).to.deep.equal({
      shown: 'rediss+cluster://c1:6379,c2:7000',
      kind: 'cluster',
      nodes: [
        { host: 'c1', port: 6379 },
        { host: 'c2', port: 7000 },
      ],
      options: { username: 'ann', password: 'p', tls: {} },
    })
    for (const url of ['redis+sentinel://s1', 'redis+cluster://c1/2', 'redis://a,b'])
      expect(() => parseRedisUrl(url)).to.throw(/^the Redis URL names/)
  })

  for (const url of [
    `redis//:${SECRET}@host`,
    `http://:${SECRET}@host`,
    `redis://:${SECRET}@`,
    `redis://:${SECRET}@host/keys`,
    `redis://:${SECRET}%@host`,
    `redis://:${SECRET}@host:999999`,
    '',
  ])
    it(`refuses ${url === '' ? 'nothing' : url.replace(SECRET, '…')} in one sentence, without the password`, async () => {
      const { error, all } = await failure(
        openRedisStore(url, LIMITS, storedSightings(), { waitForRedis: true }),
      )
      expect(error.code).to.equal('STORE_BAD_URL')
      expect(error.message).to.match(/^the Redis URL .*; write it as redis:\/\//)
      expect(all).not.to.include(SECRET)
    })
})

describe('openRedisStore', () => {
  it('says that nothing listens there, and what to do', async () => {
    const port = await freePort()
    const started = performance.now()
    const { error } = await failure(openSightingStore(`redis://127.0.0.1:${port}`, LIMITS))
    expect(error.code).to.equal('STORE_UNREACHABLE')
    expect(error.message).to.equal(
      `cannot reach Redis at redis://127.0.0.1:${port}: connection refused. Is it running? Start it (apt-get install redis-server), or name another with --redis`,
    )
    expect(performance.now() - started).to.be.below(3500)
  })

  it('says that a host name is not known', async () => {
    const { error } = await failure(openSightingStore('redis://no-such-host.invalid', LIMITS))
    expect(error.code).to.equal('STORE_UNREACHABLE')
    expect(error.message).to.match(/its host name is not known|no answer/)
  })

  describe('with a password', () => {
    let server: RedisServer
    before(async () => (server = await RedisServer.start({ password: SECRET })))
    after(() => server.stop())

    it('works with the right one', async () => {
      const store = await openSightingStore(server.url, LIMITS)
      store.put(rowsOf([sighting({ micros: Date.now() * 1000 })]))
      await store.drain()
      expect(await store.total()).to.equal(1)
      await store.close()
    })

    it('says that one is needed', async () => {
      const { error } = await failure(openSightingStore(`redis://127.0.0.1:${server.port}`, LIMITS))
      expect(error.code).to.equal('STORE_AUTH')
      expect(error.message).to.match(/^Redis at \S+ needs a password: .*redis:\/\/:PASSWORD@/)
    })

    for (const waitForRedis of [false, true])
      it(`says that it is wrong, and never tells it${waitForRedis ? ', even to who would wait' : ''}`, async () => {
        const url = `redis://:wrong-${SECRET}@127.0.0.1:${server.port}`
        const { error, all } = await failure(openSightingStore(url, LIMITS, { waitForRedis }))
        expect(error.code).to.equal('STORE_AUTH')
        expect(error.message).to.match(/^Redis at \S+ refuses the user name or password/)
        expect(all).not.to.include(SECRET)
      })
  })

  describe('where something else listens', () => {
    let other: Server
    let port: number
    let reply: string | undefined
    before(async () => {
      port = await freePort()
      other = createServer((socket) => {
        socket.on('error', () => undefined)
        socket.on('data', () => {
          if (reply !== undefined) socket.end(reply)
        })
      })
      await new Promise<void>((resolve) => other.listen(port, '127.0.0.1', resolve))
    })
    after(() => other.close())

    it('says that it is no Redis', async () => {
      reply = 'HTTP/1.1 400 Bad Request\r\n\r\n'
      const { error } = await failure(openSightingStore(`redis://127.0.0.1:${port}`, LIMITS))
      expect(error.message).to.match(/does not speak the Redis protocol/)
    })

    it('gives up after three seconds of silence', async () => {
      reply = undefined
      const started = performance.now()
      const { error } = await failure(openSightingStore(`redis://127.0.0.1:${port}`, LIMITS))
      expect(error.message).to.match(/no answer/)
      expect(performance.now() - started).to.be.within(2900, 4500)
    })
  })
})
