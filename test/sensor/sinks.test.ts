import { expect } from 'chai'
import { newCounters } from '../../src/base/counters.js'
import { linesSink, sightingsOf } from '../../src/sensor/sinks.js'
import { rowsOf } from '../rows.js'
import { sighting } from '../store/sightings.js'

describe('the rows of a sensor', () => {
  it('are handed on as lines to what takes lines', () => {
    const made = [sighting({ port: 1 }), sighting({ port: 2, sni: 'a "b"' })]
    const taken: Uint8Array[] = []
    const sink = linesSink((lines) => void taken.push(Uint8Array.from(lines)))
    void sink(rowsOf(made), newCounters())
    expect(taken.flatMap((lines) => sightingsOf(lines))).to.deep.equal(made)
  })
})
