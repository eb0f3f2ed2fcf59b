import { expect } from 'chai'
import fc from 'fast-check'
import { type FlowKey, FlowTable } from '../../src/base/flow-table.js'
import { allocatedPerCall } from '../support.js'

const v4 = fc.record({
  bytes: fc.uint8Array({ minLength: 8, maxLength: 8 }),
  ipVersion: fc.constant(4),
  srcAddrOff: fc.constant(0),
  dstAddrOff: fc.constant(4),
  srcPort: fc.nat(65_535),
  dstPort: fc.nat(65_535),
})
const v6 = fc.record({
  bytes: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  ipVersion: fc.constant(6),
  srcAddrOff: fc.constant(0),
  dstAddrOff: fc.constant(16),
  srcPort: fc.nat(65_535),
  dstPort: fc.nat(65_535),
})
const keys: fc.Arbitrary<FlowKey> = fc.oneof(v4, v6)

const flow = (n: number): FlowKey => ({
  bytes: Uint8Array.of(10, n >> 16, (n >> 8) & 255, n & 255, 198, 51, 100, 7),
  ipVersion: 4,
  srcAddrOff: 0,
  dstAddrOff: 4,
  srcPort: 40_000,
  dstPort: 443,
})

function add(table: FlowTable, key: FlowKey): number {
  const hash = table.hash(key)
  const entry = table.place(hash)
  table.set(entry, hash, key)
  return entry
}

describe('FlowTable', () => {
  it('finds what was put in, and no other flow', () => {
    fc.assert(
      fc.property(keys, keys, (a, b) => {
        const table = new FlowTable(64, 3)
        const entry = add(table, a)
        expect(table.find(table.hash(a), a)).to.equal(entry)
        expect(table.hashAt(entry)).to.equal(table.hash(a))
        const isSame = JSON.stringify(a) === JSON.stringify(b)
        // The hash is given, so that the addresses and ports themselves must tell.
        expect(table.find(table.hash(a), b)).to.equal(isSame ? entry : -1)
      }),
    )
  })

  it('tells flows that differ in one byte or port apart', () => {
    fc.assert(
      fc.property(keys, fc.nat(35), fc.integer({ min: 1, max: 255 }), (a, at, flip) => {
        const table = new FlowTable(64, 3)
        add(table, a)
        const bytes = a.bytes.slice()
        const b = { ...a, bytes }
        if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ flip
        else if (at % 2 === 0) b.srcPort ^= flip
        else b.dstPort ^= flip
        expect(table.hash(b)).not.to.equal(table.hash(a))
        expect(table.find(table.hash(a), b)).to.equal(-1)
        // The direction back is another flow.
        const back = {
          ...a,
          srcAddrOff: a.dstAddrOff,
          dstAddrOff: a.srcAddrOff,
          srcPort: a.dstPort,
          dstPort: a.srcPort,
        }
        if (a.srcPort !== a.dstPort) expect(table.find(table.hash(back), back)).to.equal(-1)
      }),
    )
  })

  it('forgets the flow of a bucket that was used least lately', () => {
    const table = new FlowTable(8, 1) // one bucket
    for (let n = 0; n < 8; n++) add(table, flow(n))
    table.find(table.hash(flow(0)), flow(0))
    add(table, flow(8))
    const isThere = (n: number): boolean => table.find(table.hash(flow(n)), flow(n)) >= 0
    expect([0, 1, 2, 3, 4, 5, 6, 7, 8].filter(isThere)).to.deep.equal([0, 2, 3, 4, 5, 6, 7, 8])
  })

  it('uses removed entries first', () => {
    const table = new FlowTable(8, 1)
    const entries = Array.from({ length: 8 }, (_, n) => add(table, flow(n)))
    table.remove(entries[5] ?? -1)
    expect(table.isTaken(entries[5] ?? -1)).to.equal(false)
    expect(add(table, flow(9))).to.equal(entries[5])
  })

  it('watches by hash: false is certain', () => {
    const table = new FlowTable(1024, 1)
    const hashes = Array.from({ length: 200 }, (_, n) => table.hash(flow(n)))
    for (const hash of hashes.slice(0, 100)) table.watch(hash)
    for (const hash of hashes.slice(0, 100)) expect(table.isWatched(hash)).to.equal(true)
    expect(hashes.slice(100).filter((hash) => table.isWatched(hash)).length).to.be.below(40)
    for (const hash of hashes.slice(0, 100)) table.unwatch(hash)
    for (const hash of hashes) expect(table.isWatched(hash)).to.equal(false)
  })

  it('spreads flows that differ in few bits evenly, differently for each seed', () => {
    const buckets = 1024
    for (const seed of [0, 1, 2 ** 47 + 12_345]) {
      const table = new FlowTable(buckets * 8, seed)
      const counts = new Uint32Array(buckets)
      for (let n = 0; n < buckets * 8; n++) {
        const bucket = table.hash({ ...flow(n >> 4), srcPort: 1024 + (n & 15) }) & (buckets - 1)
        counts[bucket] = (counts[bucket] ?? 0) + 1
      }
      // Poisson with mean 8: beyond 30 is one in 10^8.
      expect(Math.max(...counts)).to.be.below(30)
      expect(counts.filter((count) => count === 0).length).to.be.below(8)
    }
    const hashes = [0, 1, 2 ** 32].map((seed) => new FlowTable(8, seed).hash(flow(1)))
    expect(new Set(hashes)).to.have.property('size', 3)
  })

  it('has no change of a flow that leaves its bucket as it is', () => {
    // every pair of bits: of the addresses, and of an address and a port
    const BITS = 96
    const bits = (flow: FlowKey, ...flipped: readonly number[]): FlowKey => {
      const bytes = flow.bytes.slice()
      let { srcPort } = flow
      let { dstPort } = flow
      for (const bit of flipped) {
        if (bit < 64) bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        else if (bit < 80) srcPort ^= 1 << (bit - 64)
        else dstPort ^= 1 << (bit - 80)
      }
      return { ...flow, bytes, srcPort, dstPort }
    }
    const BUCKET = 0x3fff
    const TABLES = 40
    const tables = Array.from(
      { length: TABLES },
      (_, i) => new FlowTable(8, 7_919 * i * 2 ** 20 + i),
    )
    const flows = tables.map((_, i) => flow(65_537 * i + 4_321))
    let all = 0
    for (let one = 0; one < BITS; one++)
      for (let other = one; other < BITS; other++) {
        const collisions = tables.filter((table, i) => {
          const before = flows[i] as FlowKey
          const after = one === other ? bits(before, one) : bits(before, one, other)
          return ((table.hash(before) ^ table.hash(after)) & BUCKET) === 0
        }).length
        // by chance one in 16,384; a change that collides with one key in ten is one to choose
        expect(collisions, `bits ${one} and ${other}`).to.be.below(TABLES / 10)
        all += collisions
      }
    expect(all).to.be.below(((BITS * BITS) / 2) * (TABLES / BUCKET) * 3)
  }).timeout(60_000)

  it('allocates nothing', () => {
    const table = new FlowTable(1024, 1)
    const key = flow(77)
    const call = (): void => {
      const hash = table.hash(key)
      if (table.find(hash, key) < 0) table.set(table.place(hash), hash, key)
    }
    expect(Math.min(...[1, 2, 3].map(() => allocatedPerCall(call)))).to.be.below(1)
  })
})
