import { expect } from 'chai'
import request from 'supertest'
import { createApp } from '../../src/api/app.js'
import { ListIndex } from '../../src/knowledge/lists/listed.js'
import type { Answer } from './fixture.js'
import { bearer, CLOCK, memoryStore, sighting, TOKENS } from './fixture.js'

const RARE = 'cd'.repeat(48)
const rare = sighting({ src: '127.0.0.1', sha3_384_stable: RARE, alpn: ['rare/1'] })
/** The rare one, and fifteen others of one kind. */
const held = [
  rare,
  ...Array.from({ length: 15 }, (_, i) => sighting({ src: `192.0.2.${i}`, srcport: 1000 + i })),
]
const LISTS = new ListIndex([
  {
    ...{ fingerprint: RARE, kind: 'sha3_384_stable', list: 'watch', label: 'ours' },
    ...{ source: 'plain', licence: 'own', date: '2026-11-22' },
  },
])
const app = () =>
  createApp({
    store: memoryStore(...held),
    trustedProxies: [],
    waitMs: 0,
    clock: CLOCK,
    tokens: TOKENS,
    lists: (values) => LISTS.find(values),
  })
interface Windows {
  readonly windows: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}

describe('GET /api/v1/rarity/:fingerprint', () => {
  const ask = (path: string, role: 'reader' | 'analyst' = 'reader') =>
    request(app()).get(`/api/v1/rarity/${path}`).set(bearer(role))

  it('answers k, share, rank and bits by window, and which part is the rare one', async () => {
    const { body } = (await ask(RARE).expect(200)) as unknown as {
      body: Windows & { parts: readonly (Windows & { part: string; value: string })[] }
    }
    expect(body).to.include({ fingerprint: RARE, counted_by: 'sha3_384_stable' })
    expect(Object.keys(body.windows)).to.have.members(['1h', '24h', '7d', 'all'])
    expect(body.windows['1h']).to.include({ k: 1, of: 16, rank: 2, bits: 4, exact: true })
    expect(body.windows['1h']?.['bits_low']).to.be.below(4)
    const [first, ...others] = body.parts
    expect(first).to.include({ part: 'alpn', value: 'rare/1' })
    expect(first?.windows['all']).to.include({ k: 1, of: 16 })
    for (const { windows } of others) expect(windows['all']).to.include({ k: 16, bits: 0 })
  })

  it('tells an analyst whether it is new for a client', async () => {
    const { body } = (await ask(`${RARE}?ip=192.0.2.1`, 'analyst').expect(200)) as Answer
    expect(body['novelty']).to.include({ verdict: 'watched' })
    const { reasons } = body['novelty'] as { reasons: readonly Record<string, string>[] }
    expect(reasons.map(({ code }) => code)).to.deep.equal(['list.watch', 'novel.everywhere'])
    for (const reason of reasons)
      expect(reason).to.have.all.keys('code', 'axis', 'weight', 'text', 'evidence')
    const [entry] = body['lists'] as Record<string, string>[]
    expect(entry).to.include({ list: 'watch', label: 'ours', source: 'plain', licence: 'own' })
  })

  it('calls nothing new before it has learnt for a week', async () => {
    const common = sighting().sha3_384_stable ?? ''
    const { body } = (await ask(`${common}?ip=198.51.100.1`, 'analyst').expect(200)) as Answer
    expect(body['novelty']).to.include({ verdict: 'unknown' })
  })

  it('needs the rights that it needs', async () => {
    await request(app()).get(`/api/v1/rarity/${RARE}`).expect(401)
    await ask(`${RARE}?ip=192.0.2.1`).expect(403)
    await ask(`${RARE}?ip=nowhere`, 'analyst').expect(400)
    await ask('ef'.repeat(48)).expect(404)
  })

  it('stands in the caller’s own detail', async () => {
    const { body } = (await request(app()).get('/fps?detail=1').expect(200)) as unknown as {
      body: { rarity: Windows; novelty: { verdict: string } }
    }
    expect(body.rarity.windows['24h']).to.include({ k: 1, of: 16 })
    expect(body.novelty.verdict).to.equal('watched')
  })
})
