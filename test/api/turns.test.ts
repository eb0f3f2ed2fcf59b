import { expect } from 'chai'
import { Turns } from '../../src/api/turns.js'

/** Takes the processor for so long. */
function work(millis: number): void {
  const until = performance.now() + millis
  while (performance.now() < until);
}

describe('Turns', () => {
  it('go round among the addresses that ask', async () => {
    const turns = new Turns({ bound: 4 })
    const order: string[] = []
    const pieces = ['a', 'a', 'a', 'b', 'b'].map((key) => turns.take(key, () => order.push(key)))
    await Promise.all(pieces)
    expect(order).to.deep.equal(['a', 'b', 'a', 'b', 'a'])
  })

  it('give one piece to each turn of the event loop', async () => {
    const turns = new Turns({ bound: 4 })
    let inTurn = 0
    let most = 0
    const pieces = Array.from({ length: 10 }, () =>
      turns.take('a', () => {
        most = Math.max(most, ++inTurn)
        setImmediate(() => (inTurn = 0))
      }),
    )
    await Promise.all(pieces)
    expect(most).to.equal(1)
  })

  it('give on what a piece throws', async () => {
    const turns = new Turns({ bound: 4 })
    const failed = await turns
      .take('a', () => {
        throw new Error('broken')
      })
      .catch((error: unknown) => error)
    expect(failed).to.be.an('error').with.property('message', 'broken')
    expect(await turns.take('a', () => Promise.resolve(1))).to.equal(1)
  })

  it('let an address rest while others ask, and not otherwise', async () => {
    const timeOf = async (shared: boolean) => {
      const turns = new Turns({ bound: 4, rest: 4, isShared: () => shared })
      const began = performance.now()
      for (let i = 0; i < 10; i++) await turns.take('a', () => work(10))
      return performance.now() - began
    }
    const resting = await timeOf(true)
    // the last piece is not rested for, and 20 ms of rest may be owed
    expect(resting).to.be.at.least(10 * 10 + 9 * 40 - 21)
    expect(await timeOf(false)).to.be.below(resting)
  })

  it('let an address that rests hold nobody up', async () => {
    const turns = new Turns({ bound: 4, rest: 1000, isShared: () => true })
    await turns.take('a', () => work(10))
    let isDone = false
    void turns.take('a', () => (isDone = true))
    expect(await turns.take('b', () => 1)).to.equal(1)
    expect(isDone).to.equal(false)
  })

  it('bound the answers of an address that are under way', async () => {
    const turns = new Turns({ bound: 2 })
    let underWay = 0
    let most = 0
    const answer = async () => {
      most = Math.max(most, ++underWay)
      await turns.take('a', () => undefined)
      underWay--
    }
    await Promise.all(Array.from({ length: 6 }, () => turns.run('a', answer)))
    expect(most).to.equal(2)
  })
})
