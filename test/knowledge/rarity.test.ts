import { expect } from 'chai'
import {
  rankOf,
  rarityByPart,
  rarityByWindow,
  rarityOf,
  wilson,
} from '../../src/knowledge/rarity.js'

describe('wilson', () => {
  it('has the values of the formula', () => {
    // 10 of 100 by hand: (0.1 + z²/200 ± z √(0.1·0.9/100 + z²/40000)) / (1 + z²/100), z = 1.96
    const [low, high] = wilson(10, 100)
    expect(low).to.be.closeTo(0.05523, 1e-4)
    expect(high).to.be.closeTo(0.17437, 1e-4)
    expect(wilson(0, 100)[0]).to.equal(0)
    expect(wilson(100, 100)[1]).to.equal(1)
    expect(wilson(0, 0)).to.deep.equal([0, 1])
  })
})

describe('rarityOf', () => {
  it('gives share and bits with their interval', () => {
    const rarity = rarityOf({ clients: 1, total: 1024 })
    expect(rarity).to.include({ k: 1, of: 1024, bits: 10, exact: true })
    expect(rarity?.bits_low).to.be.within(7, 8)
    expect(rarity?.bits_high).to.be.within(12, 13)
    expect(rarityOf({ clients: 7, total: 7 })).to.include({ share: 1, bits: 0, bits_low: 0 })
  })

  it('gives only the lower end for what nobody showed, and nothing where nobody was counted', () => {
    const rarity = rarityOf({ clients: 0, total: 1000 })
    expect(rarity).to.not.have.any.keys('bits', 'bits_high')
    expect(rarity?.bits_low).to.be.within(7, 9)
    expect(rarityOf({ clients: 0, total: 0 })).to.equal(undefined)
  })

  it('widens the interval by the error of an estimate', () => {
    const exact = rarityOf({ clients: 500, total: 100_000 })
    const estimate = rarityOf({ clients: 500, total: 100_000, standardError: 0.0081 })
    expect(estimate?.exact).to.equal(false)
    expect(estimate?.bits_low).to.be.below(exact?.bits_low ?? 0)
    expect(estimate?.bits_high).to.be.above(exact?.bits_high ?? 0)
    expect(rarityOf({ clients: 101, total: 100, standardError: 0.0081 })).to.include({ k: 100 })
  })

  it('holds the truth of a stream in 93 to 97 of 100 intervals', () => {
    let state = 7
    const next = () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32
    let inside = 0
    const trials = 2000
    for (let i = 0; i < trials; i++) {
      let clients = 0
      for (let j = 0; j < 400; j++) if (next() < 0.05) clients++
      const rarity = rarityOf({ clients, total: 400 })
      const truth = -Math.log2(0.05)
      if ((rarity?.bits_low ?? 0) <= truth && truth <= (rarity?.bits_high ?? Infinity)) inside++
    }
    expect(inside / trials).to.be.within(0.93, 0.97)
  })
})

describe('rarityByWindow, rarityByPart and rankOf', () => {
  it('keep windows apart, and leave out those without clients', () => {
    const found = rarityByWindow({
      '1h': { clients: 0, total: 0 },
      '24h': { clients: 1, total: 2 },
    })
    expect(Object.keys(found)).to.deep.equal(['24h'])
    expect(found['24h']?.bits).to.equal(1)
  })

  it('name the part that makes a hello rare', () => {
    const parts = rarityByPart({
      ciphers: { clients: 900, total: 1000 },
      extensions: { clients: 3, total: 1000 },
      groups: { clients: 500, total: 1000 },
    })
    expect(parts.map(({ part }) => part)).to.deep.equal(['extensions', 'groups', 'ciphers'])
  })

  it('give equal counts one rank', () => {
    const counts = [9, 5, 5, 1]
    expect([9, 5, 1].map((count) => rankOf(count, counts))).to.deep.equal([1, 2, 4])
  })
})
