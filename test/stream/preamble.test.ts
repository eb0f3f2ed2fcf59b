import { expect } from 'chai'
import fc from 'fast-check'
import { PREAMBLE_BYTES, skipPreambles } from '../../src/stream/preamble.js'
import { hex } from '../support.js'
import { concat } from './segments.js'

const text = (bytes: string): Uint8Array => new TextEncoder().encode(bytes)
const REST = hex('16 03 01 00 30 01 00 00 2c 03 03')
const PREAMBLES = [
  text('PROXY TCP6 2001:db8::1 2001:db8::2 40000 443\r\n'),
  concat([hex('0d0a0d0a000d0a515549540a 21 21 0024'), new Uint8Array(36)]),
  text('CONNECT example.org:443 HTTP/1.1\r\nHost: a\r\nProxy-Connection: keep-alive\r\n\r\n'),
  hex('04 01 01bb c6336407 00'),
  hex('04 01 01bb 00000007 7573657200 6100'),
  hex('05 02 00 02'),
  hex('05 01 00 01 c6336407 01bb'),
  hex('00000008 04d2162f'),
  concat([hex('20000001 85ae0f00 00000001 21'), new Uint8Array(19), hex('1d000000')]),
]

describe('skipPreambles', () => {
  it('finds what follows each preamble, and two of them', () => {
    for (const preamble of PREAMBLES) {
      const [first, second] = preamble
      const begins = PREAMBLE_BYTES.find(([byte]) => byte === first)
      expect(second).to.be.within(begins?.[1] ?? 256, begins?.[2] ?? -1)
      const bytes = concat([Uint8Array.of(9), preamble, REST])
      expect(skipPreambles(bytes, 1, bytes.length)).to.equal(1 + preamble.length)
      const two = concat([text('PROXY UNKNOWN\r\n'), preamble, REST])
      expect(skipPreambles(two, 0, two.length)).to.equal(15 + preamble.length)
    }
  })

  it('stays where the preamble is not whole, or nothing follows it', () => {
    for (const preamble of PREAMBLES) {
      for (let end = 0; end <= preamble.length; end++) {
        const at = skipPreambles(preamble, 0, end)
        // A prefix of a SOCKS 5 request is a greeting.
        expect(at === 0 || preamble[0] === 5, `${preamble.join()} to ${end}`).to.equal(true)
      }
    }
  })

  it('stays at what only begins like one', () => {
    const others = [
      text('POST / HTTP/1.1\r\n\r\nabc'),
      text(`PROXY ${'x'.repeat(200)}\r\nabc`),
      text('CONNECTED\r\n\r\nabcdef'),
      hex('0d0a0d0a000d0a515549540b 21 11 0000 1603'),
      hex('04 02 01bb c6336407 00 1603'),
      hex('00000008 04d21630 1603'),
      concat([hex('20000001 85a60f00 00000001 21'), new Uint8Array(23), REST]),
      // One record in two TDS packets.
      concat([hex('12 01 0020 0000 00 00'), REST]),
    ]
    for (const bytes of others) expect(skipPreambles(bytes, 0, bytes.length)).to.equal(0)
  })

  it('never leaves [off, end], whatever the bytes', () => {
    const bytes = fc
      .tuple(fc.constantFrom(...PREAMBLES), fc.uint8Array(), fc.nat(40), fc.nat(255))
      .map(([preamble, rest, at, value]) => {
        const mutated = concat([preamble, rest])
        if (at < mutated.length) mutated[at] = value
        return mutated
      })
    fc.assert(
      fc.property(bytes, fc.nat(80), (mutated, cut) => {
        const end = Math.min(cut, mutated.length)
        const at = skipPreambles(mutated, 0, end)
        expect(at === 0 || at < end).to.equal(true)
      }),
    )
  })
})
