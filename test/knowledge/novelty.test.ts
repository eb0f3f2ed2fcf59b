import { expect } from 'chai'
import { LEARNING_SECONDS, noveltyOf } from '../../src/knowledge/novelty.js'
import type { Past } from '../../src/knowledge/novelty.js'

const NOW = 1_800_000_000
const DAY = 86_400
const LONG_AGO = { first: NOW - 30 * DAY, last: NOW - DAY }
const past = (change: Partial<Past>): Past => ({
  clientFingerprints: 0,
  clientHellos: 0,
  learningSince: NOW - 2 * LEARNING_SECONDS,
  ...change,
})
const codes = (change: Partial<Past>) => {
  const { verdict, reasons } = noveltyOf(past(change), NOW)
  return [verdict, ...reasons.map(({ code }) => code)]
}

describe('noveltyOf', () => {
  it('expects what this client or its network showed before', () => {
    expect(codes({ client: LONG_AGO, network: LONG_AGO, anywhere: LONG_AGO })).to.deep.equal([
      'expected',
      'history.agrees',
    ])
    expect(codes({ network: LONG_AGO, anywhere: LONG_AGO })).to.deep.equal([
      'expected',
      'history.network',
    ])
  })

  it('tells new for the network from new for everybody', () => {
    expect(codes({ anywhere: LONG_AGO })).to.deep.equal(['new', 'novel.network'])
    expect(codes({})).to.deep.equal(['new', 'novel.everywhere'])
  })

  it('says that a client changed its habit', () => {
    expect(
      codes({ network: LONG_AGO, anywhere: LONG_AGO, clientFingerprints: 1, clientHellos: 500 }),
    ).to.deep.equal(['unusual', 'history.network', 'history.differs'])
    expect(codes({ network: LONG_AGO, clientFingerprints: 1, clientHellos: 3 })[0]).to.equal(
      'expected',
    )
  })

  it('takes no first sight of today for a past, nor an address of many clients for a habit', () => {
    const today = { first: NOW - 3600, last: NOW - 60 }
    expect(codes({ client: today, network: today, anywhere: today })).to.deep.equal([
      'new',
      'novel.everywhere',
    ])
    expect(codes({ client: today, network: LONG_AGO, anywhere: LONG_AGO })).to.deep.equal([
      'expected',
      'history.network',
    ])
    expect(codes({ network: LONG_AGO, clientFingerprints: 9, clientHellos: 500 })[0]).to.equal(
      'expected',
    )
  })

  it('calls nothing new in the learning period', () => {
    const learningSince = NOW - LEARNING_SECONDS + 1
    expect(codes({ learningSince })).to.deep.equal([
      'unknown',
      'novel.everywhere',
      'learning.period',
    ])
    expect(codes({ learningSince, client: LONG_AGO })[0]).to.equal('expected')
  })

  it('obeys the lists, the watch list first', () => {
    expect(codes({ isAllowed: true })).to.deep.equal(['expected', 'list.allow', 'novel.everywhere'])
    expect(codes({ isAllowed: true, isWatched: true, client: LONG_AGO })[0]).to.equal('watched')
  })

  it('gives the first and last time, and evidence with every reason', () => {
    const { first_seen, last_seen, reasons } = noveltyOf(past({ anywhere: LONG_AGO }), NOW)
    expect({ first_seen, last_seen }).to.deep.equal({
      first_seen: LONG_AGO.first,
      last_seen: LONG_AGO.last,
    })
    expect(reasons[0]?.evidence).to.equal('first 30 d, last 1 d ago')
  })
})
