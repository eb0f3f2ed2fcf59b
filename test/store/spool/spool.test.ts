import { expect } from 'chai'
import fc from 'fast-check'
import { Spool } from '../../../src/store/spool/spool.js'

const ONE = () => 1

describe('Spool', () => {
  it('gives out in order what was pushed', () => {
    const spool = new Spool<number>(10, ONE)
    for (const entry of [1, 2, 3]) spool.push(entry)
    expect(spool.take(2)).to.deep.equal([1, 2])
    expect(spool.size).to.equal(3)
    spool.settle('written')
    expect(spool.take(2)).to.deep.equal([3])
  })

  it('gives the same batch again until it is settled', () => {
    const spool = new Spool<number>(10, ONE)
    for (const entry of [1, 2, 3]) spool.push(entry)
    expect(spool.take(2)).to.deep.equal([1, 2])
    expect(spool.take(3)).to.deep.equal([1, 2])
  })

  it('lets go of the oldest when full, but not of a batch taken', () => {
    const spool = new Spool<number>(3, ONE)
    for (const entry of [1, 2, 3, 4]) spool.push(entry)
    expect(spool.take(1)).to.deep.equal([2])
    spool.push(5)
    expect(spool.dropped).to.equal(2)
    expect(spool.take(1)).to.deep.equal([2])
    spool.settle('written')
    expect(spool.take(9)).to.deep.equal([4, 5])
  })

  it('lets go of the newest where all the room is a batch’s', () => {
    const spool = new Spool<number>(2, ONE)
    for (const entry of [1, 2]) spool.push(entry)
    spool.take(2)
    spool.push(3)
    expect(spool.dropped).to.equal(1)
    expect(spool.take(2)).to.deep.equal([1, 2])
  })

  it('measures by units: a large entry takes the room of several', () => {
    const spool = new Spool<number>(10, (entry) => entry)
    for (const entry of [4, 4, 5]) spool.push(entry)
    expect(spool.take(9)).to.deep.equal([4, 5])
    spool.push(11)
    expect([spool.size, spool.dropped]).to.deep.equal([2, 2])
  })

  it('accounts for every entry: written, dropped or waiting, in order and within its bound', () => {
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.constant('push' as const) },
      fc.constant('take' as const),
      fc.constant('written' as const),
      fc.constant('dropped' as const),
    )
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), fc.array(step), (bound, steps) => {
        const spool = new Spool<number>(bound, ONE)
        let pushed = 0
        let taken: readonly number[] = []
        const written: number[] = []
        for (const each of steps) {
          if (each === 'push') spool.push(pushed++)
          else if (each === 'take') taken = spool.take(3)
          else {
            if (each === 'written') written.push(...taken)
            taken = []
            spool.settle(each)
          }
          expect(spool.size).to.be.at.most(bound)
          expect(spool.pushed).to.equal(pushed)
          expect(written.length + spool.dropped + spool.size).to.equal(pushed)
        }
        expect(written).to.deep.equal(written.toSorted((a, b) => a - b))
        spool.abandon()
        expect(spool.size).to.equal(0)
        expect(spool.left).to.equal(pushed)
      }),
    )
  })

  it('takes time in proportion to what passes through it, even always full', () => {
    const spool = new Spool<number>(50_000, ONE)
    const started = performance.now()
    for (let i = 0; i < 500_000; i++) spool.push(i)
    expect(spool.dropped).to.equal(450_000)
    expect(performance.now() - started).to.be.below(2000)
  })
})
