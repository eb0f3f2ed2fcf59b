import { expect } from 'chai'
import fc from 'fast-check'
import { MALFORMED, TRUNCATED } from '../../src/base/fault.js'
import { ByteWriter } from '../../src/base/byte-writer.js'
import { messageInRecords } from '../../src/tls/message-in-records.js'
import { hex } from '../support.js'

/** `message` in records whose fragments have these lengths, the last taking the rest. */
function inRecords(message: Uint8Array, lengths: readonly number[]): Uint8Array {
  const records: number[] = []
  let at = 0
  for (const wanted of [...lengths, Infinity]) {
    const end = Math.min(at + wanted, message.length)
    records.push(22, 3, 1, (end - at) >> 8, (end - at) & 0xff, ...message.subarray(at, end))
    at = end
  }
  return Uint8Array.from(records)
}

function unwrapped(bytes: Uint8Array, off = 0, end = bytes.length): [number, Uint8Array] {
  const out = new ByteWriter(8)
  const offset = messageInRecords(bytes, off, end, out)
  return [offset, out.bytes.slice(0, out.len)]
}

/** A message of type 1 with `length` bytes of body. */
const message = (length: number) =>
  Uint8Array.from([1, 0, length >> 8, length & 0xff, ...new Array<number>(length).fill(7)])

describe('messageInRecords', () => {
  it('gives the message of one record, and says where it ends', () => {
    const records = inRecords(message(5), [])
    expect(unwrapped(records)).to.deep.equal([records.length, message(5)])
  })

  it('puts a message together however it is cut, its header and empty records included', () => {
    fc.assert(
      fc.property(fc.nat(300), fc.array(fc.nat(9), { maxLength: 40 }), (length, lengths) => {
        const records = inRecords(message(length), lengths)
        expect(unwrapped(records)[1]).to.deep.equal(message(length))
      }),
    )
  })

  it('leaves what follows the message, in its record or in others', () => {
    const two = inRecords(Uint8Array.from([...message(3), ...message(9)]), [])
    expect(unwrapped(two)).to.deep.equal([5 + 7, message(3)])
    const other = Uint8Array.from([...inRecords(message(3), []), ...hex('14 0303 0001 01')])
    expect(unwrapped(other)[1]).to.deep.equal(message(3))
  })

  it('calls every prefix truncated', () => {
    const records = inRecords(message(40), [2, 7, 0, 11])
    const needed = unwrapped(records)[0]
    for (let end = 0; end < needed; end++) expect(unwrapped(records, 0, end)[0]).to.equal(TRUNCATED)
  })

  it('calls malformed a record of another kind, one too long, and a message nobody keeps', () => {
    expect(unwrapped(hex('17 0303 0001 01'))[0]).to.equal(MALFORMED)
    expect(unwrapped(hex('16 0201 0001 01'))[0]).to.equal(MALFORMED)
    expect(unwrapped(hex('16 0301 4801 01'))[0]).to.equal(MALFORMED)
    expect(unwrapped(hex('16 0301 0005 01 010000 00'))[0]).to.equal(MALFORMED)
    expect(unwrapped(hex('16 0301 0002 01 00  15 0301 0002 0228'))[0]).to.equal(MALFORMED)
  })

  it('never reads past end, whatever the bytes', () => {
    const data = fc.oneof(
      fc.uint8Array({ maxLength: 64 }),
      fc
        .uint8Array({ maxLength: 64 })
        .map((rest) => Uint8Array.from([22, 3, 1, 0, rest.length, ...rest])),
    )
    fc.assert(
      fc.property(data, fc.nat(64), (bytes, cut) => {
        const end = Math.min(cut, bytes.length)
        const ended = bytes.slice(0, end)
        expect(unwrapped(bytes, 0, end)).to.deep.equal(unwrapped(ended))
        return unwrapped(bytes, 0, end)[0] <= end
      }),
    )
  })
})
