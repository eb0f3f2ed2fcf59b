import { expect } from 'chai'
import fc from 'fast-check'
import { longText, shortText } from '../../src/store/rest-text.js'

describe('text of members', () => {
  it('is a third as long, and comes back as it was', () => {
    const text =
      ',"evidence":"1 x25519_shared=0 g=abcddef k=1,1216,32 sid=32 rec=1790 syn=64,64240,1460,7,mstnw,df"'
    expect(shortText(text).length).to.be.below(text.length / 3)
    expect(longText(shortText(text))).to.equal(text)
  })

  it('comes back whatever JSON members it is of', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 3 }), (members) => {
        const text = Buffer.from(JSON.stringify(members)).toString('latin1')
        expect(longText(shortText(text))).to.equal(text)
      }),
    )
  })
})
