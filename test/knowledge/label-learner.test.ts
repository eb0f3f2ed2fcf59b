// Streams of known truth: what an attacker pours in changes no label, what many networks show is learnt.

import { expect } from 'chai'
import { LabelLearner, LEARNER_DEFAULTS, networkOf } from '../../src/knowledge/label-learner.js'

const NETWORKS = 1000
const network = (index: number) => `10.${index >> 8}.${index & 255}.0/24`
const DAYS = 7
const [FROM, TO] = [100, 100 + DAYS]

/** A week of a population: four in ten networks have Chrome 150, three Firefox, one in ten curl. */
function week(learner: LabelLearner): void {
  for (let day = FROM; day < TO; day++)
    for (let i = 0; i < NETWORKS; i++) {
      const part = i % 10
      if (part < 4) learner.observe('fp-chrome', 'Chrome 150', network(i), day)
      else if (part < 7) learner.observe('fp-firefox', 'Firefox 150', network(i), day)
      else if (part === 7) learner.observe('fp-curl', 'curl 8', network(i), day)
    }
}

const labels = (learner: LabelLearner, day = TO) =>
  ['fp-chrome', 'fp-firefox', 'fp-curl', 'fp-liar'].map((name) => learner.labelOf(name, day))
const TRUTH = ['Chrome 150', 'Firefox 150', 'curl 8', undefined]

describe('LabelLearner', () => {
  it('learns what many networks show on several days', () => {
    const learner = new LabelLearner()
    week(learner)
    expect(labels(learner)).to.deep.equal(TRUTH)
  })

  it('is not moved by 100,000 hellos of one address, nor by 20 addresses of one /24', () => {
    const learner = new LabelLearner()
    week(learner)
    for (let i = 0; i < 100_000; i++)
      learner.observe('fp-liar', 'Chrome 150', networkOf('192.0.2.7'), FROM + (i % DAYS))
    for (let i = 0; i < 20; i++)
      for (let day = FROM; day < TO; day++) {
        learner.observe('fp-curl', 'Chrome 150', networkOf(`192.0.2.${i}`), day)
        learner.observe('fp-liar', 'Chrome 150', networkOf(`192.0.2.${i}`), day)
      }
    expect(labels(learner)).to.deep.equal(TRUTH)
  })

  it('is not moved by 5 % of the population lying for a week', () => {
    const learner = new LabelLearner()
    week(learner)
    for (let day = FROM; day < TO; day++)
      for (let i = 0; i < NETWORKS / 20; i++) {
        const liar = network(i * 20 + 8)
        learner.observe('fp-liar', 'Chrome 150', liar, day)
        learner.observe('fp-chrome', 'Firefox 150', liar, day)
        if (i % 5 === 0) learner.observe('fp-curl', 'Chrome 150', liar, day)
      }
    expect(labels(learner)).to.deep.equal(TRUTH)
  })

  it('learns an honest new release within its days', () => {
    const learner = new LabelLearner()
    week(learner)
    for (let day = TO; day < TO + LEARNER_DEFAULTS.days; day++)
      for (let i = 0; i < NETWORKS; i += 10)
        learner.observe('fp-new', 'Chrome 151', network(i), day)
    expect(learner.labelOf('fp-new', TO + LEARNER_DEFAULTS.days - 2)).to.equal(undefined)
    expect(learner.labelOf('fp-new', TO + LEARNER_DEFAULTS.days - 1)).to.equal('Chrome 151')
  })

  it('forgets what was not seen for so long', () => {
    const learner = new LabelLearner()
    week(learner)
    expect(learner.labelOf('fp-chrome', TO + LEARNER_DEFAULTS.windowDays)).to.equal(undefined)
  })

  it('counts what it has no room for', () => {
    const learner = new LabelLearner()
    for (let i = 0; i < 5000; i++) learner.observe('fp', 'label', `${i}`, FROM)
    expect(learner.dropped).to.equal(5000 - 4096)
  })
})

describe('networkOf', () => {
  it('takes a /24 of IPv4 and a /48 of IPv6', () => {
    expect(networkOf('192.0.2.77')).to.equal('192.0.2.0/24')
    expect(networkOf('2001:db8:1:2::7')).to.equal('2001:db8:1::/48')
    expect(networkOf('2001:db8::7')).to.equal('2001:db8:0::/48')
    expect(networkOf('::1')).to.equal('0:0:0::/48')
  })
})
