import { expect } from 'chai'
import { isFingerprintKey } from '../../../src/store/counted-keys.js'
import { MemoryPopulation } from '../../../src/store/memory/memory-population.js'
import type { Tallies } from '../../../src/store/population.js'
import { CLIENTS_OF_AN_AGE } from '../../../src/store/population.js'

const DAY = 86_400
const MONTH = 30 * DAY
const NOW = 1_790_000_000
const KEYS = 'abcdefghijklmnopqrstuvwxyz'.split('').map((letter) => `${letter}12345678`)
/** A key with whose clients the first time is remembered. */
const KEY = KEYS.find(isFingerprintKey) ?? expect.fail('no letter is that of fingerprints')
const address = (i: number) => String.fromCharCode(10, (i >> 16) & 255, (i >> 8) & 255, i & 255)

/** What is counted, without the pauses in which others are answered. */
function tallied(population: MemoryPopulation, now: number): Tallies {
  const work = population.tallies(now)
  let step = work.next()
  while (step.done !== true) step = work.next()
  return step.value
}

describe('the clients of a thing in memory', () => {
  it('are sampled once they are many: their number stays near the truth, their networks known', () => {
    const population = new MemoryPopulation(64, MONTH)
    const clients = 2 * CLIENTS_OF_AN_AGE
    for (let i = 0; i < clients; i++) population.add([KEY], address(i), false, NOW + 1, NOW + 2)
    const tally = tallied(population, NOW + 2).things.get(KEY)
    const sum = tally?.sums.reduce((all, each) => all + each, 0) ?? 0
    expect(sum).to.be.within(0.97 * clients, 1.03 * clients)
    // an estimate says so
    expect(Math.max(...(tally?.variances ?? []))).to.be.above(0)
    const kept = Array.from({ length: clients }, (_, i) => population.seen(KEY, address(i)))
    expect(kept.filter(({ client }) => client !== undefined).length).to.be.at.most(
      CLIENTS_OF_AN_AGE * 1.04,
    )
    for (const { network } of kept) expect(network).to.deep.equal({ first: NOW + 1, last: NOW + 1 })
    expect(population.uncounted).to.equal(0)
  })

  it('are forgotten after the time that is remembered, and their networks', () => {
    const population = new MemoryPopulation(64, DAY)
    population.add([KEY], address(1 << 20), false, NOW, NOW)
    for (let i = 0; i <= 1.04 * CLIENTS_OF_AN_AGE; i++)
      population.add([KEY], address(i), false, NOW + DAY, NOW + DAY)
    expect(population.seen(KEY, address(1 << 20))).to.deep.equal({})
    expect(population.seen(KEY, address(0)).network).to.deep.equal({
      first: NOW + DAY,
      last: NOW + DAY,
    })
  })
})
