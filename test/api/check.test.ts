import { expect } from 'chai'
import { join, resolve } from 'node:path'
import request from 'supertest'
import { createApp } from '../../src/api/app.js'
import { checkSightings } from '../../src/check-capture.js'
import { implementationOf } from '../../src/sighting-facts.js'
import type { Sighting } from '../../src/model/sighting.js'
import { readCapture } from '../../src/read-capture.js'
import type { Answer } from './fixture.js'
import { CLOCK, TOKENS, bearer, memoryStore, sighting } from './fixture.js'

const FOLDER = resolve(import.meta.dirname, '../../captures/clients')
const CHROME =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36'
const OTHER = '198.51.100.9'

async function held(name: string, src: string): Promise<Sighting[]> {
  const sightings = []
  for await (const seen of readCapture(join(FOLDER, name), { hello: true }))
    sightings.push({ ...seen, src, time: '2026-11-22T12:00:00.000000Z' })
  return sightings
}

describe('GET /api/v1/check', () => {
  const ask = async (path: string, headers: Record<string, string> = {}) => {
    const store = memoryStore(
      ...(await held('chromium156.pcap', '127.0.0.1')),
      ...(await held('curl-openssl3.5.pcap', OTHER)),
      sighting({ src: '198.51.100.10' }),
    )
    const app = createApp({
      ...{ store, trustedProxies: [], waitMs: 0, clock: CLOCK, tokens: TOKENS },
      check: checkSightings,
      identify: implementationOf,
    })
    return (await request(app).get(path).set(headers)) as Answer
  }

  it('judges the caller by its own User-Agent, or by one that is asked for', async () => {
    const own = await ask('/api/v1/check', { 'User-Agent': CHROME })
    expect(own.status).to.equal(200)
    expect(own.body).to.include({ src: '127.0.0.1', user_agent: CHROME, verdict: 'consistent' })
    expect(own.body['bound']).to.match(/honest clients accused/)
    const windows = CHROME.replace('X11; Linux x86_64', 'Windows NT 10.0; Win64; x64')
    const query = `?user_agent=${encodeURIComponent(windows)}`
    const other = await ask(`/api/v1/check${query}`)
    expect(other.body).to.deep.include({ verdict: 'inconsistent' })
    const proxied = await ask(`/api/v1/check${query}&behind_proxy`)
    expect(proxied.body).to.deep.include({ verdict: 'consistent' })
  })

  it('judges another address for an analyst alone, who says the User-Agent', async () => {
    const path = `/api/v1/check?ip=${OTHER}&user_agent=${encodeURIComponent(CHROME)}`
    expect((await ask(path)).status).to.equal(401)
    expect((await ask(path, bearer('reader'))).status).to.equal(403)
    const answer = await ask(path, bearer('analyst'))
    expect(answer.body).to.include({ src: OTHER, verdict: 'inconsistent' })
    const missing = await ask(`/api/v1/check?ip=${OTHER}`, bearer('analyst'))
    expect(missing.status).to.equal(400)
    expect(missing.body['detail']).to.include('user_agent')
  })

  it('answers 404 where no hello is held', async () => {
    for (const ip of ['192.0.2.1', '198.51.100.10'])
      expect(
        (await ask(`/api/v1/check?ip=${ip}&user_agent=x`, bearer('analyst'))).status,
        ip,
      ).to.equal(404)
  })

  it('stands in the detail of the caller’s own fingerprint', async () => {
    const { body } = await ask('/fps?detail=1', { 'User-Agent': CHROME })
    expect(body['check']).to.include({ verdict: 'consistent' })
    expect(body['implementation']).to.include({ library: 'BoringSSL' })
  })
})
