import { expect } from 'chai'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import request from 'supertest'
import { createApp } from '../../src/api/app.js'
import { forgetSource } from '../../src/history/forget.js'
import { HistoryWriter } from '../../src/history/history-writer.js'
import { zstd } from '../../src/history/zstd.js'
import type { Sighting } from '../../src/model/sighting.js'
import { TOKENS, bearer, memoryStore, sighting } from './fixture.js'

describe('the search API', function () {
  this.timeout(60_000)
  let folder: string
  const at = (i: number): Sighting =>
    sighting({
      id: i.toString(16).padStart(16, '0'),
      src: `10.0.${i % 3}.1`,
      srcport: 1024 + i,
      time: new Date(Date.parse('2026-11-22T11:00:00Z') + i * 1000)
        .toISOString()
        .replace('Z', '000Z'),
    })
  const all = Array.from({ length: 250 }, (_, i) => at(i))
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'hellotap-api-search-'))
    const writer = new HistoryWriter({ folder, name: 'a', compressors: (await zstd()).compressors })
    writer.put(all.map((each) => `${JSON.stringify(each)}\n`).join(''))
    writer.close()
  })
  afterEach(() => rmSync(folder, { recursive: true }))
  const app = (history: string | undefined, ...held: Sighting[]) =>
    createApp({
      store: memoryStore(...held),
      trustedProxies: [],
      waitMs: 0,
      tokens: TOKENS,
      history,
    })

  it('is for analysts', async () => {
    const api = app(folder)
    expect((await request(api).get('/api/v1/sightings')).status).to.equal(401)
    expect((await request(api).post('/api/v1/search').set(bearer('reader'))).status).to.equal(403)
  })

  it('pages through sightings, newest first', async () => {
    const api = app(folder)
    const ids: string[] = []
    for (let cursor: string | undefined; ;) {
      const page = await request(api)
        .get('/api/v1/sightings')
        .query({ query: 'src in 10.0.0.0/16', limit: '100', ...(cursor && { cursor }) })
        .set(bearer('analyst'))
      const body = page.body as { rows: Sighting[]; cursor?: string }
      ids.push(...body.rows.map(({ id = '' }) => id))
      cursor = body.cursor
      if (cursor === undefined) break
    }
    expect(ids).to.deep.equal(all.map(({ id }) => id).reverse())
  })

  it('counts, streams, and answers from the store alone', async () => {
    const counts = await request(app(folder))
      .post('/api/v1/search')
      .set(bearer('analyst'))
      .send({ query: 'ja4~t13*', by: ['src'], limit: 2 })
    expect(counts.body).to.include({ more: true })
    const { rows } = counts.body as { rows: unknown[] }
    expect(rows[0]).to.include({ src: '10.0.0.1', sightings: 84, fingerprints: 1 })
    const lines = await request(app(folder))
      .post('/api/v1/search')
      .set({ ...bearer('analyst'), Accept: 'application/x-ndjson' })
      .buffer(true)
      .parse((res, done) => {
        let text = ''
        res.on('data', (data: Buffer) => (text += data.toString()))
        res.on('end', () => done(null, text))
      })
      .send({})
    expect((lines.body as string).trimEnd().split('\n').length).to.equal(250)
    const hot = await request(app(undefined, ...all.slice(0, 3)))
      .get('/api/v1/sightings')
      .query({ query: 'src=10.0.1.1' })
      .set(bearer('analyst'))
    expect(hot.status, hot.text).to.equal(200)
    expect((hot.body as { rows: Sighting[] }).rows.map(({ id }) => id)).to.deep.equal([all[1]?.id])
  })

  it('says what is wrong, with the column', async () => {
    const api = app(folder)
    const ask = (query: object) =>
      request(api).get('/api/v1/sightings').query(query).set(bearer('analyst'))
    for (const [query, wanted] of [
      [{ query: 'src=' }, /column 5: expected a value/],
      [{ limit: '0' }, /"limit"/],
      [{ sql: 'x' }, /sql/],
      [{ cursor: 'x' }, /the cursor is not one of an answer/],
      [{ by: 'nope' }, /no field to count by/],
    ] as const) {
      const answer = await ask(query)
      expect(answer.status).to.equal(400)
      expect((answer.body as { detail: string }).detail).to.match(wanted)
    }
  })

  it('deletes a source from the history', async () => {
    expect(await forgetSource(folder, ['10.0.1.1'])).to.equal(83)
    const left = await request(app(folder))
      .get('/api/v1/sightings')
      .query({ by: 'src' })
      .set(bearer('analyst'))
    expect((left.body as { rows: { src: string }[] }).rows.map(({ src }) => src)).to.deep.equal([
      '10.0.0.1',
      '10.0.2.1',
    ])
    expect(await forgetSource(folder, ['10.0.1.1'])).to.equal(0)
  })
})
