import { expect } from 'chai'
import fc from 'fast-check'
import { MAX_TRANSPORT_PARAMETERS } from '../../src/base/limits.js'
import { TransportParameterIds } from '../../src/fingerprint/transport-parameter-ids.js'
import { hex } from '../support.js'

const ids = new TransportParameterIds()

function hexIds(bytes: Uint8Array, off = 0, end = bytes.length): string[] {
  ids.fill(bytes, off, end)
  return Array.from({ length: ids.count }, (_, i) =>
    Array.from({ length: ids.len[i] ?? 0 }, (_, byte) =>
      ids.byte(i, byte).toString(16).padStart(2, '0'),
    ).join(''),
  )
}

/** A variable-length integer (RFC 9000 §16) of 1 << `size` bytes. */
function varint(value: bigint, size: number): string {
  const bits = 8n * (1n << BigInt(size))
  return ((BigInt(size) << (bits - 2n)) | (value & ((1n << (bits - 2n)) - 1n)))
    .toString(16)
    .padStart(Number(bits / 4n), '0')
}

describe('TransportParameterIds', () => {
  it('has ids in the order of their hex, values left aside', () => {
    expect(hexIds(hex('0401ff 0100 80ff73db00 800047520141 2000 4001 00'))).to.deep.equal([
      '01',
      '04',
      '20',
      '4001',
      '80004752',
      '80ff73db',
    ])
  })

  it('folds every reserved id, 31 × N + 27, into 1b', () => {
    const value = fc.bigInt({ min: 0n, max: (1n << 62n) - 1n })
    fc.assert(
      fc.property(fc.array(fc.tuple(value, fc.nat(3)), { maxLength: 9 }), (list) => {
        const bytes = list.map(([id, size]) => `${varint(id, size)}0155`)
        const expected = list.map(([id, size]) => {
          const text = varint(id, size)
          const bits = BigInt(text.length * 4 - 2)
          return (BigInt(`0x${text}`) & ((1n << bits) - 1n)) % 31n === 27n ? '1b' : text
        })
        expect(hexIds(hex(bytes.join('')))).to.deep.equal(expected.toSorted())
      }),
    )
  })

  it('leaves what follows a malformed parameter', () => {
    for (const bytes of [
      '01 00 04 05 ff',
      '01 00 04',
      '01 00 80 00',
      '01 00 04 c0 00',
      '0100 04 ffffffffffffffff 00',
    ]) {
      expect(hexIds(hex(bytes))).to.deep.equal(['01'])
    }
  })

  it('stops at its limit', () => {
    expect(hexIds(new Uint8Array(2 * MAX_TRANSPORT_PARAMETERS + 20))).to.have.length(
      MAX_TRANSPORT_PARAMETERS,
    )
  })

  it('never reads past end, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(40), (bytes, cut) => {
        const end = Math.min(cut, bytes.length)
        expect(hexIds(bytes, 0, end)).to.deep.equal(hexIds(bytes.slice(0, end)))
      }),
    )
  })
})
