import { expect } from 'chai'
import { BodyTable } from '../../src/store/body-table.js'
import type { Part } from '../../src/store/packed-row.js'

const HEAD = 7

/** A body part: what stands in front, transport 1, record 0x0301, QUIC version 0x6b3343cf, then the body. */
function partOf(body: Buffer): Part {
  const head = Buffer.from([0, 0, 1, 3, 1, 0x6b, 0x33, 0x43, 0xcf])
  return { id: body.toString('latin1', 0, 8), bytes: Buffer.concat([head, body]), values: [] }
}

describe('a table of bodies', () => {
  const find = (table: BodyTable, bytes: Buffer, from: number, end: number) =>
    table.find(bytes, from, end, 1, 0x0301, 0x6b3343cf)

  it('finds a body by its bytes alone, wherever they stand', () => {
    const table = new BodyTable(HEAD)
    const bodies = [0, 1, 7, 48, 500].map((len) => Buffer.alloc(len, len + 1))
    for (const body of bodies) {
      expect(find(table, body, 0, body.length)).to.equal(undefined)
      const part = partOf(body)
      table.add(part, body.length)
      const around = Buffer.concat([Buffer.from('abc'), body, Buffer.from('de')])
      expect(find(table, around, 3, 3 + body.length)).to.equal(part)
      if (body.length > 0) expect(find(table, around, 2, 2 + body.length)).to.equal(undefined)
    }
  })

  it('tells bodies apart that differ in any byte, or in what stands before', () => {
    const table = new BodyTable(HEAD)
    const body = Buffer.alloc(500, 7)
    table.add(partOf(body), body.length)
    for (let at = 0; at < body.length; at++) {
      const other = Buffer.from(body)
      other[at] = 8
      expect(find(table, other, 0, other.length), `byte ${at}`).to.equal(undefined)
    }
    expect(table.find(body, 0, 500, 2, 0x0301, 0x6b3343cf)).to.equal(undefined)
    expect(table.find(body, 0, 500, 1, 0x0303, 0x6b3343cf)).to.equal(undefined)
    expect(table.find(body, 0, 500, 1, 0x0301, 1)).to.equal(undefined)
  })
})
