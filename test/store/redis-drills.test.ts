// What goes wrong with a real Redis: nothing is lost below the bound, nothing counted twice, and what is lost is told.

import { expect } from 'chai'
import { Redis } from 'ioredis'
import { openStore } from '../../src/store/open-store.js'
import type { Store } from '../../src/store/contract.js'
import { StoreError } from '../../src/store/contract.js'
import { LossyProxy } from './lossy-proxy.js'
import { pause, RedisServer, until } from './redis-server.js'
import { sighting } from './sightings.js'

const LIMITS = { ttlSeconds: 3600, perIp: 1000, spool: 20_000 }
const CLIENTS = 20

let serial = 0
/** `count` sightings of now, from a few clients, each with a number of its own as its sensor. */
function some(count: number) {
  return Array.from({ length: count }, () => {
    const number = serial++
    return sighting({
      ip: `10.0.0.${number % CLIENTS}`,
      port: 1024 + (number % 60_000),
      fingerprint: number % 5,
      micros: Date.now() * 1000,
      sensor: String(number),
    })
  })
}

/** The numbers of all sightings held, in order. */
async function held(store: Store): Promise<number[]> {
  const numbers: number[] = []
  for (let i = 0; i < CLIENTS; i++)
    for (const { sensor } of (await store.sightings(`10.0.0.${i}`, 0, 1000)).sightings)
      numbers.push(Number(sensor))
  return numbers.sort((a, b) => a - b)
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)

/** Every kind of counter must say the same number. */
async function expectCounted(store: Store, count: number): Promise<void> {
  const stats = await store.stats({ onlyWithUserAgent: false, top: 100 })
  expect(stats.total_sightings).to.equal(count)
  expect(stats.fingerprints.reduce((sum, each) => sum + each.count, 0)).to.equal(count)
  expect(stats.distributions.client_hello_version[0]?.count).to.equal(count)
}

describe('when Redis goes away', () => {
  let server: RedisServer
  let store: Store

  beforeEach(async () => {
    serial = 0
    server = await RedisServer.start({ durable: true })
    store = await openStore(server.url, LIMITS)
  })
  afterEach(async () => {
    await store.close()
    await server.stop()
  })

  it('stores every sighting exactly once through kill -9 and restart mid-stream', async () => {
    for (let kills = 0; kills < 2; kills++) {
      for (let i = 0; i < 10; i++) {
        store.put(some(100))
        await pause(5)
      }
      // with batches in flight
      store.put(some(2000))
      await pause(kills * 7)
      const killed = server.kill()
      store.put(some(500))
      await killed
      store.put(some(500))
      expect(store.health().spooled).to.be.above(0)
      await server.restart()
      store.put(some(100))
    }
    await until(() => store.health().spooled === 0, 6000, 'an empty spool')
    expect(store.health()).to.include({ ready: true, dropped: 0 })
    expect(await held(store)).to.deep.equal(range(0, serial))
    await expectCounted(store, serial)
  })

  it('counts a batch once that Redis had done when its answer was lost', async () => {
    const proxy = await LossyProxy.start(server.port)
    const through = await openStore(`redis://127.0.0.1:${proxy.port}`, LIMITS)
    try {
      for (let losses = 0; losses < 3; losses++) {
        through.put(some(300))
        await through.drain()
        proxy.loseNextReply()
        through.put(some(700))
        await until(() => proxy.lost === losses + 1, 3000, 'a lost answer')
        await until(() => through.health().spooled === 0, 3000, 'an empty spool')
      }
      expect(await held(store)).to.deep.equal(range(0, 3000))
      await expectCounted(store, 3000)
    } finally {
      await through.close()
      proxy.close()
    }
  })

  it('outlives a Redis that hangs without closing the connection', async () => {
    server.freeze()
    store.put(some(1000))
    await pause(150)
    expect(store.health()).to.include({ spooled: 1000, dropped: 0 })
    // a request waits for the answer: what was put is found without Redis, and who asks for what was not is not held up
    expect((await store.connection('10.0.0.1', 1025, 100))?.srcport).to.equal(1025)
    const started = performance.now()
    const error: unknown = await store
      .connection('192.0.2.9', 7, 100)
      .catch((reason: unknown) => reason)
    expect(error).to.be.instanceOf(StoreError).and.to.include({ code: 'STORE_UNREACHABLE' })
    expect(performance.now() - started).to.be.below(1500)
    server.resume()
    await store.drain()
    expect(await held(store)).to.deep.equal(range(0, 1000))
    await expectCounted(store, 1000)
  })

  it('says so, refuses questions in a sentence, and goes on taking sightings at once', async () => {
    store.put(some(10))
    await store.drain()
    await server.kill()
    await until(() => !store.health().ready)
    const waiting = some(5000)
    const started = performance.now()
    expect(store.put(waiting)).to.equal(true)
    expect(performance.now() - started).to.be.below(1000)
    expect(store.health()).to.include({ kind: 'redis', ready: false, spooled: 5000, dropped: 0 })
    await until(() => /connection refused/.test(store.health().reason ?? ''))
    for (const question of [
      () => store.latest('10.0.0.1'),
      () => store.stats({ onlyWithUserAgent: false, top: 1 }),
      () => store.connection('10.0.0.1', 7, 100),
    ]) {
      const error: unknown = await question().catch((reason: unknown) => reason)
      expect(error).to.be.instanceOf(StoreError).and.to.include({ code: 'STORE_UNREACHABLE' })
    }
    await server.restart()
    await until(() => store.health().spooled === 0)
    expect(store.health()).not.to.have.property('reason')
    expect(await store.total()).to.equal(5010)
    // one time, from Redis' end to its return: what was asked meanwhile began no other
    expect(store.health().gaps).to.equal(1)
    expect(store.health().gap_millis).to.be.within(50, performance.now() - started + 500)
  })

  it('drains no longer than two seconds in vain, and closes in bounded time', async () => {
    await server.kill()
    store.put(some(10))
    const started = performance.now()
    const closed = store.close()
    await store.drain()
    expect(performance.now() - started).to.be.within(1900, 3000)
    await closed
    expect(performance.now() - started).to.be.below(4000)
    expect(store.health()).to.include({ spooled: 0, dropped: 10 })
  })

  it('lets go of the oldest beyond the spool, and counts them', async () => {
    await store.close()
    store = await openStore(server.url, { ...LIMITS, spool: 1000 })
    await server.kill()
    await until(() => !store.health().ready)
    for (let i = 0; i < 30; i++) store.put(some(100))
    expect(store.health()).to.include({ spooled: 1000, dropped: 2000 })
    await server.restart()
    await until(() => store.health().spooled === 0, 5000, 'an empty spool')
    expect(await held(store)).to.deep.equal(range(2000, 3000))
    await expectCounted(store, 1000)
  })

  it('comes to know everything again after a Redis that has forgotten all', async () => {
    const [first] = some(1)
    if (first === undefined) throw new Error('one was asked for')
    store.put([first])
    await store.drain()
    const admin = new Redis(server.port, '127.0.0.1')
    await admin.flushall()
    admin.disconnect()
    await server.kill()
    await server.restart()
    await until(() => store.health().ready)
    store.put([first])
    await store.drain()
    expect(await store.fingerprint(first.ja4 ?? '')).to.include({ count: 1, ja4: first.ja4 })
  })
})

describe('a Redis that is slower than what comes', () => {
  it('asks the caller to wait once half the spool is full, and for no longer', async () => {
    serial = 0
    const server = await RedisServer.start()
    const store = await openStore(server.url, { ...LIMITS, spool: 1000 })
    try {
      expect(store.put(some(500))).to.equal(true)
      expect(store.put(some(1))).to.equal(false)
      await store.drain()
      expect(store.put(some(1))).to.equal(true)
      await store.drain()
      expect(store.health()).to.include({ spooled: 0, dropped: 0 })
      expect(await held(store)).to.deep.equal(range(0, 502))
    } finally {
      await store.close()
      await server.stop()
    }
  })
})

describe('with waitForRedis', () => {
  it('starts without Redis, and stores what it took once that comes', async () => {
    serial = 0
    const server = await RedisServer.start()
    await server.kill()
    const store = await openStore(server.url, LIMITS, { waitForRedis: true })
    try {
      expect(store.health()).to.include({ ready: false })
      store.put(some(50))
      await server.restart()
      await until(() => store.health().spooled === 0)
      expect(await held(store)).to.deep.equal(range(0, 50))
    } finally {
      await store.close()
      await server.stop()
    }
  })
})

describe('with a Redis that refuses', () => {
  let server: RedisServer
  let admin: Redis
  let store: Store

  beforeEach(async () => {
    serial = 0
    server = await RedisServer.start()
    admin = new Redis(server.port, '127.0.0.1')
    store = await openStore(server.url, LIMITS)
  })
  afterEach(async () => {
    admin.disconnect()
    await store.close()
    await server.stop()
  })

  it('waits while its memory is full, saying so, and then stores everything', async () => {
    await admin.config('SET', 'maxmemory', '1')
    store.put(some(100))
    await until(() => /is full: raise its maxmemory/.test(store.health().reason ?? ''))
    expect(store.health()).to.include({ ready: false, spooled: 100, dropped: 0, gaps: 1 })
    expect(store.health().gap_millis).to.be.above(0)
    await admin.config('SET', 'maxmemory', '0')
    await until(() => store.health().spooled === 0)
    expect(await held(store)).to.deep.equal(range(0, 100))
    await expectCounted(store, 100)
  })

  it('gives a batch up that it refuses for good, counts it, and goes on', async () => {
    await admin.set('hellotap:{10.0.0.3}', 'someone else’s')
    store.put(some(4))
    await until(() => store.health().spooled === 0, 7000)
    expect(store.health().dropped).to.equal(4)
    store.put(some(1).map((each) => ({ ...each, src: '10.0.0.9' })))
    await store.drain()
    expect(store.health()).to.include({ ready: true, dropped: 4 })
    expect((await store.latest('10.0.0.9'))?.sensor).to.equal('4')
  })

  it('says where the database holds what is not ours', async () => {
    await admin.set('hellotap:{stats}:buckets', 'someone else’s')
    const error: unknown = await store.total().catch((reason: unknown) => reason)
    expect(error).to.be.instanceOf(StoreError).and.to.include({ code: 'STORE_BAD_DATA' })
    expect((error as StoreError).message).to.match(/^Redis at \S+ refuses a command \(WRONGTYPE/)
  })

  it('skips rows that are no sightings, and counts them', async () => {
    const [good] = some(1)
    if (good === undefined) throw new Error('one was asked for')
    store.put([good])
    await store.drain()
    const later = (Date.now() + 1000) * 1000
    for (const [i, row] of [
      '',
      'x',
      'z 1 - {"time":',
      'z 1 - {}',
      'z 1 - []',
      'zz',
      'zzz',
      'y',
      'w',
    ].entries())
      await admin.zadd('hellotap:{10.0.0.0}', later + i, row)
    expect((await store.latest('10.0.0.0'))?.sensor).to.equal('0')
    expect(store.health().bad_rows).to.equal(9)
    const { sightings } = await store.sightings('10.0.0.0', 0, 100)
    expect(sightings).to.deep.equal([good])
    expect(await store.concurrent('10.0.0.0')).to.equal(1)
  })

  it('rewrites sightings alone: keys it does not know, times to live and all else stay', async () => {
    store.put(some(1))
    await store.drain()
    const key = 'hellotap:{10.0.0.0}'
    const [row = '', score = ''] = await admin.zrange(key, '0', '0', 'WITHSCORES')
    const extended = row.replace('{', '{"later_version":1,')
    await admin.multi().zadd(key, score, extended).zrem(key, row).exec()
    await admin.zadd(key, Number(score) + 1, 'z 1 - {}')
    await admin.set('hellotap:{10.0.0.1}', 'no rows')

    await store.rewrite((sighting) => ({ ...sighting, ja4: 'again' }))
    const rows = await admin.zrange(key, '0', '-1', 'WITHSCORES')
    expect(rows).to.deep.equal([
      extended.replace(/"ja4":"[^"]*"/, '"ja4":"again"'),
      score,
      'z 1 - {}',
      String(Number(score) + 1),
    ])
    expect(await admin.pttl(key)).to.be.above(0)
    expect(await admin.get('hellotap:{10.0.0.1}')).to.equal('no rows')
    // Alone in its set, a row leaves it empty for no moment: an empty set is forgotten, and its time to live with it.
    await admin.zrem(key, 'z 1 - {}')
    await store.rewrite((sighting) => ({ ...sighting, ja4: 'and again' }))
    expect((await store.latest('10.0.0.0'))?.ja4).to.equal('and again')
    expect(await admin.pttl(key)).to.be.above(0)
  })
})

describe('two processes on one Redis', () => {
  it('see each other’s sightings: one waits for the hello that the other puts', async () => {
    const server = await RedisServer.start()
    const sensor = await openStore(server.url, LIMITS)
    const api = await openStore(server.url, LIMITS)
    try {
      for (const port of [7, 8]) {
        const waited = api.connection('10.0.0.1', port, 3000)
        await pause(50)
        const started = performance.now()
        sensor.put([sighting({ ip: '10.0.0.1', port, micros: Date.now() * 1000 })])
        expect((await waited)?.srcport).to.equal(port)
        expect(performance.now() - started).to.be.below(500)
      }
      await sensor.drain()
      expect(await api.total()).to.equal(2)
      const total = (await api.stats({ onlyWithUserAgent: false, top: 1 })).fingerprints[0]
      expect(total?.count).to.equal(2)
    } finally {
      await sensor.close()
      await api.close()
      await server.stop()
    }
  })
})

describe('keys in Redis', () => {
  it('live neither for ever nor for no time at all, however the clock jumps', async () => {
    const server = await RedisServer.start()
    const admin = new Redis(server.port, '127.0.0.1')
    let jump = 0
    const store = await openStore(server.url, LIMITS, { now: () => Date.now() + jump })
    try {
      for (const hours of [0, 1, -1, 24 * 365, 0]) {
        jump = hours * 3_600_000
        const [made] = some(1)
        if (made === undefined) throw new Error('one was asked for')
        store.put([
          { ...made, time: new Date(Date.now() + jump).toISOString().replace('Z', '000Z') },
        ])
        await store.drain()
        await store.observeUserAgent({
          ip: made.src,
          userAgent: `curl/${hours}`,
          via: 'api',
          time: (Date.now() + jump) / 1000,
        })
        expect((await store.latest(made.src))?.sensor, `${hours} h`).to.equal(made.sensor)
        for (const key of await admin.keys('*'))
          expect(await admin.pttl(key), `${hours} h, ${key}`).to.be.within(1, 3 * 3900 * 1000)
      }
      expect(store.health()).to.include({ ready: true, dropped: 0, bad_rows: 0 })
    } finally {
      await store.close()
      admin.disconnect()
      await server.stop()
    }
  })

  it('all expire, and those of a step share a Cluster hash slot', async () => {
    const server = await RedisServer.start()
    const admin = new Redis(server.port, '127.0.0.1')
    const store = await openStore(server.url, LIMITS)
    try {
      store.put(some(100))
      await store.drain()
      await store.observeUserAgent({
        ip: '10.0.0.1',
        userAgent: 'curl/8',
        via: 'api',
        time: Date.now() / 1000,
      })
      const keys = await admin.keys('*')
      expect(keys.length).to.be.above(CLIENTS)
      for (const key of keys) {
        expect(key).to.match(/^hellotap:\{(stats|10\.0\.0\.\d+)\}/)
        expect(await admin.pttl(key), key).to.be.within(1, 3 * (3600 + 300) * 1000)
      }
      // an address's rows go with their TTL
      expect(await admin.pttl('hellotap:{10.0.0.1}')).to.be.at.most(3_600_000)
    } finally {
      await store.close()
      admin.disconnect()
      await server.stop()
    }
  })
})
