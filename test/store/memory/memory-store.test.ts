import { proc, needs } from '../../capability.js'
import { rowsOf } from '../../rows.js'
import { storedSightings } from '../../../src/fingerprint/stored-sighting.js'
import { expect } from 'chai'
import { MemoryStore } from '../../../src/store/memory/memory-store.js'
import { sighting } from '../sightings.js'
import { Clock } from '../stores.js'

const LIMITS = { ttlSeconds: 3600, perIp: 100, spool: 0 }

describe('the memory store under a clock that is set a year ahead, and back', () => {
  it('holds what came meanwhile for a TTL from then on', async () => {
    const clock = new Clock()
    const store = new MemoryStore(LIMITS, storedSightings(), { now: clock.now })
    const put = (address: string) =>
      store.put(rowsOf([sighting({ ip: address, micros: clock.micros })]))
    const year = 365 * 86_400_000
    clock.ms += year
    put('10.0.0.1')
    clock.ms -= year
    put('10.0.0.2')
    for (const address of ['10.0.0.1', '10.0.0.2'])
      expect(await store.latest(address)).to.not.equal(undefined)
    // sums are kept by twelfths of the TTL
    clock.ms += (LIMITS.ttlSeconds * 1000 * 13) / 12 + 1
    // what is past its TTL is let go of, also where it came after
    expect(await store.total()).to.be.a('number')
    for (const address of ['10.0.0.1', '10.0.0.2'])
      expect(await store.latest(address)).to.equal(undefined)
  })
})

describe('MemoryStore', () => {
  it('keeps what its bytes hold: the oldest go first, whosever they are', async () => {
    const clock = new Clock()
    const limits = { ...LIMITS, mib: 1 }
    const store = new MemoryStore(limits, storedSightings(), { now: clock.now })
    const ip = (i: number) => `10.0.${i % 100}.1`
    const micros = clock.micros - 400e6
    for (let i = 0; i < 4000; i++)
      store.put(rowsOf([sighting({ ip: ip(i), port: i, micros: micros + i })]))
    const held: number[] = []
    for (let i = 0; i < 100; i++)
      for (const { srcport } of (await store.sightings(ip(i), 0, 100)).sightings) held.push(srcport)
    expect(held.length).to.be.within(1000, 3500)
    const first = 4000 - held.length
    expect(held.sort((a, b) => a - b)).to.deep.equal(
      Array.from({ length: held.length }, (_, i) => first + i),
    )
    expect(store.health()).to.include({ stored: 4000, evicted: first })
    expect(await store.total()).to.equal(4000)
  })

  it('frees what is past its TTL, stragglers too', async function () {
    needs(this, proc)
    const clock = new Clock()
    const store = new MemoryStore(LIMITS, storedSightings(), { now: clock.now })
    const heap = () => {
      globalThis.gc?.()
      return process.memoryUsage().heapUsed
    }
    const before = heap()
    for (let i = 0; i < 5_000; i++)
      store.put(
        rowsOf([
          sighting({
            ip: `10.1.${i >> 8}.${i & 255}`,
            fingerprint: i % 50,
            micros: clock.micros - (i % 3) * 1e9,
          }),
        ]),
      )
    expect(heap() - before).to.be.above(2 << 20)
    clock.ms += 3_600_000 + 300_000
    expect(await store.total()).to.equal(0)
    expect(heap() - before).to.be.below(4 << 20)
  })
})
