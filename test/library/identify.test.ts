import { expect } from 'chai'
import { identify, readCapture } from 'hellotap'
import { CLIENTS } from '../knowledge/identify/hellos.js'

describe('identify of the library', () => {
  it('names the implementation of kept sightings', async () => {
    let count = 0
    for await (const sighting of readCapture(`${CLIENTS}go1.24-nethttp.pcap`, { hello: true })) {
      const answer = identify(Buffer.from(sighting.hello ?? '', 'base64'), sighting)
      expect(answer).to.include({ library: 'Go', basis: 'exact' })
      count++
    }
    expect(count).to.be.above(5)
  })

  it('gives undefined for what is no ClientHello', () => {
    expect(identify(Uint8Array.of(1, 2, 3))).to.equal(undefined)
  })
})
