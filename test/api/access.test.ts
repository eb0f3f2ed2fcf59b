import { expect } from 'chai'
import request from 'supertest'
import type { Principal } from '../../src/api/access.js'
import type { ApiOptions } from '../../src/api/app.js'
import { createApp } from '../../src/api/app.js'
import type { Role } from '../../src/api/tokens.js'
import { ROLES, TokenBook, newToken, parseValidity } from '../../src/api/tokens.js'
import type { Answer } from './fixture.js'
import { CLOCK, TOKENS, bearer, memoryStore, sighting } from './fixture.js'

const OTHER = '198.51.100.9'
const CLIENT = '203.0.113.5'
const EVIL = 'https://evil.example'

const options = (changes: Partial<ApiOptions>): ApiOptions => ({
  store: memoryStore(
    sighting(),
    sighting({ src: OTHER, srcport: 1111 }),
    sighting({ src: CLIENT }),
  ),
  trustedProxies: [],
  waitMs: 0,
  clock: CLOCK,
  tokens: TOKENS,
  metrics: { version: '1' },
  ...changes,
})
const get = (path: string, changes: Partial<ApiOptions> = {}) =>
  request(createApp(options(changes))).get(path)

/** Least role that a route needs; undefined where it is open to all. */
const OPEN: Readonly<Record<string, Role | undefined>> = {
  '/': undefined,
  '/fps': undefined,
  '/fps?detail=1': undefined,
  '/fps?all=1': undefined,
  '/healthz': undefined,
  '/lookup?ip=127.0.0.1': undefined,
  [`/lookup?ip=${OTHER}`]: 'analyst',
  '/lookup?fingerprint=0149f47eabf9a20d0893e2a44e5a6323': 'reader',
  [`/connection?ip=${OTHER}&port=1111`]: 'analyst',
}
/** The same where strangers can connect. */
const GUARDED = { ...OPEN, '/stats': 'reader', '/stats?bo=1': 'reader', '/metrics': 'reader' }

describe('rights', () => {
  for (const [guarded, table] of [
    [false, { ...OPEN, '/stats': undefined, '/stats?bo=1': undefined, '/metrics': undefined }],
    [true, GUARDED],
  ] as const)
    for (const [path, needed] of Object.entries(table) as [string, Role | undefined][])
      it(`${guarded ? 'where strangers connect, ' : ''}GET ${path} needs ${needed ?? 'none'}`, async () => {
        const anonymous = await get(path, { guarded })
        expect(anonymous.status).to.equal(needed === undefined ? 200 : 401)
        if (needed !== undefined) {
          expect(anonymous.headers['www-authenticate']).to.equal('Bearer')
          expect(anonymous.headers['content-type']).to.equal('application/problem+json')
        }
        for (const role of ROLES) {
          const enough = needed === undefined || ROLES.indexOf(role) >= ROLES.indexOf(needed)
          const { status } = await get(path, { guarded }).set(bearer(role))
          expect(status, role).to.equal(enough ? 200 : 403)
        }
      })

  it('are not given by where a request comes from', async () => {
    const paths = [`/connection?ip=${OTHER}&port=1111`, `/lookup?ip=${OTHER}`]
    for (const path of paths)
      for (const [trustedProxies, headers] of [
        [[], {}],
        [['127.0.0.1'], {}],
        [['127.0.0.0/8'], { 'X-Real-IP': '127.0.0.1' }],
        [['127.0.0.1'], { 'X-Forwarded-For': `127.0.0.1, ${CLIENT}` }],
        [[], { Host: 'localhost' }],
      ] as const)
        expect((await get(path, { trustedProxies }).set(headers)).status, path).to.equal(401)
  })

  it('are refused with a token that is unknown, expired or not of this form', async () => {
    const expired = newToken('old', 'admin', 1000, Date.now() - 2000)
    const tokens = new TokenBook({ list: () => Promise.resolve([expired.token]) })
    for (const value of [
      `Bearer ${expired.secret}`,
      'Bearer hellotap_unknown',
      'Bearer ',
      'Basic YTpi',
      `Bearer ${expired.token.hash}`,
    ]) {
      const { status, headers } = await get('/fps', { tokens }).set('Authorization', value)
      expect(status, value).to.equal(401)
      expect(headers['www-authenticate']).to.equal('Bearer error="invalid_token"')
    }
  })

  it('end within a second of the revocation', async () => {
    let now = 0
    const { token, secret } = newToken('a', 'reader', undefined)
    let tokens = [token]
    const book = new TokenBook({ list: () => Promise.resolve(tokens) }, () => now)
    expect((await book.find(secret))?.name).to.equal('a')
    tokens = []
    expect((await book.find(secret))?.name).to.equal('a')
    now = 1000
    expect(await book.find(secret)).to.equal(undefined)
  })

  it('hold while the tokens cannot be read, once they were', async () => {
    let now = 0
    const { token, secret } = newToken('a', 'reader', undefined)
    let fails = true
    const book = new TokenBook(
      { list: () => (fails ? Promise.reject(new Error('away')) : Promise.resolve([token])) },
      () => now,
    )
    const failure = await book.find(secret).catch((error: unknown) => error)
    expect(failure).to.be.an('error')
    fails = false
    expect((await book.find(secret))?.name).to.equal('a')
    fails = true
    now = 5000
    expect((await book.find(secret))?.name).to.equal('a')
  })

  it('of an admin are logged when they are used', async () => {
    const used: unknown[] = []
    const onAdmin = ({ name }: Principal, method: string, path: string) =>
      used.push([name, method, path])
    await get(`/lookup?ip=${OTHER}`, { onAdmin }).set(bearer('admin'))
    await get(`/lookup?ip=${OTHER}`, { onAdmin }).set(bearer('analyst'))
    await get('/fps', { onAdmin })
    expect(used).to.deep.equal([['admin', 'GET', '/lookup']])
  })

  it('show all of /healthz to readers alone, where strangers connect', async () => {
    const health = () => ({ sensor: { capturing: true } })
    const stranger = await get('/healthz', { guarded: true, health })
    expect(Object.keys(stranger.body as object)).to.deep.equal(['now', 'ready'])
    const reader = await get('/healthz', { guarded: true, health }).set(bearer('reader'))
    expect(reader.body).to.include.keys('sensor', 'store', 'ready')
  })
})

describe('parseValidity', () => {
  it('takes hours, days and weeks up to ten years', () => {
    expect(parseValidity('12h')).to.equal(43_200_000)
    expect(parseValidity('90d')).to.equal(7_776_000_000)
    expect(parseValidity('2w')).to.equal(1_209_600_000)
    for (const wrong of ['', '0d', '90', '3651d', '1y', '-1d', '1.5d', '90d '])
      expect(parseValidity(wrong), wrong).to.equal(undefined)
  })
})

describe('pages of other sites', () => {
  const CLASSIC = ['num_fingerprints', 'sha3_384', 'timestamp', 'tls_fp', 'user-agent', 'utc_now']

  it('read the classic keys of one’s own /fps, and no others', async () => {
    for (const headers of [
      { Origin: EVIL },
      { Origin: 'null' },
      { Origin: 'http://127.0.0.1:8080', 'Sec-Fetch-Site': 'same-site' },
    ]) {
      const { body, headers: got } = (await get('/fps').set(headers)) as Answer
      expect(got['access-control-allow-origin']).to.equal('*')
      expect(Object.keys(body)).to.deep.equal(CLASSIC)
    }
    const own = await get('/fps')
    expect(own.headers['access-control-allow-origin']).to.equal('*')
    expect(own.headers['vary']).to.equal('Origin')
    expect(own.body).to.include.keys('ja4', 'ip')
  })

  it('read that nothing is held, and /stats without User-Agents', async () => {
    const nothing = await get('/fps', { store: memoryStore() }).set('Origin', EVIL)
    expect(nothing.headers['access-control-allow-origin']).to.equal('*')
    expect(nothing.body).to.include({ lookup_ip: '127.0.0.1' })
    const store = memoryStore(sighting())
    await store.observeUserAgent({
      ip: '127.0.0.1',
      userAgent: 'curl',
      via: 'api',
      time: CLOCK() / 1e6,
    })
    const stats = await get('/stats', { store }).set('Origin', EVIL)
    expect(stats.headers['access-control-allow-origin']).to.equal('*')
    expect(stats.text).not.to.contain('user_agent')
  })

  it('read nothing else', async () => {
    for (const path of [
      '/',
      '/fps?all=1',
      '/fps?detail=1',
      '/stats?bo=1',
      '/healthz',
      '/metrics',
      '/lookup?ip=127.0.0.1',
      '/nowhere',
      '/static/page.js',
    ]) {
      const { headers } = await get(path).set('Origin', EVIL)
      expect(headers, path).not.to.have.property('access-control-allow-origin')
    }
  })

  it('get no more by a name that their DNS points at this machine', async () => {
    const rebound = { Host: 'evil.example:8080' }
    expect(Object.keys((await get('/fps').set(rebound)).body as object)).to.deep.equal(CLASSIC)
    for (const path of ['/fps?all=1', '/fps?detail=1', '/lookup?ip=127.0.0.1'])
      expect((await get(path).set(rebound)).status, path).to.equal(403)
    for (const host of ['localhost:8080', '127.0.0.1', '[::1]:8080', 'hellotap', 'api.localhost'])
      expect((await get('/fps?all=1').set('Host', host)).status, host).to.equal(200)
  })
})

describe('DELETE /fps', () => {
  const remove = (path: string, changes: Partial<ApiOptions>) =>
    request(createApp(options(changes))).delete(path)

  it('deletes the caller’s own sightings', async () => {
    const store = memoryStore(sighting(), sighting({ src: OTHER }))
    const { status, body } = (await remove('/fps', { store })) as Answer
    expect([status, body]).to.deep.equal([200, { deleted: 1, ip: '127.0.0.1' }])
    expect((await store.sightings('127.0.0.1', 0, 1)).total).to.equal(0)
    expect((await store.sightings(OTHER, 0, 1)).total).to.equal(1)
  })

  it('deletes another’s for an admin alone', async () => {
    const store = memoryStore(sighting({ src: OTHER }))
    const path = `/fps?ip=${OTHER}`
    expect((await remove(path, { store })).status).to.equal(401)
    expect((await remove(path, { store }).set(bearer('analyst'))).status).to.equal(403)
    expect((await store.sightings(OTHER, 0, 1)).total).to.equal(1)
    expect((await remove(path, { store }).set(bearer('admin'))).body).to.deep.equal({
      deleted: 1,
      ip: OTHER,
    })
  })

  it('is not for pages of other sites', async () => {
    const store = memoryStore(sighting())
    expect((await remove('/fps', { store }).set('Origin', EVIL)).status).to.equal(403)
    const preflight = await request(createApp(options({ store })))
      .options('/fps')
      .set({ Origin: EVIL, 'Access-Control-Request-Method': 'DELETE' })
    expect(preflight.headers['access-control-allow-methods']).to.equal('GET, HEAD')
    expect((await store.sightings('127.0.0.1', 0, 1)).total).to.equal(1)
  })
})

describe('unknown query parameters', () => {
  for (const path of ['/fps', '/stats', '/healthz', '/metrics', '/lookup', '/connection'])
    it(`are refused at ${path} with a problem document`, async () => {
      const { status, headers, text } = await get(`${path}?since=1h`).set(bearer('admin'))
      expect(status).to.equal(400)
      expect(headers['content-type']).to.equal('application/problem+json')
      expect(text).to.contain('since')
    })

  it('but for the one that clients add to get past caches', async () => {
    for (const path of ['/fps?_=1795', '/stats?_=1795'])
      expect((await get(path)).status).to.equal(200)
  })
})
