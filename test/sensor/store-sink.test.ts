import { expect } from 'chai'
import { sightingsOf } from '../../src/sensor/store-sink.js'

describe('the lines of a sensor', () => {
  const lines = new TextEncoder().encode(
    '{"sni":"a.test"}\nnot JSON \u001b[2J\n\n{"sni":"b.test"}\n',
  )

  it('are sightings, but for those that are none, which are told', () => {
    const faults: string[] = []
    const sightings = sightingsOf(lines, (line) => faults.push(line))
    expect(sightings.map(({ sni }) => sni)).to.deep.equal(['a.test', 'b.test'])
    expect(faults).to.deep.equal(['not JSON \u001b[2J'])
  })

  it('are our own fault where nobody else made them', () => {
    expect(() => sightingsOf(lines)).to.throw(SyntaxError)
  })
})
