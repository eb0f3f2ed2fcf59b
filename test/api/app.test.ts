import { expect } from 'chai'
import request from 'supertest'
import { createApp } from '../../src/api/app.js'
import { CLOCK, memoryStore, sighting } from './fixture.js'

const app = createApp({
  store: memoryStore(sighting()),
  trustedProxies: [],
  waitMs: 0,
  clock: CLOCK,
  httpsPort: 8443,
})

describe('every answer', () => {
  for (const path of ['/fps', '/stats', '/healthz', '/fps?detail=2', '/nowhere'])
    it(`of ${path} carries security headers, and none that tells of us`, async () => {
      const { headers } = await request(app).get(path)
      expect(headers).to.include({
        'cache-control': path === '/stats' ? 'no-cache' : 'no-store',
        'content-security-policy': "default-src 'none';frame-ancestors 'none'",
        'cross-origin-resource-policy': 'same-origin',
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
      })
      expect(headers).not.to.have.any.keys('x-powered-by', 'server')
    })

  it('to what is not there is a problem document', async () => {
    for (const path of [
      '/nowhere',
      '/static/nowhere.js',
      '/static/',
      '/static/../web.ts',
      '/.env',
    ]) {
      const { status, headers, text } = await request(app).get(path)
      expect([path, status]).to.deep.equal([path, 404])
      expect(headers['content-type']).to.equal('application/problem+json')
      expect(JSON.parse(text)).to.include({ status: 404, title: 'Not found' })
    }
  })

  it('to a broken percent-encoding is 400', async () => {
    for (const path of ['/%', '/fps/%zz', '/static/%E0%A4%A', '/fps?a=%C0%AF']) {
      const { status, headers } = await request(app).get(path)
      expect([path, status]).to.deep.equal([path, 400])
      expect(headers['content-type']).to.equal('application/problem+json')
    }
  })

  it('to a byte 0 in the path is a problem document', async () => {
    const { status, headers } = await request(app).get('/static/%00')
    expect(status).to.be.within(400, 404)
    expect(headers['content-type']).to.equal('application/problem+json')
  })

  it('to a target that is too long is 414', async () => {
    expect((await request(app).get(`/fps?x=${'a'.repeat(9000)}`)).status).to.equal(414)
  })

  it('to a method that would change something is 405', async () => {
    for (const method of ['post', 'put', 'patch'] as const) {
      const { status, headers } = await request(app)[method]('/fps').send('x')
      expect(status).to.equal(405)
      expect(headers['allow']).to.equal('GET, HEAD, OPTIONS, DELETE')
    }
    const { status, headers } = await request(app).delete('/stats')
    expect([status, headers['allow']]).to.deep.equal([405, 'GET, HEAD, OPTIONS'])
  })

  it('to a CORS preflight allows reading', async () => {
    const { status, headers } = await request(app)
      .options('/fps')
      .set({ Origin: 'https://a.example', 'Access-Control-Request-Headers': 'x-test' })
    expect(status).to.equal(204)
    expect(headers).to.include({
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'GET, HEAD',
    })
    expect(headers).not.to.have.property('access-control-allow-headers')
  })

  it('to a fault of ours is 500 without its words', async () => {
    const errors: unknown[] = []
    const broken = memoryStore(sighting())
    broken.sightings = () => Promise.reject(new Error('secret /etc/path'))
    const { status, text } = await request(
      createApp({
        store: broken,
        trustedProxies: [],
        waitMs: 0,
        onError: (error) => errors.push(error),
      }),
    ).get('/fps')
    expect(status).to.equal(500)
    expect(text).not.to.contain('secret')
    expect(String(errors[0])).to.contain('secret')
  })
})

it('a trusted proxy that is no address is refused at the start', () => {
  expect(() => createApp({ store: memoryStore(), trustedProxies: ['nginx'], waitMs: 0 })).to.throw(
    RangeError,
    '"nginx"',
  )
})

describe('the page’s files', () => {
  it('come with a policy that allows nothing inline and nothing from elsewhere', async () => {
    const { status, headers, text } = await request(app).get('/')
    expect(status).to.equal(200)
    expect(headers['content-type']).to.equal('text/html; charset=utf-8')
    const policy = String(headers['content-security-policy'])
    expect(policy).to.contain("default-src 'none'").and.to.contain("script-src 'self';")
    expect(policy).not.to.match(/unsafe|http|\*/)
    expect(text).to.contain('data-https-port="8443"')
    expect(text).not.to.match(/<script(?![^>]*\ssrc=)|\son\w+=|style="|javascript:|src="http/i)
  })

  for (const [path, type] of [
    ['/static/page.js', 'text/javascript; charset=utf-8'],
    ['/static/render.js', 'text/javascript; charset=utf-8'],
    ['/static/style.css', 'text/css; charset=utf-8'],
    ['/static/favicon.svg', 'image/svg+xml'],
    ['/vendor/sha3.js', 'text/javascript; charset=utf-8'],
  ] as const)
    it(`${path} is served as ${type}`, async () => {
      const { status, headers } = await request(app).get(path)
      expect(status).to.equal(200)
      expect(headers['content-type']).to.equal(type)
      expect(headers['x-content-type-options']).to.equal('nosniff')
    })
})
