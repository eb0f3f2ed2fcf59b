import { rowsOf } from '../rows.js'
// What goes wrong with a real Redis: nothing is lost below the bound, nothing counted twice, and what is lost is told.

import { expect } from 'chai'
import { Redis } from 'ioredis'
import { openSightingStore } from '../../src/sighting-store.js'
import type { Store } from '../../src/store/contract.js'
import { StoreError } from '../../src/store/contract.js'
import { addressKey } from '../../src/store/address-key.js'
import { prefixOf } from '../../src/store/redis/partitions.js'
import { rowKeys } from '../../src/store/redis/redis-rows.js'
import { bucketSeconds } from '../../src/store/traits.js'
import { ask } from './redis-groups.js'
import { LossyProxy } from './lossy-proxy.js'
import { pause, RedisServer, until } from './redis-server.js'
import { sighting } from './sightings.js'

const LIMITS = { ttlSeconds: 3600, rememberSeconds: 3600, perIp: 1000, spool: 20_000 }
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
    store = await openSightingStore(server.url, LIMITS)
  })
  afterEach(async () => {
    await store.close()
    await server.stop()
  })

  it('stores every sighting exactly once through kill -9 and restart mid-stream', async () => {
    for (let kills = 0; kills < 2; kills++) {
      for (let i = 0; i < 10; i++) {
        store.put(rowsOf(some(100)))
        await pause(5)
      }
      // with batches in flight
      store.put(rowsOf(some(2000)))
      await pause(kills * 7)
      const killed = server.kill()
      store.put(rowsOf(some(500)))
      await killed
      store.put(rowsOf(some(500)))
      expect(store.health().spooled).to.be.above(0)
      await server.restart()
      store.put(rowsOf(some(100)))
    }
    await until(() => store.health().spooled === 0, 6000, 'an empty spool')
    expect(store.health()).to.include({ ready: true, dropped: 0 })
    expect(await held(store)).to.deep.equal(range(0, serial))
    await expectCounted(store, serial)
  })

  it('counts a batch once that Redis had done when its answer was lost', async () => {
    const proxy = await LossyProxy.start(server.port)
    const through = await openSightingStore(`redis://127.0.0.1:${proxy.port}`, LIMITS)
    try {
      for (let losses = 0; losses < 3; losses++) {
        through.put(rowsOf(some(300)))
        await through.drain()
        proxy.loseNextReply()
        through.put(rowsOf(some(700)))
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
    store.put(rowsOf(some(1000)))
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
    store.put(rowsOf(some(10)))
    await store.drain()
    await server.kill()
    await until(() => !store.health().ready)
    const waiting = some(5000)
    const started = performance.now()
    expect(store.put(rowsOf(waiting))).to.equal(true)
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
    store.put(rowsOf(some(10)))
    const started = performance.now()
    const closed = store.close()
    await store.drain()
    expect(performance.now() - started).to.be.within(1900, 3000)
    await closed
    expect(performance.now() - started).to.be.below(4000)
    expect(store.health()).to.include({ spooled: 0, dropped: 10 })
  })

  it('counts a batch once that is on its way when the store closes, also where it closes twice', async () => {
    server.freeze()
    store.put(rowsOf(some(100)))
    await pause(100)
    await store.close()
    await store.close()
    server.resume()
    expect(store.health()).to.include({ spooled: 0, stored: 0, dropped: 100 })
  })

  it('lets go of the oldest beyond the spool, and counts them', async () => {
    await store.close()
    store = await openSightingStore(server.url, { ...LIMITS, spool: 1000 })
    await server.kill()
    await until(() => !store.health().ready)
    for (let i = 0; i < 30; i++) store.put(rowsOf(some(100)))
    expect(store.health()).to.include({ spooled: 1000, dropped: 2000 })
    await server.restart()
    await until(() => store.health().spooled === 0, 5000, 'an empty spool')
    expect(await held(store)).to.deep.equal(range(2000, 3000))
    await expectCounted(store, 1000)
  })

  it('comes to know everything again after a Redis that has forgotten all', async () => {
    const [first] = some(1)
    if (first === undefined) throw new Error('one was asked for')
    store.put(rowsOf([first]))
    await store.drain()
    const admin = new Redis(server.port, '127.0.0.1')
    await admin.flushall()
    admin.disconnect()
    await server.kill()
    await server.restart()
    await until(() => store.health().ready)
    store.put(rowsOf([first]))
    await store.drain()
    expect(await store.fingerprint(first.ja4 ?? '')).to.include({ count: 1, ja4: first.ja4 })
  })
})

describe('a Redis that is slower than what comes', () => {
  it('asks the caller to wait once half the spool is full, and for no longer', async () => {
    serial = 0
    const server = await RedisServer.start()
    const store = await openSightingStore(server.url, { ...LIMITS, spool: 1000 })
    try {
      expect(store.put(rowsOf(some(500)))).to.equal(true)
      expect(store.put(rowsOf(some(1)))).to.equal(false)
      await store.drain()
      expect(store.put(rowsOf(some(1)))).to.equal(true)
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
    const store = await openSightingStore(server.url, LIMITS, { waitForRedis: true })
    try {
      expect(store.health()).to.include({ ready: false })
      store.put(rowsOf(some(50)))
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
    store = await openSightingStore(server.url, LIMITS)
  })
  afterEach(async () => {
    admin.disconnect()
    await store.close()
    await server.stop()
  })

  it('waits while its memory is full, saying so, and then stores everything', async () => {
    await admin.config('SET', 'maxmemory', '1')
    store.put(rowsOf(some(100)))
    await until(() => /is full: raise its maxmemory/.test(store.health().reason ?? ''))
    expect(store.health()).to.include({ ready: false, spooled: 100, dropped: 0, gaps: 1 })
    await until(() => store.health().gap_millis > 0)
    await admin.config('SET', 'maxmemory', '0')
    await until(() => store.health().spooled === 0)
    expect(await held(store)).to.deep.equal(range(0, 100))
    await expectCounted(store, 100)
  })

  it('gives a batch up that it refuses for good, counts it, and goes on', async () => {
    await admin.sadd(rowKeys(addressKey('10.0.0.3') ?? '')[0], 'someone else’s')
    store.put(rowsOf(some(4)))
    await until(() => store.health().spooled === 0, 7000)
    // of the batch, the partition that has the key
    expect(store.health()).to.include({ dropped: 1, stored: 3 })
    store.put(rowsOf(some(1).map((each) => ({ ...each, src: '10.0.0.9' }))))
    await store.drain()
    expect(store.health()).to.include({ ready: true, dropped: 1 })
    expect((await store.latest('10.0.0.9'))?.sensor).to.equal('4')
  })

  it('says where the database holds what is not ours', async () => {
    const bucket = Math.floor(Date.now() / 1000 / bucketSeconds(LIMITS.ttlSeconds))
    await admin.set(`${prefixOf('10.0.0.3')}c:${bucket}`, 'someone else’s')
    const error: unknown = await store.total().catch((reason: unknown) => reason)
    expect(error).to.be.instanceOf(StoreError).and.to.include({ code: 'STORE_BAD_DATA' })
    expect((error as StoreError).message).to.match(/^Redis at \S+ refuses a command \(WRONGTYPE/)
  })

  it('skips rows that are no sightings, and counts them', async () => {
    const [good] = some(1)
    if (good === undefined) throw new Error('one was asked for')
    store.put(rowsOf([good]))
    await store.drain()
    const held = Buffer.alloc(8)
    held.writeDoubleBE((Date.now() + 1000) * 1000)
    const key = rowKeys(addressKey('10.0.0.0') ?? '')[0]
    const one = (await admin.getBuffer(key)) ?? ''
    await admin.del(key)
    await admin.lpush(key, one)
    for (const row of ['', 'x', 'x'.repeat(60), 'x'.repeat(200), '\0'.repeat(90)])
      await admin.lpush(key, Buffer.concat([held, Buffer.from(row)]))
    expect((await store.latest('10.0.0.0'))?.sensor).to.equal('0')
    expect(store.health().bad_rows).to.be.above(4)
    const { sightings } = await store.sightings('10.0.0.0', 0, 100)
    expect(sightings).to.deep.equal([good])
  })

  it('refuses a database of an older format in a sentence', async () => {
    await admin.flushall()
    await admin.zadd('hellotap:{stats}:buckets', 1, '1')
    const error: unknown = await openSightingStore(server.url, LIMITS).catch(
      (reason: unknown) => reason,
    )
    expect(error).to.be.instanceOf(StoreError).and.to.include({ code: 'STORE_OLD_FORMAT' })
    expect((error as StoreError).message).to.match(/holds sightings in format 1, .*format 4: give/)
  })
})

describe('a Redis that loses what it had taken', () => {
  for (const [how, lose] of [
    ['FLUSHALL', (server: RedisServer) => ask(server.port, 'FLUSHALL')],
    [
      'kill -9 without persistence',
      async (server: RedisServer) => {
        await server.kill()
        await server.restart()
      },
    ],
  ] as const)
    it(`counts to the unit what ${how} took`, async function () {
      this.timeout(30_000)
      serial = 0
      const server = await RedisServer.start()
      const store = await openSightingStore(server.url, LIMITS)
      try {
        store.put(rowsOf(some(700)))
        await store.drain()
        await lose(server)
        await until(() => store.health().lost === 700, 15_000, 'the loss')
        const later = some(300)
        store.put(rowsOf(later))
        await store.drain()
        expect(store.health()).to.include({ stored: 1000, lost: 700, dropped: 0 })
        expect(await held(store)).to.deep.equal(range(700, 1000))
        await expectCounted(store, 300)
      } finally {
        await store.close()
        await server.stop()
      }
    })
})

describe('two processes on one Redis', () => {
  it('see each other’s sightings: one waits for the hello that the other puts', async () => {
    const server = await RedisServer.start()
    const sensor = await openSightingStore(server.url, LIMITS)
    const api = await openSightingStore(server.url, LIMITS)
    try {
      for (const port of [7, 8]) {
        const waited = api.connection('10.0.0.1', port, 3000)
        await pause(50)
        const started = performance.now()
        sensor.put(rowsOf([sighting({ ip: '10.0.0.1', port, micros: Date.now() * 1000 })]))
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
    const store = await openSightingStore(server.url, LIMITS, {
      clock: 'arrival',
      now: () => Date.now() + jump,
    })
    try {
      for (const hours of [0, 1, -1, 24 * 365, 0]) {
        jump = hours * 3_600_000
        const [made] = some(1)
        if (made === undefined) throw new Error('one was asked for')
        store.put(
          rowsOf([
            { ...made, time: new Date(Date.now() + jump).toISOString().replace('Z', '000Z') },
          ]),
        )
        await store.drain()
        await store.observeUserAgent({
          ip: made.src,
          userAgent: `curl/${hours}`,
          via: 'api',
          time: (Date.now() + jump) / 1000,
        })
        expect((await store.latest(made.src))?.srcport, `${hours} h`).to.equal(made.srcport)
        for (const key of await admin.keysBuffer('hellotap:{*'))
          expect(await admin.pttl(key), `${hours} h, ${key.toString('latin1')}`).to.be.within(
            1,
            3 * 3900 * 1000,
          )
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
    const store = await openSightingStore(server.url, LIMITS)
    try {
      store.put(rowsOf(some(100)))
      await store.drain()
      await store.observeUserAgent({
        ip: '10.0.0.1',
        userAgent: 'curl/8',
        via: 'api',
        time: Date.now() / 1000,
      })
      const keys = await admin.keysBuffer('hellotap:{*')
      expect(keys.length).to.be.above(CLIENTS)
      for (const key of keys) {
        const name = key.toString('latin1')
        expect(name).to.match(/^hellotap:\{\d+\.\w+\}:\w/)
        expect(await admin.pttl(key), name).to.be.within(1, 3 * (3600 + 300) * 1000)
      }
      // an address's rows go with their TTL
      const [key] = rowKeys(addressKey('10.0.0.1') ?? '')
      expect(await admin.pttl(key)).to.be.at.most(3_601_000)
    } finally {
      await store.close()
      admin.disconnect()
      await server.stop()
    }
  })
})
