// All fingerprints against their naive counterparts, over hellos of every make.

import { expect } from 'chai'
import fc from 'fast-check'
import type { Sighting } from '../../src/model/sighting.js'
import { browserHello, permuted } from './browser-hello.js'
import { helloParts } from './arbitrary.js'
import { clientHello, sightingOf, writerOf } from './hellos.js'
import { naiveFingerprints } from './naive.js'
import { templates } from '../../tools/bench/templates.mjs'

function expectAgreement(bytes: Uint8Array, sighting: Sighting): void {
  const naive = naiveFingerprints(bytes)
  const given = Object.fromEntries(Object.entries(sighting).filter(([key]) => key in naive))
  expect(given).to.deep.equal(naive)
}

describe('fingerprints', () => {
  it('agree with the naive ones for a browser that shuffles its extensions', () => {
    const writer = writerOf()
    for (let i = 0; i < 300; i++) {
      const bytes = clientHello(permuted(browserHello, i))
      expectAgreement(bytes, sightingOf(bytes, {}, writer))
    }
  })

  it('agree with the naive ones for any well-formed hello, however many came before it', () => {
    const writer = writerOf()
    fc.assert(
      fc.property(helloParts, fc.nat(1000), (parts, seed) => {
        const bytes = clientHello(parts)
        expectAgreement(bytes, sightingOf(bytes, {}, writer))
        const shuffled = clientHello(permuted(parts, seed))
        expectAgreement(shuffled, sightingOf(shuffled, {}, writer))
      }),
      { numRuns: 400 },
    )
  })

  it('agree with the naive ones for the distinct hellos of our captures', () => {
    const writer = writerOf()
    const hellos = templates()
    for (const { hello } of hellos) expectAgreement(hello, sightingOf(hello, {}, writer))
    expect(hellos.length).to.be.above(200)
  })
})
