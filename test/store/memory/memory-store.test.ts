import { expect } from 'chai'
import { MemoryStore } from '../../../src/store/memory/memory-store.js'
import { sighting } from '../sightings.js'
import { Clock } from '../stores.js'

const LIMITS = { ttlSeconds: 3600, perIp: 100, spool: 0 }

describe('the memory store under a clock that is set a year ahead, and back', () => {
  it('holds what came meanwhile for a TTL from then on', async () => {
    const clock = new Clock()
    const store = new MemoryStore(LIMITS, { now: clock.now })
    const put = (address: string) => store.put([sighting({ ip: address, micros: clock.micros })])
    const year = 365 * 86_400_000
    clock.ms += year
    put('10.0.0.1')
    clock.ms -= year
    put('10.0.0.2')
    for (const address of ['10.0.0.1', '10.0.0.2'])
      expect(await store.latest(address)).to.not.equal(undefined)
    clock.ms += LIMITS.ttlSeconds * 1000 + 1
    // what is past its TTL is let go of, also where it came after
    expect(await store.total()).to.be.a('number')
    for (const address of ['10.0.0.1', '10.0.0.2'])
      expect(await store.latest(address)).to.equal(undefined)
  })
})

describe('MemoryStore', () => {
  it('keeps so many in all: the oldest go first, whosever they are', async () => {
    const clock = new Clock()
    const store = new MemoryStore(LIMITS, { now: clock.now, units: 50 })
    const ip = (i: number) => `10.0.0.${i % 30}`
    for (let i = 0; i < 90; i++)
      store.put([sighting({ ip: ip(i), port: i, micros: clock.micros - 1000 + i })])
    const held: number[] = []
    for (let i = 0; i < 30; i++)
      for (const { srcport } of (await store.sightings(ip(i), 0, 100)).sightings) held.push(srcport)
    expect(held.sort((a, b) => a - b)).to.deep.equal(Array.from({ length: 50 }, (_, i) => 40 + i))
    expect(await store.total()).to.equal(90)
  })

  it('lets a large hello take the room of many', async () => {
    const clock = new Clock()
    const store = new MemoryStore(LIMITS, { now: clock.now, units: 50 })
    for (let i = 0; i < 40; i++) store.put([sighting({ port: i, micros: clock.micros })])
    store.put([sighting({ ip: '10.0.0.1', hello_len: 65_536, micros: clock.micros })])
    expect((await store.sightings('192.0.2.1', 0, 100)).total).to.equal(17)
    expect(await store.latest('10.0.0.1')).not.to.equal(undefined)
  })

  it('frees what is past its TTL, stragglers too', async () => {
    const clock = new Clock()
    const store = new MemoryStore(LIMITS, { now: clock.now })
    const heap = () => {
      globalThis.gc?.()
      return process.memoryUsage().heapUsed
    }
    const before = heap()
    for (let i = 0; i < 20_000; i++)
      store.put([
        sighting({
          ip: `10.1.${i >> 8}.${i & 255}`,
          fingerprint: i % 50,
          micros: clock.micros - (i % 3) * 1e9,
        }),
      ])
    expect(heap() - before).to.be.above(10 << 20)
    clock.ms += 3_600_000 + 300_000
    expect(await store.total()).to.equal(0)
    expect(heap() - before).to.be.below(4 << 20)
  })

  it('takes ten thousand sightings a second and more', () => {
    const clock = new Clock()
    const store = new MemoryStore(LIMITS, { now: clock.now })
    const all = Array.from({ length: 20_000 }, (_, i) =>
      sighting({
        ip: `10.1.${(i >> 8) & 15}.${i & 255}`,
        fingerprint: i % 300,
        order: i,
        micros: clock.micros - 20_000 + i,
      }),
    )
    const before = process.cpuUsage()
    for (const each of all) store.put([each])
    const { user, system } = process.cpuUsage(before)
    // some 12 µs each; the bound leaves room for a slow machine
    expect((user + system) / all.length, 'µs of CPU a sighting').to.be.below(100)
  })
})
