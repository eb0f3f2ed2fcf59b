import { rowsOf } from '../rows.js'
import { expect } from 'chai'
import { setTimeout as pause } from 'node:timers/promises'
import request from 'supertest'
import type { ApiOptions } from '../../src/api/app.js'
import { createApp } from '../../src/api/app.js'
import type { Store } from '../../src/store/contract.js'
import type { Answer } from './fixture.js'
import { CLOCK, TOKENS, bearer, memoryStore, sighting, storeAway } from './fixture.js'

const OTHER = '198.51.100.9'
const CLIENT = '203.0.113.5'

const anonymous = (store: Store, path: string, changes?: Partial<ApiOptions>) =>
  request(
    createApp({ store, trustedProxies: [], waitMs: 0, clock: CLOCK, tokens: TOKENS, ...changes }),
  ).get(path)
/** Asks as an analyst. */
const ask = (store: Store, path: string, changes?: Partial<ApiOptions>) =>
  anonymous(store, path, changes).set(bearer('analyst'))
type Body = Record<string, unknown>

describe('GET /stats', () => {
  const store = memoryStore(
    sighting(),
    sighting({ src: OTHER }),
    sighting({ src: OTHER, sha3_384_stable: 'cd'.repeat(48), ja4: 'other' }),
  )

  it('tells totals, the most frequent fingerprints and distributions', async () => {
    const { body, status } = (await ask(store, '/stats')) as Answer
    const stats = body
    expect(status).to.equal(200)
    expect(stats).to.include({
      total_sightings: 3,
      distinct_fingerprints: 2,
      distinct_clients: 2,
      utc_now: '2026-11-22 12:01:03.245922',
    })
    const [first] = stats['fingerprints'] as Body[]
    expect(first).to.include({ count: 2, clients: 2, rank: 1 })
    expect(stats['distributions']).to.have.property('ciphers')
  })

  it('sorts its keys at every depth', async () => {
    const { text } = await ask(store, '/stats')
    const check = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return
      if (!Array.isArray(value)) expect(Object.keys(value)).to.deep.equal(Object.keys(value).sort())
      Object.values(value).forEach(check)
    }
    check(JSON.parse(text))
    expect(text).to.equal(`${JSON.stringify(JSON.parse(text), null, 2)}\n`)
  })

  it('gives with bo only fingerprints tied to User-Agents', async () => {
    const rows = async (query: string) =>
      ((await ask(store, `/stats?${query}`)) as Answer).body['fingerprints'] as Body[]
    expect(await rows('bo')).to.deep.equal([])
    await store.observeUserAgent({
      ip: '127.0.0.1',
      userAgent: 'curl/7.79.1',
      via: 'api',
      time: CLOCK() / 1e6,
    })
    // the statistics are those of the second before at most
    const until = Date.now() + 5000
    while ((await rows('bo')).length === 0 && Date.now() < until) await pause(50)
    for (const bo of ['bo', 'bo=1']) {
      const list = await rows(bo)
      expect(list).to.have.length(1)
      expect(list[0]?.['user_agents']).to.deep.equal([
        { user_agent: 'curl/7.79.1', count: 1, via: { api: 1 } },
      ])
    }
    expect(await rows('bo=0')).to.have.length(2)
  })

  it('bounds its lists by limit', async () => {
    const { body } = (await ask(store, '/stats?limit=1')) as Answer
    expect(body['fingerprints']).to.have.length(1)
    for (const limit of ['0', '1001', 'x'])
      expect((await ask(store, `/stats?limit=${limit}`)).status, limit).to.equal(400)
  })

  it('is 400 for another bo, 503 while the store is away', async () => {
    expect((await ask(store, '/stats?bo=2')).status).to.equal(400)
    expect((await ask(storeAway(), '/stats')).status).to.equal(503)
  })
})

describe('GET /healthz', () => {
  it('is 200 with what the store and the sensor say', async () => {
    const { body, status } = (await ask(memoryStore(), '/healthz', {
      health: () => ({ sensor: { capturing: true } }),
    })) as Answer
    expect(status).to.equal(200)
    expect(body).to.deep.include({ ready: true, sensor: { capturing: true } })
    expect(body['store']).to.include({ kind: 'memory', ready: true })
  })

  it('is 503 with the reason while the store is away', async () => {
    const { body, status, headers } = (await ask(storeAway(), '/healthz')) as Answer
    expect(status).to.equal(503)
    expect(headers['content-type']).to.match(/^application\/json/)
    expect(body['store']).to.include({ ready: false, reason: 'refused', spooled: 3 })
  })

  it('is 503 where the rest of the program says it is not ready', async () => {
    const { status } = await ask(memoryStore(), '/healthz', { health: () => ({ ready: false }) })
    expect(status).to.equal(503)
  })
})

describe('GET /connection', () => {
  const one = sighting({ src: OTHER, srcport: 1111, ja4: 't13d0101h2_a_b' })
  const store = memoryStore(one, sighting({ src: OTHER, srcport: 2222, ja4: 'another' }))
  const path = `/connection?ip=${OTHER}&port=1111`

  it('gives that connection’s hello, in the headers too', async () => {
    const { status, headers, body } = (await ask(store, path)) as Answer
    expect(status).to.equal(200)
    expect(headers).to.include({
      'x-ja4': 't13d0101h2_a_b',
      'x-ja3': one.ja3,
      'x-tls-fp': one.sha3_384,
    })
    expect(body).to.include({ ip: OTHER, port: 1111, ja4: 't13d0101h2_a_b' })
  })

  it('takes the address in any form', async () => {
    const { status } = await ask(store, `/connection?ip=::ffff:${OTHER}&port=1111`)
    expect(status).to.equal(200)
  })

  it('waits for a hello in flight, up to wait', async () => {
    const late = memoryStore()
    setTimeout(() => late.put(rowsOf([sighting({ src: OTHER, srcport: 3333 })])), 60)
    const { status } = await ask(late, `/connection?ip=${OTHER}&port=3333&wait=2000`)
    expect(status).to.equal(200)
  })

  it('is 404 where none comes in that time', async () => {
    const started = performance.now()
    const { status, headers } = await ask(store, `/connection?ip=${OTHER}&port=9999&wait=100`)
    expect(performance.now() - started).to.be.within(90, 1500)
    expect(status).to.equal(404)
    expect(headers['content-type']).to.equal('application/problem+json')
  })

  for (const query of [
    '',
    'ip=1.2.3.4',
    'port=5',
    'ip=x&port=5',
    'ip=1.2.3.4&port=0',
    'ip=1.2.3.4&port=65536',
    'ip=1.2.3.4&port=5&wait=2001',
    'ip=1.2.3.4&port=5&wiat=1',
    'ip=1.2.3.4&ip=1.2.3.5&port=5',
    'ip=1.2.3.4&port=5&auth=2',
  ])
    it(`is 400 for ?${query}`, async () => {
      expect((await ask(store, `/connection?${query}`)).status).to.equal(400)
    })

  it('with auth=1 is 204 whatever happens, and says in X-Hellotap what did', async () => {
    const verdict = async (from: Store, query: string, headers: Record<string, string> = {}) => {
      const answer = await ask(from, `/connection?${query}&wait=0&auth=1`).set(headers)
      expect(answer.status, query).to.equal(204)
      return [answer.headers['x-hellotap'] as string, answer.headers['x-ja4']]
    }
    const own = `ip=${OTHER}&port=1111`
    expect(await verdict(store, own)).to.deep.equal(['found', 't13d0101h2_a_b'])
    expect(await verdict(store, `ip=${OTHER}&port=9`)).to.deep.equal(['not-found', undefined])
    expect(await verdict(store, 'ip=x&port=9')).to.deep.equal(['bad-query', undefined])
    expect(await verdict(storeAway(), own)).to.deep.equal(['store-unreachable', undefined])
    for (const wrong of [bearer('reader'), { Authorization: 'Bearer hellotap_unknown' }])
      expect(await verdict(store, own, wrong)).to.deep.equal(['forbidden', undefined])
  })

  it('sets no header from a value that could break one', async () => {
    const hostile = memoryStore(
      sighting({ src: OTHER, srcport: 1, ja4: 'a\r\nSet-Cookie: b', ja3: 'é' }),
    )
    const { status, headers } = await ask(hostile, `/connection?ip=${OTHER}&port=1`)
    expect(status).to.equal(200)
    expect(headers).not.to.have.any.keys('x-ja4', 'x-ja3', 'set-cookie')
  })
})

describe('GET /lookup', () => {
  const store = memoryStore(
    ...[1, 2, 3].map((n) =>
      sighting({ src: OTHER, srcport: n, time: `2026-11-22T12:00:0${n}.0Z` }),
    ),
    sighting({ src: CLIENT, ja4: 'client' }),
  )

  it('lists an address’s sightings, newest first and paged', async () => {
    const { body } = (await ask(store, `/lookup?ip=${OTHER}&limit=2`)) as Answer
    expect(body).to.include({ ip: OTHER, num_fingerprints: 3, next: 2, concurrent_fingerprints: 1 })
    const list = body['fingerprints'] as Body[]
    expect(list.map((one) => one['srcport'])).to.deep.equal([3, 2])
  })

  it('gives everybody their own', async () => {
    const answer = await anonymous(store, `/lookup?ip=${CLIENT}`, {
      trustedProxies: ['127.0.0.1'],
    }).set('X-Real-IP', CLIENT)
    expect(answer.status).to.equal(200)
  })

  it('finds a fingerprint of any kind, in either case, with times of RFC 3339', async () => {
    const kinds = [sighting().sha3_384, sighting().ja3, 'client', sighting().npf]
    for (const value of [...kinds, sighting().sha3_384?.toUpperCase(), 'CLIENT']) {
      const answer = await anonymous(
        store,
        `/lookup?fingerprint=${encodeURIComponent(value ?? '')}`,
      ).set(bearer('reader'))
      expect(answer.status, value).to.equal(200)
      expect((answer as Answer).body['matched']).to.be.a('string')
      expect(answer.text).not.to.contain(OTHER)
      for (const key of ['first_seen', 'last_seen', 'now'])
        expect((answer as Answer).body[key]).to.match(/^2026-11-22T12:0\d:\d\d\.\d{6}Z$/)
    }
  })

  it('is 404 where nothing is held', async () => {
    expect((await ask(store, '/lookup?ip=192.0.2.1')).status).to.equal(404)
    expect((await ask(store, '/lookup?fingerprint=t13d')).status).to.equal(404)
  })

  for (const query of [
    '',
    'ip=x',
    `ip=${OTHER}&fingerprint=a`,
    'fingerprint=',
    'fingerprint=%07',
    'ip=1.2.3.4&limit=9999',
    'name=x',
  ])
    it(`is 400 for ?${query}`, async () => {
      expect((await ask(store, `/lookup?${query}`)).status).to.equal(400)
    })

  it('is 503 while the store is away', async () => {
    expect((await ask(storeAway(), `/lookup?ip=${OTHER}`)).status).to.equal(503)
    expect((await ask(storeAway(), '/lookup?fingerprint=a')).status).to.equal(503)
  })
})
