import { expect } from 'chai'
import { appendFileSync, mkdtempSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RowCursor } from '../../../src/model/row.js'
import { StoreError } from '../../../src/store/contract.js'
import { packedOf } from '../../../src/store/packed-row.js'
import { partitionOf } from '../../../src/store/redis/partitions.js'
import { RowPacker } from '../../../src/store/row-packer.js'
import { DiskSpool } from '../../../src/store/spool/disk-spool.js'
import { rowsOf } from '../../rows.js'
import { sighting } from '../sightings.js'

const packer = new RowPacker()
const entries = (count: number, from = 0) =>
  packer.pack(
    new RowCursor(
      rowsOf(
        Array.from({ length: count }, (_, i) =>
          sighting({ ip: `10.0.0.${(from + i) % 250}`, port: 1024 + from + i, fingerprint: i % 3 }),
        ),
      ),
    ),
  )

describe('a spool on disk', () => {
  let folder = ''
  const open = (mib = 8) => new DiskSpool(folder, mib, partitionOf)
  const segment = () =>
    join(folder, readdirSync(folder).find((name) => name.endsWith('.spool')) ?? '')

  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'hellotap-spool-'))))
  afterEach(() => rmSync(folder, { recursive: true }))

  it('gives the next process what the last one logged, in order, every byte of it', () => {
    const first = open()
    const put = [...entries(30), ...entries(20, 30)]
    first.append(put.slice(0, 30), 30)
    first.append(put.slice(30), 50)
    first.close()
    const second = open()
    expect(second.name).to.equal(first.name)
    expect(second.recovered.map(({ entry }) => packedOf(entry))).to.deep.equal(put.map(packedOf))
    expect(second.recovered.map(({ entry }) => entry.body.bytes)).to.deep.equal(
      put.map(({ body }) => body.bytes),
    )
    second.close()
  })

  it('keeps what was whole when a crash or damage cut a record', () => {
    const first = open()
    first.append(entries(10), 10)
    const { size } = statSync(segment())
    first.append(entries(10, 10), 20)
    first.close()
    truncateSync(segment(), size + 100)
    expect(open().recovered).to.have.length(10)
    appendFileSync(segment(), Buffer.alloc(5000, 0xff))
    expect(open().recovered).to.have.length(10)
  })

  it('deletes segments once all that they hold has left', () => {
    const spool = open()
    spool.append(entries(10), 10)
    spool.left(9)
    expect(segment()).to.match(/\.spool$/)
    spool.left(10)
    expect(readdirSync(folder).filter((name) => name.endsWith('.spool'))).to.deep.equal([])
    spool.append(entries(5), 15)
    spool.close()
    expect(open().recovered).to.have.length(5)
  })

  it('counts what it has no room for, and what Redis has taken of that', () => {
    const spool = open(0.01)
    const all = Array.from({ length: 20 }, () => entries(10)[0]).flatMap((each) => each ?? [])
    for (const [i, each] of all.entries()) spool.append([each], i + 1)
    const { unspooled } = spool
    expect(unspooled).to.be.within(1, 19)
    spool.close()
    const next = open(0.01)
    const partition = partitionOf(all[0]?.ip ?? '')
    expect(next.recovered).to.have.length(20 - unspooled)
    // Redis took all twenty: the places of those logged come before
    expect(next.placeOf(partition, 20)).to.equal(20 - unspooled)
    next.close()
  })

  it('is one process’s alone', () => {
    const first = open()
    const path = join(folder, 'lock')
    rmSync(path)
    appendFileSync(path, '1')
    expect(() => open()).to.throw(StoreError, /process 1 uses --spool-dir/)
    first.close()
  })
})
