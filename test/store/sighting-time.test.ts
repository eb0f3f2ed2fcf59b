import { expect } from 'chai'
import { keptMicros, microsOf } from '../../src/store/sighting-time.js'
import { timeOf } from './sightings.js'

describe('microsOf', () => {
  it('reads RFC 3339 in UTC to the microsecond', () => {
    expect(microsOf('2022-02-01T12:12:19.200221Z')).to.equal(1_643_717_539_200_221)
    expect(microsOf('1970-01-01T00:00:00.000001Z')).to.equal(1)
    expect(microsOf('2022-02-01T12:12:19Z')).to.equal(1_643_717_539_000_000)
    expect(microsOf('2022-02-01T12:12:19.2Z')).to.equal(1_643_717_539_200_000)
    expect(microsOf('2022-02-01T12:12:19.123456789Z')).to.equal(1_643_717_539_123_456)
  })

  it('is the inverse of writing', () => {
    for (const micros of [0, 1, 999_999, 1_700_000_000_123_456])
      expect(microsOf(timeOf(micros))).to.equal(micros)
  })

  it('is NaN where there is no time', () => {
    expect(microsOf('yesterday')).to.be.NaN
  })
})

describe('keptMicros', () => {
  it('is the sighting’s own time, but never later than now', () => {
    expect(keptMicros(timeOf(5), 10)).to.equal(5)
    expect(keptMicros(timeOf(15), 10)).to.equal(10)
    expect(keptMicros('yesterday', 10)).to.equal(10)
  })
})
