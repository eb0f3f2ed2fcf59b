import { expect } from 'chai'
import fc from 'fast-check'
import { ExtensionOrder } from '../../src/fingerprint/extension-order.js'
import { isGrease } from '../../src/base/grease.js'
import { clientHello, empty, parsed } from './hellos.js'

const order = new ExtensionOrder()

describe('ExtensionOrder', () => {
  for (const most of [20, 200]) {
    it(`sorts up to ${most} types, equal ones in wire order`, () => {
      const type = fc.oneof(fc.nat(60), fc.nat(0xffff), fc.constantFrom(0x0a0a, 0xfafa, 0x1a1a))
      fc.assert(
        fc.property(fc.array(type, { maxLength: most }), (types) => {
          order.fill(parsed(clientHello({ ciphers: [1], extensions: types.map(empty) })))
          const folded = types.map((each) => (isGrease(each) ? 0x0a0a : each))
          const sorted = folded
            .map((each, index) => ({ each, index }))
            .toSorted((a, b) => a.each - b.each || a.index - b.index)
          const { count } = order
          expect(count).to.equal(types.length)
          expect([...order.wire.subarray(0, count)]).to.deep.equal(folded)
          expect([...order.sorted.subarray(0, count)]).to.deep.equal(sorted.map(({ each }) => each))
          expect([...order.sortedIndex.subarray(0, count)]).to.deep.equal(
            sorted.map(({ index }) => index),
          )
        }),
      )
    })
  }
})
