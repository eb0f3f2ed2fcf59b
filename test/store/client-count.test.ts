import { expect } from 'chai'
import { ClientCount } from '../../src/store/client-count.js'

const address = (i: number) => `10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}`

function counted(from: number, to: number): ClientCount {
  const count = new ClientCount()
  for (let i = from; i < to; i++) count.add(address(i))
  return count
}

describe('ClientCount', () => {
  it('is exact up to 512, repetitions aside', () => {
    const count = new ClientCount()
    for (let round = 0; round < 3; round++) for (let i = 0; i < 512; i++) count.add(address(i))
    expect(count.size).to.equal(512)
  })

  for (const size of [513, 2000, 10_000, 40_000, 100_000, 1_000_000])
    it(`is within four standard errors (3.24 %) of ${size}`, () => {
      expect(counted(0, size).size).to.be.closeTo(size, 0.0324 * size)
    })

  it('counts IPv6 addresses that differ in their end as well', () => {
    const count = new ClientCount()
    for (let i = 0; i < 50_000; i++) count.add(`2001:db8:1:2::${i.toString(16)}`)
    expect(count.size).to.be.closeTo(50_000, 0.0324 * 50_000)
  })

  it('merges sets that overlap, exact or estimated', () => {
    const small = counted(0, 100)
    small.merge(counted(50, 200))
    expect(small.size).to.equal(200)
    small.merge(counted(100, 20_000))
    expect(small.size).to.be.closeTo(20_000, 0.0324 * 20_000)
    const large = counted(0, 20_000)
    large.merge(counted(0, 300))
    large.merge(counted(10_000, 30_000))
    expect(large.size).to.be.closeTo(30_000, 0.0324 * 30_000)
  })
})
