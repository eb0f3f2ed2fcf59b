import { expect } from 'chai'
import { readdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { storedSightings } from '../../src/fingerprint/stored-sighting.js'
import { RowCursor, wholeRows } from '../../src/model/row.js'
import { packedOf, partIds, unpack } from '../../src/store/packed-row.js'
import { RowPacker } from '../../src/store/row-packer.js'
import { sightingsInRows, rowsOfCapture } from '../rows.js'

const folder = resolve(import.meta.dirname, '../../captures')
const captures = readdirSync(folder).filter((name) => /\.pcap(ng)?$/.test(name))

describe('packed rows', () => {
  const packer = new RowPacker()
  const make = storedSightings()

  for (const server of [false, true])
    for (const file of captures)
      it(`${file}${server ? ' with the server’s side' : ''}: give back every key of every line`, async () => {
        const rows = await rowsOfCapture(resolve(folder, file), server)
        const lines = sightingsInRows(rows)
        const entries = packer.pack(new RowCursor(rows))
        expect(entries).to.have.length(lines.length)
        for (const [i, entry] of entries.entries()) {
          const packed = packedOf(entry)
          const parts = new Map(
            [entry.body, entry.origin, entry.rest].flatMap((part) =>
              part === undefined ? [] : [[part.id, part.bytes]],
            ),
          )
          expect(partIds(packed).every((id) => parts.has(id))).to.equal(true)
          const unpacked = unpack(packed, entry.ip, (id) => parts.get(id))
          if (unpacked === undefined) throw new Error('a row just packed is one')
          expect(make(unpacked)).to.deep.equal(lines[i])
          expect(packed.length).to.be.below(1024)
        }
      })

  it('are found whole in a buffer that a pipe cut anywhere', async () => {
    const rows = await rowsOfCapture(resolve(folder, captures[0] ?? ''))
    const ends: number[] = []
    const cursor = new RowCursor(rows)
    while (cursor.next()) ends.push(cursor.end)
    for (let cut = 0; cut <= rows.length; cut += 7)
      expect(wholeRows(rows.subarray(0, cut))).to.equal(ends.findLast((end) => end <= cut) ?? 0)
  })
})
