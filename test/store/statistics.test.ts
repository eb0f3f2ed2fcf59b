import { rowsOf } from '../rows.js'
import { expect } from 'chai'
import type { Sighting } from '../../src/model/sighting.js'
import type { Store } from '../../src/store/contract.js'
import { DISTRIBUTIONS } from '../../src/store/traits.js'
import { microsOf } from '../../src/store/sighting-time.js'
import { sighting, zipf } from './sightings.js'
import type { Clock } from './stores.js'
import { memoryKind, redisKind } from './stores.js'

const LIMITS = { ttlSeconds: 86_400, perIp: 20, spool: 100_000 }
const FINGERPRINTS = 200
const CLIENTS = 4000

/** A stream like a network's: few fingerprints make most of it, few clients too, over the last `spanMs`. */
function stream(length: number, clock: Clock, spanMs: number, seed = 1): Sighting[] {
  const fingerprints = zipf(FINGERPRINTS, length, seed)
  const clients = zipf(CLIENTS, length, seed + 1)
  return fingerprints.map((fingerprint, i) => {
    const client = clients[i] ?? 0
    return sighting({
      fingerprint,
      order: i % 7,
      ip: `10.0.${client >> 8}.${client & 255}`,
      port: 1024 + (i % 60_000),
      micros: clock.micros - Math.floor(((length - i) / length) * spanMs * 1000),
    })
  })
}

/** The straightforward way: count every sighting, every time. */
function recount(sightings: readonly Sighting[]) {
  const fingerprints = new Map<string, { count: number; clients: Set<string> }>()
  const values = new Map<string, number>()
  const add = (name: string) => values.set(name, (values.get(name) ?? 0) + 1)
  for (const each of sightings) {
    const id = each.sha3_384_stable ?? ''
    const counted = fingerprints.get(id) ?? { count: 0, clients: new Set() }
    counted.count++
    counted.clients.add(each.src)
    fingerprints.set(id, counted)
    add(`tls_version ${each.tls_version}`)
    add(`client_hello_version ${each.client_hello_version}`)
    for (const name of each.alpn ?? []) add(`alpn ${name}`)
    for (const list of ['ciphers', 'extensions', 'supported_groups'] as const)
      for (const value of (each.tls_fp?.[list] ?? '').split(',').filter((text) => text !== ''))
        add(`${list} ${value}`)
  }
  return { fingerprints, values, clients: new Set(sightings.map(({ src }) => src)).size }
}

/** HyperLogLog's standard error is 0.81 %; four of it, and two for what is small. */
function expectEstimate(estimate: number, exact: number, what: string): void {
  expect(Math.abs(estimate - exact), `${what}: ${estimate}, exactly ${exact}`).to.be.at.most(
    Math.max(2, 0.0324 * exact),
  )
}

for (const kind of [memoryKind(), redisKind()]) {
  describe(`statistics of the ${kind.name}`, () => {
    let store: Store
    before(() => kind.start())
    after(async () => {
      await store.close()
      await kind.stop()
    })

    it('are those of a recount', async () => {
      const { clock } = kind
      store = await kind.open(LIMITS)
      const sightings = stream(12_000, clock, 20 * 3_600_000)
      for (let i = 0; i < sightings.length; i += 1000)
        store.put(rowsOf(sightings.slice(i, i + 1000)))
      await store.drain()
      const stats = await store.stats({ onlyWithUserAgent: false, top: 1000 })
      const exact = recount(sightings)

      expect(stats.total_sightings).to.equal(12_000)
      expect(stats.other_sightings).to.equal(0)
      expect(stats.distinct_fingerprints).to.equal(exact.fingerprints.size)
      expectEstimate(stats.distinct_clients, exact.clients, 'clients')
      const times = sightings.map(({ time }) => microsOf(time) / 1e6)
      expect(stats.first_seen).to.equal(Math.min(...times))
      expect(stats.last_seen).to.equal(Math.max(...times))

      expect(stats.fingerprints).to.have.length(exact.fingerprints.size)
      let before = Infinity
      for (const each of stats.fingerprints) {
        const counted = exact.fingerprints.get(each.sha3_384_stable ?? '')
        expect(each.count).to.equal(counted?.count).and.to.be.at.most(before)
        before = each.count
        expect(each.share).to.equal(each.count / 12_000)
        expect(each.rarity_bits).to.be.closeTo(Math.log2(12_000 / each.count), 1e-9)
        const ahead = [...exact.fingerprints.values()].filter(({ count }) => count > each.count)
        expect(each.rank).to.equal(ahead.length + 1)
        expectEstimate(each.clients, counted?.clients.size ?? 0, 'clients of a fingerprint')
      }
      let named = 0
      for (const name of DISTRIBUTIONS)
        for (const { value, count, share } of stats.distributions[name]) {
          expect(count, `${name} ${value}`).to.equal(exact.values.get(`${name} ${value}`))
          expect(share).to.equal(count / 12_000)
          named++
        }
      expect(named).to.equal(exact.values.size)
    })

    it('name the most frequent only, as many as asked', async () => {
      const all = await store.stats({ onlyWithUserAgent: false, top: 1000 })
      const few = await store.stats({ onlyWithUserAgent: false, top: 3 })
      expect(few.fingerprints).to.deep.equal(all.fingerprints.slice(0, 3))
      expect(few.distributions.ciphers).to.deep.equal(all.distributions.ciphers.slice(0, 3))
      expect(few.total_sightings).to.equal(all.total_sightings)
    })
  })
}
