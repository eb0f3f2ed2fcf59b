// The tables of `npm run score` hold what docs/verdicts.md promises of identification: fixed captures, fixed seed.

import { expect } from 'chai'
import { readClients } from '../../tools/learn/captures.js'
import { honest } from '../../tools/learn/learn-base.js'
import { score } from '../../tools/score/implementation.js'
import type { Scored } from '../../tools/score/implementation.js'
import {
  calibrationBins,
  scoreApplications,
  scoreKnownVersions,
  scoreUnseenVersions,
  wilson,
} from '../../tools/score/tables.js'
import type { Outcome } from '../../tools/score/tables.js'
import { CLIENTS } from '../knowledge/identify/hellos.js'

describe('clients that were not learnt', function () {
  this.timeout(900_000)
  let of: Scored['of']
  before(async () => {
    ;({ of } = score(honest(await readClients(CLIENTS))))
  })

  const known = (outcomes: readonly Outcome[]) => outcomes.filter(({ main }) => main.knows.family)
  const answered = (outcomes: readonly Outcome[]) =>
    known(outcomes).filter(({ isAnswered }) => isAnswered).length / known(outcomes).length

  it('are given a wrong library once at most', () => {
    const wrong = new Set(
      [of.client, of.application, of.version].flatMap((outcomes) =>
        known(outcomes)
          .filter(({ isWrong }) => isWrong)
          .map(({ client }) => client),
      ),
    )
    expect(wrong.size).to.be.at.most(1)
  })

  it('are answered', () => {
    expect(answered(of.client)).to.be.at.least(0.9)
    expect(answered(of.application)).to.be.at.least(0.9)
    expect(answered(of.version)).to.be.at.least(0.95)
  })

  it('of a library that was left out whole are seldom named', () => {
    const named = of.family.filter(({ isWrong }) => isWrong)
    expect(named.length / of.family.length).to.be.at.most(2 / 60)
  })

  it('get the confidence that they deserve', () => {
    const { bins, error } = calibrationBins([...of.client, ...of.application, ...of.version])
    expect(error).to.be.at.most(0.05)
    expect(bins.filter(({ from, isOverconfident }) => from >= 0.9 && isOverconfident)).to.be.empty
  })

  it('have their version in the range', () => {
    const { within, total } = scoreKnownVersions(of.client)
    expect(within / total).to.be.at.least(0.97)
    const unseen = scoreUnseenVersions(of.version)
    expect(unseen.within / unseen.total).to.be.at.least(0.9)
  })

  it('have their application in the set', () => {
    const { within, known: total, medianSet } = scoreApplications(of.client)
    expect(within / total).to.be.at.least(0.97)
    expect(medianSet).to.be.at.most(3)
    const { named, unseen } = scoreApplications(of.application)
    expect(named / unseen).to.be.at.most(0.05)
  })
})

describe('the Wilson interval', () => {
  it('is that of the textbook', () => {
    const [low, high] = wilson(81, 263)
    expect(low).to.be.closeTo(0.2553, 0.0001)
    expect(high).to.be.closeTo(0.3662, 0.0001)
    expect(wilson(10, 10)[1]).to.be.closeTo(1, 1e-12)
  })
})
