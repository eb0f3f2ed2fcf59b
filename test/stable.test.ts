// One build of Chromium has one sha3_384_stable, whatever changes from connection to connection: the order of the
// extensions and GREASE always, pre_shared_key when it resumes a session, cookie and key shares after a
// HelloRetryRequest. JA4 tells fresh and resumed connections apart, which shows that the captures hold both.

import { expect } from 'chai'
import { resolve } from 'node:path'
import { hellotap, sightingsIn } from './hellotap.js'

const folder = resolve(import.meta.dirname, '../captures')
/** Captures of one build over one transport, and the JA4s the build shows in them. */
const BUILDS: readonly (readonly [captures: readonly string[], ja4s: number])[] = [
  [['chromium156.pcap', 'chromium156-hrr.pcap'], 2],
  [['quic-chromium156.pcap'], 2],
  [['headless-chromium131.pcap'], 1],
  [['headless-chromium138.pcap'], 1],
]

describe('sha3_384_stable', () => {
  for (const [captures, ja4s] of BUILDS)
    it(`is one over all connections of ${captures.join(' and ')}`, async () => {
      const { stdout } = await hellotap(['read', ...captures], { cwd: folder })
      const sightings = sightingsIn(stdout)
      const distinct = (key: 'sha3_384_stable' | 'ja3' | 'ja4') =>
        new Set(sightings.map((sighting) => sighting[key]))
      expect(sightings).to.have.length.above(9)
      expect(distinct('ja3').size).to.be.above(8)
      expect(distinct('ja4').size).to.equal(ja4s)
      expect(distinct('sha3_384_stable').size).to.equal(1)
      expect([...distinct('sha3_384_stable')][0]).to.match(/^[0-9a-f]{96}$/)
    })
})
