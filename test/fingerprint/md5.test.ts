import { expect } from 'chai'
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { OctetWriter } from '../../src/base/octet-writer.js'
import {
  md5Blocks,
  md5Hex,
  md5Pad,
  md5PaddedLen,
  md5Start,
  putMd5,
} from '../../src/fingerprint/md5.js'

const node = (octets: Uint8Array) => createHash('md5').update(octets).digest('hex')

describe('MD5', () => {
  it('agrees with OpenSSL at every length around the blocks', () => {
    const octets = Uint8Array.from({ length: 300 }, (_, i) => (i * 73 + 41) & 0xff)
    const out = new OctetWriter()
    for (let len = 0; len <= octets.length; len++) {
      out.len = 0
      md5Hex(octets, 0, len, out)
      expect(out.text()).to.equal(node(octets.subarray(0, len)))
    }
  })

  it('goes on from the state after any number of blocks, over a padded rest', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat(400), (octets, cut) => {
        const state = new Int32Array(4)
        md5Start(state)
        const taken = md5Blocks(state, octets, 0, Math.min(cut, octets.length))
        expect(taken).to.equal(Math.floor(Math.min(cut, octets.length) / 64) * 64)
        const rest = new Uint8Array(md5PaddedLen(octets.length - taken))
        rest.set(octets.subarray(taken))
        md5Pad(rest, octets.length - taken, octets.length)
        expect(md5Blocks(state, rest, 0, rest.length)).to.equal(rest.length)
        const into = new Uint8Array(40)
        putMd5(state, into, 5)
        expect(Buffer.from(into.subarray(5, 37)).toString('latin1')).to.equal(node(octets))
      }),
    )
  })
})
