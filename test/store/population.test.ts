// Counts of clients by what they show, against streams of known truth: the same for every store.

import { expect } from 'chai'
import type { Sighting } from '../../src/model/sighting.js'
import { WINDOWS } from '../../src/model/window.js'
import type { Population, Store } from '../../src/store/contract.js'
import { rowsOf } from '../rows.js'
import { sighting, timeOf, zipf } from './sightings.js'
import { clusterKind, memoryKind, redisKind } from './stores.js'

const LIMITS = { ttlSeconds: 20 * 86_400, perIp: 5, spool: 300_000 }
const HOUR = 3600
const DAY = 86_400
const ipOf = (client: number) => `10.${client >> 16}.${(client >> 8) & 255}.${client & 255}`
const stable = (fingerprint: number) => sighting({ fingerprint }).sha3_384_stable ?? ''

for (const [kind, isCluster] of [
  [memoryKind(), false],
  [redisKind(), false],
  [clusterKind(), true],
] as const) {
  describe(`${kind.name}, clients by what they show`, function () {
    this.timeout(300_000)
    const { clock } = kind
    let store: Store

    before(() => kind.start())
    after(() => kind.stop())
    beforeEach(async () => {
      store = await kind.open(LIMITS)
    })
    afterEach(() => store.close())

    /** Puts one sighting for each `[fingerprint, client, seconds ago]`. */
    async function put(shown: Iterable<readonly [number, number, number]>) {
      const now = clock.micros
      const templates = new Map<number, Sighting>()
      let made = []
      for (const [fingerprint, client, ago] of shown) {
        const template = templates.get(fingerprint) ?? sighting({ fingerprint })
        templates.set(fingerprint, template)
        made.push({ ...template, src: ipOf(client), time: timeOf(now - ago * 1e6) })
        if (made.length < 4096) continue
        store.put(rowsOf(made))
        await store.drain()
        made = []
      }
      store.put(rowsOf(made))
      await store.drain()
    }
    const clients = ({ fingerprint }: Population) =>
      WINDOWS.map((window) => fingerprint.counts[window].clients)

    it('knows nothing of a fingerprint that no one showed', async () => {
      expect(await store.population(stable(1))).to.equal(undefined)
      expect(await store.population('nonsense')).to.equal(undefined)
    })

    it('are exact by window, for fingerprint, JA4 and part, against a stream of known truth', async () => {
      const ages = [60, 2 * HOUR, 2 * DAY, 10 * DAY]
      const fingerprints = zipf(40, 3000)
      const shown = fingerprints.map(
        (fingerprint, i) => [fingerprint, (i * 7) % 1300, ages[i % ages.length] ?? 0] as const,
      )
      await put(shown)
      // the truth: the last time of each pair
      const bounds = [HOUR, DAY, 7 * DAY, Infinity]
      const truthOf = (has: (fingerprint: number) => boolean) => {
        const last = new Map<number, number>()
        for (const [fingerprint, client, ago] of shown)
          if (has(fingerprint)) last.set(client, Math.min(ago, last.get(client) ?? Infinity))
        return bounds.map((bound) => [...last.values()].filter((ago) => ago < bound).length)
      }
      const all = [...new Set(fingerprints)]
      const truths = all.map((each) => truthOf((other) => other === each))
      for (const each of all) {
        const found = await store.population(stable(each))
        expect(found && clients(found), `fingerprint ${each}`).to.deep.equal(
          truths[all.indexOf(each)],
        )
        if (found === undefined) continue
        for (const [age, window] of WINDOWS.entries()) {
          expect(found.everybody[window]).to.deep.equal({
            clients: truthOf(() => true)[age],
            standardError: 0,
          })
          const own = truths[all.indexOf(each)]?.[age] ?? 0
          const rank = 1 + truths.filter((counts) => (counts[age] ?? 0) > own).length
          expect(found.fingerprint.ranks?.[window]).to.equal(rank)
        }
        // sighting() gives a quarter of all fingerprints one cipher list
        const ciphers = found.parts?.find(({ part }) => part === 'ciphers')
        expect(WINDOWS.map((window) => ciphers?.counts[window].clients)).to.deep.equal(
          truthOf((other) => other % 4 === each % 4),
        )
        const ja4 = await store.population(sighting({ fingerprint: each }).ja4 ?? '')
        expect(ja4?.counted_by).to.equal('ja4')
        expect(ja4 && clients(ja4)).to.deep.equal(clients(found))
      }
    })

    it('tell when a client and its network showed it first and last', async () => {
      store.put(rowsOf([sighting({ fingerprint: 2, micros: clock.micros, ip: '2001:db8:0:1::1' })]))
      await put([
        [1, 300, 9 * DAY],
        [1, 300, DAY],
        [1, 301, HOUR],
      ])
      const now = clock.micros / 1e6
      const near = (value: number | undefined, ago: number) =>
        expect(value).to.be.closeTo(now - ago, 5)
      const own = await store.population(stable(1), ipOf(300))
      near(own?.client?.first, 9 * DAY)
      near(own?.client?.last, DAY)
      near(own?.network?.first, 9 * DAY)
      near(own?.network?.last, HOUR)
      near(own?.since, 9 * DAY)
      near(own?.fingerprint.seen?.last, HOUR)
      const neighbour = await store.population(stable(1), ipOf(302))
      expect(neighbour?.client).to.equal(undefined)
      near(neighbour?.network?.last, HOUR)
      expect((await store.population(stable(1), ipOf(70_000)))?.network).to.equal(undefined)
      near((await store.population(stable(2), '2001:db8:0:2::9'))?.network?.last, 0)
      expect((await store.population(stable(2), '2001:db8:1::9'))?.network).to.equal(undefined)
    })

    it('move on with time, and are forgotten with an address', async () => {
      await put([
        [1, 1, 0],
        [1, 2, 0],
      ])
      clock.ms += 2 * HOUR * 1000
      const later = await store.population(stable(1))
      expect(later && clients(later)).to.deep.equal([0, 2, 2, 2])
      await store.forget(ipOf(1))
      const fewer = await store.population(stable(1), ipOf(1))
      expect(fewer && clients(fewer)).to.deep.equal([0, 1, 1, 1])
      expect(fewer?.client).to.equal(undefined)
    })

    // a Cluster counts by the scripts of one server: once is enough of so many
    if (!isCluster)
      it('are estimates within HyperLogLog’s error where they are many, and say so', async () => {
        const many = 60_000
        const stream = function* () {
          for (let client = 0; client < many; client++) yield [1, client, 60] as const
          for (let client = 0; client < 500; client++) yield [2, client * 3, 60] as const
        }
        await put(stream())
        const common = await store.population(stable(1))
        const count = common?.fingerprint.counts['1h']
        expect(count?.standardError).to.be.within(0.001, 0.0082)
        expect(count?.clients).to.be.within(many * (1 - 3 * 0.0081), many * (1 + 3 * 0.0081))
        expect(common?.everybody['1h'].standardError).to.be.above(0)
        // networks are known of clients that are left out too
        for (const client of [0, 30_001, 59_999])
          expect((await store.population(stable(1), ipOf(client)))?.network).not.to.equal(undefined)
        // what is rare stays exact
        const rare = await store.population(stable(2))
        expect(rare?.fingerprint.counts['1h']).to.deep.equal({ clients: 500, standardError: 0 })
        expect(rare?.uncounted).to.equal(0)
      })
  })
}
