import { expect } from 'chai'
import fc from 'fast-check'
import { MALFORMED } from '../../src/base/fault.js'
import { newCryptoFrame, nextCryptoFrame } from '../../src/quic/frame.js'
import { varint as readVarint, varintLen } from '../../src/quic/varint.js'
import { allocatedPerCall, hex } from '../support.js'
import { concat } from '../stream/segments.js'
import { ack, connectionClose, crypto, padding, PING, varint } from './initial.js'

const STREAM = Uint8Array.from({ length: 400 }, (_, i) => i & 255)

/** [offset, length] of each CRYPTO frame, or the Fault at last. */
function walk(bytes: Uint8Array): (number | number[])[] {
  const found: (number | number[])[] = []
  const frame = newCryptoFrame()
  for (let at = 0; at < bytes.length;) {
    at = nextCryptoFrame(bytes, at, bytes.length, frame)
    if (at < 0) return [...found, at]
    if (frame.partLen > 0) found.push([frame.offset, frame.partLen])
  }
  return found
}

describe('nextCryptoFrame', () => {
  const others = [PING, padding(1), padding(9), ack(), ack(true), connectionClose('no')]

  it('finds CRYPTO frames among all the others an Initial packet may hold', () => {
    const parts = others.flatMap((other, i) => [other, crypto(STREAM, 60 * i, 60 * i + 50)])
    expect(walk(concat([...parts, padding(3)]))).to.deep.equal(others.map((_, i) => [60 * i, 50]))
  })

  it('passes over an empty CRYPTO frame', () => {
    expect(walk(concat([crypto(STREAM, 7, 7), crypto(STREAM, 7, 8)]))).to.deep.equal([[7, 1]])
  })

  it('takes offsets of up to 2^62', () => {
    expect(walk(hex('06 ffffffffffffffff 01 aa'))).to.deep.equal([[2 ** 62, 1]])
  })

  const malformed: [string, string][] = [
    ['a frame of another type', '08 00 01 aa'],
    ['CRYPTO without a length', '06 00'],
    ['CRYPTO longer than the packet', '06 00 05 aabbccdd'],
    ['CRYPTO of 2^62 bytes', '06 00 ffffffffffffffff aa'],
    ['ACK of more ranges than bytes', '02 00 00 ffffffffffffffff 00 00'],
    ['ACK without its last range', '02 00 00 02 00 01 01 01'],
    ['ACK without the counts of ECN', '03 00 00 00 00 01 01'],
    ['CONNECTION_CLOSE with a reason longer than the packet', '1c 00 00 05 61'],
    ['CONNECTION_CLOSE without a reason', '1c 00 00'],
  ]
  for (const [what, bytes] of malformed) {
    it(`calls ${what} malformed`, () => expect(walk(hex(bytes))).to.deep.equal([MALFORMED]))
  }

  it('never reads past end, and always goes on, whatever the bytes', () => {
    const byte = fc.oneof(fc.constantFrom(0, 1, 2, 3, 6, 0x1c), fc.nat(255))
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 60 }), fc.nat(60), (data, cut) => {
        const end = Math.min(cut, data.length)
        const frames = [0, 0xff].map((fill) => {
          const bytes = Uint8Array.from(data).fill(fill, end)
          const frame = newCryptoFrame()
          const steps: unknown[] = []
          for (let at = 0; at >= 0 && at < end; steps.push(at, { ...frame })) {
            const before = at
            at = nextCryptoFrame(bytes, at, end, frame)
            if (at >= 0) expect(at).to.be.within(before + 1, end)
            if (at >= 0) expect(frame.partOff + frame.partLen).to.be.at.most(end)
          }
          return steps
        })
        expect(frames[0]).to.deep.equal(frames[1])
      }),
    )
  })

  it('calls every prefix but those between frames malformed', () => {
    const parts = others.flatMap((other) => [other, crypto(STREAM, 0, 50)])
    const whole = concat(parts)
    const ends = new Set<number>()
    let end = 0
    for (const part of parts) {
      // Each byte of padding is a frame.
      if (part.every((byte) => byte === 0)) part.forEach((_, i) => ends.add(end + i))
      ends.add(end)
      end += part.length
    }
    for (let i = 0; i < whole.length; i++) {
      expect(walk(whole.slice(0, i)).includes(MALFORMED), `${i} bytes`).to.equal(!ends.has(i))
    }
  })

  it('allocates nothing', () => {
    const bytes = concat([...others, crypto(STREAM)])
    const frame = newCryptoFrame()
    const run = (): void => void nextCryptoFrame(bytes, 0, bytes.length, frame)
    expect(allocatedPerCall(run)).to.be.below(1)
  })
})

describe('varint', () => {
  it('gives the samples of RFC 9000 appendix A.1', () => {
    const samples: [string, number][] = [
      ['9d7f3e7d', 494_878_333],
      ['7bbd', 15_293],
      ['25', 37],
      ['4025', 37],
    ]
    for (const [bytes, value] of samples) {
      expect(readVarint(hex(bytes), 0)).to.equal(value)
      expect(varintLen(hex(bytes)[0] ?? 0)).to.equal(bytes.length / 2)
    }
    // Above 2^53, rounded.
    expect(readVarint(hex('c2197c5eff14e88c'), 0)).to.equal(Number(151_288_809_941_952_652n))
  })

  it('gives back what was written, in any number of bytes', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.constantFrom(1, 2, 4, 8), (value, bytes) => {
        expect(readVarint(varint(value, bytes), 0)).to.equal(value)
      }),
    )
  })
})
