import { expect } from 'chai'
import express from 'express'
import request from 'supertest'
import { identifyRoute } from '../../src/api/routes/identify.js'
import { memoryStore } from './fixture.js'

const JA4 = 't13d311000_e8f1e7e78f70_1f22a2ca17c4'

describe('GET /api/v1/identify/:fingerprint', () => {
  const app = express().use(identifyRoute({ store: memoryStore(), isReader: () => false }))

  it('names the library of a known fingerprint', async () => {
    const { body } = (await request(app).get(`/api/v1/identify/${JA4}`).expect(200)) as {
      body: { kind: string; implementation: { library: string } }
    }
    expect(body.kind).to.equal('ja4')
    expect(body.implementation.library).to.equal('OpenSSL')
  })

  it('answers unknown for one that nobody has', async () => {
    const { body } = (await request(app)
      .get(`/api/v1/identify/${'0'.repeat(96)}`)
      .expect(200)) as { body: { implementation: unknown } }
    expect(body.implementation).to.deep.equal({ library: 'unknown', nearest: [] })
  })

  it('refuses what is no fingerprint', async () => {
    await request(app).get('/api/v1/identify/chrome').expect(400)
    await request(app).get('/api/v1/identify/__proto__').expect(400)
  })
})
