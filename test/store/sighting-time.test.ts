import { expect } from 'chai'
import { parseSighting } from '../../src/store/sighting-schema.js'
import { keptMicros, microsOf } from '../../src/store/sighting-time.js'
import { sighting, timeOf } from './sightings.js'

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

describe('parseSighting', () => {
  const good = sighting({ alpn: ['h2'] })

  it('gives a sighting back', () => {
    expect(parseSighting(JSON.stringify(good))).to.deep.equal(good)
  })

  it('leaves out keys it does not know', () => {
    expect(parseSighting(JSON.stringify({ ...good, mood: 'fine' }))).to.deep.equal(good)
  })

  for (const [what, json] of [
    ['no JSON', '{"time":'],
    ['nothing', ''],
    ['another value', '[]'],
    ['a missing key', JSON.stringify({ ...good, src: undefined })],
    ['a port out of range', JSON.stringify({ ...good, srcport: 70_000 })],
    ['a time of another form', JSON.stringify({ ...good, time: 'now' })],
    ['a list that is none', JSON.stringify({ ...good, alpn: 'h2' })],
    ['a tls_fp in parts', JSON.stringify({ ...good, tls_fp: { ciphers: '1' } })],
  ] as const)
    it(`refuses ${what}`, () => {
      expect(parseSighting(json)).to.equal(undefined)
    })
})
