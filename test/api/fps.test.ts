import { rowsOf } from '../rows.js'
import { expect } from 'chai'
import request from 'supertest'
import type { ApiOptions } from '../../src/api/app.js'
import { createApp } from '../../src/api/app.js'
import type { Store } from '../../src/store/contract.js'
import type { Answer } from './fixture.js'
import { CLOCK, memoryStore, sighting, storeAway } from './fixture.js'

const VICTIM = '198.51.100.9'
const CLIENT = '203.0.113.5'

function app(store: Store, changes: Partial<ApiOptions> = {}) {
  return createApp({ store, trustedProxies: [], waitMs: 0, clock: CLOCK, ...changes })
}
const ask = (store: Store, path: string, changes?: Partial<ApiOptions>) =>
  request(app(store, changes)).get(path).set('User-Agent', 'curl/7.79.1')

/** The whole body of `/fps`, every byte. */
const FPS = `{
  "concurrent_fingerprints": 1,
  "ip": "127.0.0.1",
  "ja3": "0149f47eabf9a20d0893e2a44e5a6323",
  "ja3_string": "771,4866-4867-4865,11-10-16,29-23,0-1-2",
  "ja4": "t13i3110h2_e8f1e7e78f70_6bebaf5329ac",
  "matched_by": "ip",
  "npf": "tls/(0303)(1302)((000b))",
  "num_fingerprints": 2,
  "sha3_384": "SHA3",
  "sha3_384_stable": "abababababababababababababababababababababababababababababababababababababababababababababababab",
  "srcport": 40001,
  "timestamp": 1795348800.200221,
  "tls_fp": {
    "ciphers": "4866,4867,4865,49196,49200,159,52393,52392,52394,49195,49199,158,49188,49192,107,49187,49191,103,49162,49172,57,49161,49171,51,157,156,61,60,53,47,255",
    "client_hello_version": "TLS 1.2",
    "ec_point_formats": "0,1,2",
    "extensions": "11,10,16,22,23,49,13,43,45,51,21",
    "record_version": "TLS 1.0",
    "signature_algorithms": "1027,1283,1539,2055,2056,2057,2058,2059,2052,2053,2054,1025,1281,1537,771,769,770,1026,1282,1538",
    "supported_groups": "29,23,30,25,24,256,257,258,259,260"
  },
  "user-agent": "curl/7.79.1",
  "utc_now": "2026-11-22 12:01:03.245922"
}
`

describe('GET /fps', () => {
  it('answers the caller’s latest fingerprint, byte by byte', async () => {
    const store = memoryStore(
      sighting({ time: '2026-11-22T11:59:00.000000Z' }),
      sighting({ srcport: 40_001 }),
    )
    const { text, status, headers } = await ask(store, '/fps')
    expect(status).to.equal(200)
    expect(text).to.equal(FPS.replace('SHA3', sighting().sha3_384 ?? ''))
    expect(headers['content-type']).to.equal('application/json; charset=utf-8')
    expect(headers['access-control-allow-origin']).to.equal('*')
  })

  it('says so, with 200, where nothing is held for the address', async () => {
    const store = memoryStore(sighting({ src: VICTIM }), sighting({ src: VICTIM }))
    for (const path of ['/fps', '/fps?detail=1', '/fps?all=1']) {
      const { text, status } = await ask(store, path)
      expect(status).to.equal(200)
      expect(text).to.equal(`{
  "lookup_ip": "127.0.0.1",
  "msg": "no fingerprint for this IP (2 fingerprints in memory)",
  "num_fingerprints": 0,
  "utc_now": "2026-11-22 12:01:03.245922"
}
`)
    }
  })

  it('says when the address shows several fingerprints', async () => {
    const store = memoryStore(sighting(), sighting({ sha3_384_stable: 'cd'.repeat(48) }))
    const { body } = (await ask(store, '/fps')) as Answer
    expect(body['concurrent_fingerprints']).to.equal(2)
    expect(body['shared_ip']).to.equal(true)
    expect(body['note']).to.match(/2 different fingerprints/)
  })

  it('has a user-agent key where the request has none', async () => {
    const { body } = (await request(app(memoryStore(sighting())))
      .get('/fps')
      .unset('User-Agent')) as Answer
    expect(body['user-agent']).to.equal('')
  })

  it('answers HEAD with the headers of GET and nothing else', async () => {
    const { status, headers, text } = await request(app(memoryStore(sighting()))).head('/fps')
    expect([status, text]).to.deep.equal([200, undefined])
    expect(Number(headers['content-length'])).to.be.above(1000)
  })
})

describe('GET /fps, whose', () => {
  const held = [
    sighting(),
    sighting({ src: VICTIM, ja4: 'victim' }),
    sighting({ src: CLIENT, ja4: 'client', srcport: 5678 }),
  ]
  const ja4 = async (trustedProxies: readonly string[], headers: Record<string, string>) => {
    const { body } = (await ask(memoryStore(...held), '/fps', { trustedProxies }).set(
      headers,
    )) as Answer
    return body['ja4']
  }
  const own = sighting().ja4

  it('is the peer’s, whatever a peer who is not trusted writes into headers', async () => {
    for (const name of ['X-Forwarded-For', 'X-Real-IP', 'X-Client-IP', 'True-Client-IP'])
      expect(await ja4([], { [name]: VICTIM }), name).to.equal(own)
    expect(await ja4([], { Forwarded: `for=${VICTIM}` })).to.equal(own)
    expect(await ja4(['10.0.0.0/8'], { 'X-Forwarded-For': VICTIM })).to.equal(own)
  })

  it('is the client’s whom a trusted proxy names', async () => {
    expect(await ja4(['127.0.0.1'], { 'X-Forwarded-For': CLIENT })).to.equal('client')
    expect(await ja4(['127.0.0.0/8'], { 'X-Real-IP': CLIENT })).to.equal('client')
    expect(await ja4(['127.0.0.1'], { Forwarded: `for="${CLIENT}:5678"` })).to.equal('client')
  })

  it('is the forger’s own who writes into the header of a trusted proxy', async () => {
    const chain = { 'X-Forwarded-For': `${VICTIM}, ${CLIENT}` }
    expect(await ja4(['127.0.0.1'], chain)).to.equal('client')
  })

  it('is of the very connection where the proxy tells the port', async () => {
    const store = memoryStore(
      sighting({ src: CLIENT, srcport: 1111, ja4: 'one' }),
      sighting({ src: CLIENT, srcport: 2222, ja4: 'two' }),
    )
    const headers = { 'X-Real-IP': CLIENT, 'X-Real-Port': '1111' }
    const { body } = (await ask(store, '/fps', { trustedProxies: ['127.0.0.1'] }).set(
      headers,
    )) as Answer
    expect(body['ja4']).to.equal('one')
    expect(body['matched_by']).to.equal('connection')
  })

  it('waits for a hello that is still in flight', async () => {
    const store = memoryStore(sighting({ src: CLIENT, srcport: 1111, ja4: 'other' }))
    setTimeout(() => store.put(rowsOf([sighting({ src: CLIENT, srcport: 2222, ja4: 'late' })])), 60)
    const { body } = (await ask(store, '/fps', { trustedProxies: ['127.0.0.1'], waitMs: 2000 }).set(
      {
        'X-Real-IP': CLIENT,
        'X-Real-Port': '2222',
      },
    )) as Answer
    expect(body['ja4']).to.equal('late')
  })

  it('falls back to the latest of the address when that hello does not come', async () => {
    const store = memoryStore(sighting({ src: CLIENT, srcport: 1111, ja4: 'other' }))
    const { body } = (await ask(store, '/fps', { trustedProxies: ['127.0.0.1'], waitMs: 20 }).set({
      'X-Real-IP': CLIENT,
      'X-Real-Port': '2222',
    })) as Answer
    expect(body['ja4']).to.equal('other')
    expect(body['matched_by']).to.equal('ip')
  })
})

describe('GET /fps?detail=1', () => {
  const described = {
    ciphers: [{ id: 2570, name: 'GREASE' }],
    ciphers_length: 64,
    ec_point_formats: [{ id: 0, name: 'uncompressed' }],
    extensions: [{ id: 0, name: 'server_name', data: { name: 'localhost' } }],
    signature_algorithms_length: 40,
    sha3_384: 'not for describe to say',
  }

  it('has what clients of the classic API read, at the top level', async () => {
    const store = memoryStore(sighting({ hello: 'AQAA', quality: ['no-syn'] }))
    const { body } = (await ask(store, '/fps?detail=1', { describe: () => described })) as Answer
    const answer = body
    expect(answer).to.deep.include({ ...described, sha3_384: sighting().sha3_384 })
    expect(answer['tls_fp']).to.deep.equal(sighting().tls_fp)
    expect(answer['sha3_384']).to.equal(sighting().sha3_384)
    expect(answer).to.include({ dst: '127.0.0.1', dstport: 8443, num_fingerprints: 1 })
    expect(answer['quality']).to.deep.equal(['no-syn'])
    expect(answer).not.to.have.property('hello')
  })

  it('keeps those keys where the hello itself was not kept', async () => {
    const { body } = (await ask(memoryStore(sighting()), '/fps?detail')) as Answer
    const answer = body
    for (const key of [
      'ciphers_length',
      'ec_point_formats',
      'extensions',
      'signature_algorithms_length',
      'tls_fp',
    ])
      expect(answer).to.have.property(key)
    expect(answer['ec_point_formats']).to.deep.equal([{ id: 0 }, { id: 1 }, { id: 2 }])
  })
})

describe('GET /fps?all=1', () => {
  const store = memoryStore(
    ...[1, 2, 3, 4, 5].map((n) => sighting({ srcport: n, time: `2026-11-22T12:00:0${n}.000000Z` })),
  )
  interface Page {
    readonly fingerprints: readonly { readonly srcport: number; readonly timestamp: number }[]
    readonly next: number | null
    readonly num_fingerprints: number
  }
  const page = async (path: string) => (await ask(store, path)).body as Page
  const ports = ({ fingerprints }: Page) => fingerprints.map((one) => one.srcport)

  it('lists them newest first', async () => {
    const all = await page('/fps?all=1')
    expect(ports(all)).to.deep.equal([5, 4, 3, 2, 1])
    expect(all).to.include({ num_fingerprints: 5, next: null })
    expect(all.fingerprints[0]?.timestamp).to.equal(1795348805)
  })

  it('is paged, and says where the next page begins', async () => {
    const first = await page('/fps?all&limit=2')
    expect([ports(first), first.next]).to.deep.equal([[5, 4], 2])
    const last = await page('/fps?all&limit=2&offset=4')
    expect([ports(last), last.next]).to.deep.equal([[1], null])
    const beyond = await page('/fps?all&limit=2&offset=99')
    expect([ports(beyond), beyond.next, beyond.num_fingerprints]).to.deep.equal([[], null, 5])
  })
})

describe('the switches of /fps', () => {
  it('take a bare key, 1, and 0 or false for off', async () => {
    const store = memoryStore(sighting())
    const isOn = async (query: string) =>
      'ciphers_length' in ((await ask(store, `/fps?${query}`)).body as object)
    for (const on of ['detail', 'detail=', 'detail=1']) expect(await isOn(on), on).to.equal(true)
    for (const off of ['', 'detail=0', 'detail=false', '_=1795'])
      expect(await isOn(off), off).to.equal(false)
  })

  for (const query of [
    'detail=2',
    'detail=yes',
    'all=true',
    'detail=1&detail=0',
    'limit=0',
    'limit=201',
    'limit=1.5',
    'offset=-1',
    'limit=',
    'detail=%FF',
    'x=%ZZ',
  ])
    it(`are a problem document with 400 for ?${query}`, async () => {
      const { status, headers, text } = await ask(memoryStore(sighting()), `/fps?${query}`)
      expect(status).to.equal(400)
      expect(headers['content-type']).to.equal('application/problem+json')
      expect(JSON.parse(text)).to.include({
        status: 400,
        title: 'Bad request',
        type: 'about:blank',
      })
    })
})

describe('User-Agents of callers', () => {
  const trustedProxies = ['127.0.0.1']
  const behind = { 'X-Real-IP': CLIENT, 'X-Real-Port': '5678' }
  const agents = async (store: Store) =>
    (await store.stats({ onlyWithUserAgent: true, top: 9 })).fingerprints.flatMap(
      (one) => one.user_agents ?? [],
    )

  it('are tied to the caller’s fingerprint, once a connection', async () => {
    const store = memoryStore(sighting({ src: CLIENT, srcport: 5678 }))
    const server = app(store, { trustedProxies })
    for (let i = 0; i < 3; i++)
      await request(server)
        .get('/fps')
        .set({ ...behind, 'User-Agent': 'curl/7.79.1' })
    expect(await agents(store)).to.deep.equal([
      { user_agent: 'curl/7.79.1', count: 1, via: { api: 1 } },
    ])
  })

  it('of a fingerprint stand in the detailed answer, with how they were learnt', async () => {
    const store = memoryStore(sighting({ src: CLIENT, srcport: 5678 }))
    const server = app(store, { trustedProxies })
    const detail = async () =>
      (await request(server)
        .get('/fps?detail=1')
        .set({ ...behind, 'User-Agent': 'curl/7.79.1' })) as Answer
    const time = Date.parse('2026-11-22T12:00:30Z') / 1000
    await store.observeUserAgent({ ip: CLIENT, userAgent: 'curl/7.79.1', via: 'http', time })
    expect((await detail()).body['user_agents']).to.deep.equal([
      { user_agent: 'curl/7.79.1', count: 2, via: { api: 1, http: 1 } },
    ])
  })

  it('are kept up to 512 characters', async () => {
    const store = memoryStore(sighting({ src: CLIENT, srcport: 5678 }))
    await request(app(store, { trustedProxies }))
      .get('/fps')
      .set({ ...behind, 'User-Agent': 'a'.repeat(2000) })
    expect((await agents(store))[0]?.user_agent).to.equal('a'.repeat(512))
  })

  it('of a plain HTTP caller say nothing of a hello', async () => {
    const store = memoryStore(sighting())
    await ask(store, '/fps')
    expect(await agents(store)).to.deep.equal([])
  })

  it('never fail the answer', async () => {
    const errors: unknown[] = []
    const store = memoryStore(sighting({ src: CLIENT, srcport: 5678 }))
    store.observeUserAgent = () => Promise.reject(new Error('full'))
    const { status } = await ask(store, '/fps', {
      trustedProxies,
      onError: (error) => errors.push(error),
    }).set(behind)
    expect(status).to.equal(200)
    expect(errors).to.have.length(1)
  })
})

describe('GET /fps, the store away', () => {
  it('is 503 with a problem document that says why', async () => {
    const { status, headers, text } = await ask(storeAway(), '/fps')
    expect(status).to.equal(503)
    expect(headers['content-type']).to.equal('application/problem+json')
    expect(headers['retry-after']).to.equal('5')
    expect((JSON.parse(text) as { detail: string }).detail).to.match(
      /Redis at 127\.0\.0\.1:6379 refuses; start it/,
    )
  })
})
