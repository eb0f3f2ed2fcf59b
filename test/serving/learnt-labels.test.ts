// What own traffic teaches, from the User-Agents of connections to the answers: honest populations are learnt, poison is not,
// and what the base says stays as it is.

import { expect } from 'chai'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import request from 'supertest'
import { createApp } from '../../src/api/app.js'
import type { Observe } from '../../src/api/user-agents.js'
import { userAgentObserver } from '../../src/api/user-agents.js'
import { LEARNER_DEFAULTS } from '../../src/knowledge/label-learner.js'
import type { Sighting } from '../../src/model/sighting.js'
import { LearntLabels } from '../../src/serving/learnt-labels.js'
import type { Answer } from '../api/fixture.js'
import { CLOCK, TOKENS, bearer, memoryStore, sighting } from '../api/fixture.js'

const DAY = 86_400_000
const NOW = CLOCK() / 1000
const OWN = 'ab'.repeat(48)
const JA4 = sighting().ja4 ?? ''
const CHROME = (version: number) =>
  `Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${version}.0.0.0 Safari/537.36`
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0'
const { networks, days } = LEARNER_DEFAULTS

const onError = (error: unknown) => {
  throw error
}

describe('learnt labels', function () {
  this.timeout(60_000)
  let now = NOW
  let learnt: LearntLabels
  const store = memoryStore(sighting())
  let observe: Observe
  const open = (path?: string) => new LearntLabels({ path, now: () => now, onError })
  beforeEach(() => {
    now = NOW
    learnt = open()
    observe = userAgentObserver(store, () => now / 1000, onError, {
      observe: (...observed) => learnt.observe(...observed),
      labelOf: (values) => learnt.labelOf(values),
    })
  })
  afterEach(() => learnt.close())

  /** A client's own User-Agent over a connection whose hello is known, as the API hears it. */
  function hear(ip: string, userAgent: string, changes: Partial<Sighting> = {}): void {
    const held = sighting({ src: ip, srcport: 5000, time: new Date(now).toISOString(), ...changes })
    observe({ ip, port: 5000, forwarded: true }, held, userAgent)
  }

  const network = (index: number) => `10.${index >> 8}.${index & 255}.1`

  /** So many networks, on each of so many days up to today. */
  function hearMany(count: number, dates: number, userAgent: string, changes = {}, from = 0): void {
    for (let day = dates - 1; day >= 0; day--) {
      now = NOW - day * DAY
      for (let i = 0; i < count; i++) hear(network(from + i), userAgent, changes)
    }
  }

  const app = (guarded = false) =>
    createApp({
      store,
      trustedProxies: [],
      waitMs: 0,
      clock: CLOCK,
      tokens: TOKENS,
      learnt,
      guarded,
    })
  const ask = async (path: string, headers = bearer('reader')) =>
    ((await request(app()).get(path).set(headers)) as Answer).body
  const ANSWERS = [
    `/api/v1/identify/${OWN}`,
    `/api/v1/identify/${JA4}`,
    `/api/v1/identify/${sighting().ja3}`,
    `/lookup?fingerprint=${JA4}`,
    '/fps?detail=1',
  ]

  it('stand in each answer under their own name, with their networks and days', async () => {
    const before = await ask(ANSWERS[0] ?? '')
    hearMany(networks, days, CHROME(160))
    await learnt.refresh()
    for (const path of ANSWERS)
      expect((await ask(path))['learnt'], path).to.deep.equal({
        label: 'Chrome (Chromium 160)',
        networks,
        days,
        basis: 'learnt here',
      })
    // what the base says of it stays as it was
    expect({ ...(await ask(ANSWERS[0] ?? '')), learnt: undefined }).to.deep.equal({
      ...before,
      learnt: undefined,
    })
  })

  it('name the widest thing that networks agree on', async () => {
    for (const [at, version] of [150, 151, 152].entries())
      hearMany(networks, days, CHROME(version), {}, at * networks)
    await learnt.refresh()
    expect((await ask(ANSWERS[0] ?? ''))['learnt']).to.include({
      label: 'Chromium browser',
      networks: 3 * networks,
    })
  })

  it('need so many networks on so many days, one /24 or /48 counting once', async () => {
    hearMany(networks - 1, days + 4, CHROME(160))
    for (let i = 0; i < 200; i++) hear(`10.0.0.${i}`, CHROME(160))
    for (let i = 0; i < 50; i++) hear(`2001:db8:0:${i.toString(16)}::1`, FIREFOX)
    await learnt.refresh()
    expect(await ask(ANSWERS[0] ?? '')).not.to.have.property('learnt')
    learnt.close()
    learnt = open()
    hearMany(networks, days - 1, CHROME(160))
    await learnt.refresh()
    expect(await ask(ANSWERS[0] ?? '')).not.to.have.property('learnt')
  })

  it('are not moved by one address × 100,000, 20 of one /24, nor 5 % that lie for a week', async () => {
    const population = 20 * networks
    const others = { sha3_384_stable: 'cd'.repeat(48), ja4: 'other' }
    hearMany(population, 7, CHROME(160))
    await learnt.refresh()
    const before = await ask(ANSWERS[0] ?? '')
    now = NOW
    const ip = '192.0.2.7'
    for (let i = 0; i < 100_000; i++) {
      const srcport = 1024 + (i % 60_000)
      const held = sighting({ src: ip, srcport, time: `2026-11-22T12:00:00.${100_000 + i}Z` })
      observe({ ip, port: srcport, forwarded: true }, held, FIREFOX)
    }
    for (let i = 0; i < 20; i++) hear(`192.0.2.${i}`, FIREFOX)
    hearMany(population / 20, 7, FIREFOX)
    hearMany(population / 20, 7, CHROME(160), others)
    await learnt.refresh()
    expect(before['learnt']).to.include({ label: 'Chrome (Chromium 160)' })
    expect(await ask(ANSWERS[0] ?? '')).to.deep.equal(before)
    expect(await ask('/api/v1/identify/' + 'cd'.repeat(48))).not.to.have.property('learnt')
  })

  it('are forgotten once nobody shows them any more', async () => {
    hearMany(networks, days, CHROME(160))
    now = NOW + LEARNER_DEFAULTS.windowDays * DAY
    await learnt.refresh()
    expect(await ask(ANSWERS[0] ?? '')).not.to.have.property('learnt')
  })

  it('take nothing from a hello that anybody can have sent, nor from another connection', async () => {
    hearMany(networks, days, CHROME(160), { quality: ['no-syn'] })
    hearMany(networks, days, CHROME(160), { quality: ['conflict'] })
    hearMany(networks, days, CHROME(160), { srcport: 5001 })
    await learnt.refresh()
    expect(await ask(ANSWERS[0] ?? '')).not.to.have.property('learnt')
  })

  it('are shown to readers of statistics alone, where strangers can connect', async () => {
    hearMany(networks, days, CHROME(160))
    await learnt.refresh()
    const path = ANSWERS[0] ?? ''
    const anonymous = (await request(app(true)).get(path)) as Answer
    expect(anonymous.status).to.equal(200)
    expect(anonymous.body).not.to.have.property('learnt')
    const reader = (await request(app(true)).get(path).set(bearer('reader'))) as Answer
    expect(reader.body).to.have.property('learnt')
  })

  it('outlast a restart in a file of their own, which names no network', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hellotap-learnt-'))
    const path = join(folder, 'learnt.jsonl')
    try {
      learnt = open(path)
      hearMany(networks, days - 1, CHROME(160))
      learnt.close()
      expect(statSync(path).mode & 0o777).to.equal(0o600)
      expect(readFileSync(path, 'utf8')).not.to.match(/10\.0\.\d/)
      learnt = open(path)
      // the same networks again count once
      now = NOW
      for (let i = 0; i < networks; i++) hear(network(i), CHROME(160))
      await learnt.refresh()
      expect(await ask(ANSWERS[0] ?? '')).not.to.have.property('learnt')
      now = NOW + DAY
      for (let i = 0; i < networks; i++) hear(network(i), CHROME(160))
      await learnt.refresh()
      expect((await ask(ANSWERS[0] ?? ''))['learnt']).to.include({ networks, days })
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
