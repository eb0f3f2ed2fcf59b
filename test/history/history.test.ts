import { expect } from 'chai'
import { spawnSync } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { compact } from '../../src/history/compact.js'
import { historyFiles, removeAbandoned } from '../../src/history/folder.js'
import { HistoryWriter } from '../../src/history/history-writer.js'
import { BadHistoryFile, readRows } from '../../src/history/read-part.js'
import { enforceRetention } from '../../src/history/retention.js'
import { sightingOf } from '../../src/history/row.js'
import { COLUMNS } from '../../src/history/schema.js'
import { zstd } from '../../src/history/zstd.js'
import { mounts, needs } from '../capability.js'
import { HELLOTAP, hellotap } from '../hellotap.js'

const captures = resolve(import.meta.dirname, '../../captures')
const lines = (name: string) => readFileSync(join(captures, `${name}.jsonl`), 'utf8')
const HOUR = 3_600_000

describe('the history', () => {
  let folder: string
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'hellotap-history-'))))
  afterEach(() => rmSync(folder, { recursive: true }))

  const writer = async (name = 'w') =>
    new HistoryWriter({ folder, name, compressors: (await zstd()).compressors })
  const content = async () => {
    const sightings: Record<string, unknown>[] = []
    for (const { path, sensor } of await historyFiles(folder))
      for (const row of await readRows(path)) {
        const { id, ...sighting } = sightingOf({ ...row, ...(sensor && { sensor }) })
        expect(id).to.be.a('string')
        sightings.push(sighting)
      }
    return sightings
  }
  const parse = (text: string) =>
    text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Record<string, unknown>)

  it('keeps sightings by hour and sensor, and gives them back whole', async () => {
    const written = await writer()
    const text = lines('chromium156') + lines('curl-nss') + lines('quic-chromium156')
    written.put(text)
    written.put('no sighting\n{"src":1}\nnull\n')
    written.close()
    expect(written.counts).to.include({ rows: parse(text).length, bad: 3, dropped: 0 })
    const files = await historyFiles(folder)
    for (const { path, date, hour } of files)
      expect(path).to.include(`/date=${date}/hour=${hour}/sensor=__HIVE_DEFAULT_PARTITION__/`)
    const byTime = (a: { time?: unknown }, b: { time?: unknown }) =>
      String(a.time) < String(b.time) ? -1 : 1
    expect((await content()).sort(byTime)).to.deep.equal(parse(text).sort(byTime))
  })

  it('compacts an hour to one file sorted by source and time, each id once, and keeps a bad file', async () => {
    const text = lines('curl-nss')
    for (const name of ['a', 'b']) {
      const written = await writer(name)
      written.put(
        parse(text)
          .map((sighting, i) => `${JSON.stringify({ ...sighting, src: `10.0.0.${9 - i}` })}\n`)
          .join(''),
      )
      written.close()
    }
    const [first] = await historyFiles(folder)
    const broken = join(dirname(first?.path ?? ''), 'part-broken.parquet')
    writeFileSync(broken, readFileSync(first?.path ?? '').subarray(0, 5000))
    const later = Date.parse('2027-01-01T00:00:00Z')
    const { replaced, made, bad } = await compact(folder, later)
    expect([replaced, made, bad.length]).to.deep.equal([2, 1, 1])
    expect(bad[0]).to.match(/part-broken.parquet is no whole Parquet file/)
    rmSync(broken)
    const sources = (await content()).map(({ src }) => src)
    expect(sources).to.deep.equal(
      parse(text).map((_, i) => `10.0.0.${i + 10 - parse(text).length}`),
    )
    expect(await compact(folder, later)).to.deep.equal({ replaced: 0, made: 0, bad: [] })
  })

  it('leaves the hour alone that is not over', async () => {
    const written = await writer()
    written.put(lines('curl-nss'))
    written.close()
    const now = Date.parse('2026-11-22T20:05:00Z')
    expect((await compact(folder, now)).replaced).to.equal(0)
  })

  it('removes the oldest hours beyond the bounds', async () => {
    const written = await writer()
    const [sighting = {}] = parse(lines('curl-nss'))
    const start = Date.parse('2026-11-20T00:30:00.000Z')
    for (let hour = 0; hour < 72; hour++) {
      const time = new Date(start + hour * HOUR).toISOString().replace('Z', '000Z')
      written.put(`${JSON.stringify({ ...sighting, time })}\n`)
    }
    written.close()
    const now = Date.parse('2026-11-23T00:00:00Z')
    expect(await enforceRetention(folder, { days: 2 }, now)).to.equal(24)
    const left = await historyFiles(folder)
    expect(left[0]).to.include({ date: '2026-11-21', hour: '00' })
    const bytes = left.slice(-10).reduce((sum, file) => sum + file.bytes, 0)
    await enforceRetention(folder, { bytes }, now)
    expect((await historyFiles(folder)).length).to.equal(10)
    expect(readdirSync(folder)).to.deep.equal(['date=2026-11-22'])
  })

  it('leaves out unfinished files, and removes those of dead writers', async () => {
    const partition = join(folder, 'date=2026-11-30/hour=10/sensor=a')
    mkdirSync(partition, { recursive: true })
    for (const name of ['old', 'new'])
      writeFileSync(join(partition, `part-${name}.parquet.tmp`), 'half')
    const old = new Date(Date.now() - 2 * HOUR)
    utimesSync(join(partition, 'part-old.parquet.tmp'), old, old)
    expect(await historyFiles(folder)).to.deep.equal([])
    expect(await removeAbandoned(folder, Date.now())).to.equal(1)
    expect(readdirSync(partition)).to.deep.equal(['part-new.parquet.tmp'])
  })

  it('names what a file is that it cannot read', async () => {
    const { ParquetWriter, ByteWriter } = await import('hyparquet-writer')
    const write = (version?: string) => {
      const bytes = new ByteWriter()
      const file = new ParquetWriter({
        writer: bytes,
        schema: [
          { name: 'root', num_children: 1 },
          { name: 'time', type: 'INT32', repetition_type: 'REQUIRED' },
        ],
        ...(version && { kvMetadata: [{ key: 'hellotap.schema', value: version }] }),
      })
      void file.write({ columnData: [{ name: 'time', data: [1] }] })
      void file.finish()
      writeFileSync(join(folder, 'x.parquet'), bytes.getBytes())
      return readRows(join(folder, 'x.parquet')).then(
        () => '',
        (error: unknown) => (error instanceof BadHistoryFile ? error.message : ''),
      )
    }
    expect(await write('99')).to.match(/has schema version 99, this program reads 1$/)
    expect(await write()).to.match(/is no file of a hellotap history$/)
  })

  it('is made from captures by read, at no more than 120 bytes a sighting where there are many', async () => {
    const target = join(folder, 'new/deep')
    const args = ['read', '-q', '--format', 'parquet', '-o', target, '--sensor', 'lab-1']
    const first = await hellotap([...args, join(captures, 'chromium156.pcap')])
    expect([first.code, first.stdout]).to.deep.equal([0, ''])
    const refused = await hellotap([...args, join(captures, 'chromium156.pcap')])
    expect(refused.code).to.equal(2)
    expect(refused.stderr).to.match(/is not empty: name another one, or add --append/)
    await hellotap([...args, '--append', join(captures, 'curl-nss.pcap')])
    const files = await historyFiles(target)
    expect(new Set(files.map(({ sensor }) => sensor))).to.deep.equal(new Set(['lab-1']))
    folder = target
    const sensors = (await content()).map(({ sensor }) => sensor)
    folder = join(target, '../..')
    expect(sensors).to.deep.equal(
      parse(lines('chromium156') + lines('curl-nss')).map(() => 'lab-1'),
    )
    for (const { path } of files) expect(statSync(path).mode & 0o077).to.equal(0o040)
  })

  it('ends a reading with an error where the disk is full', function () {
    needs(this, mounts)
    const full = join(folder, 'full')
    mkdirSync(full)
    // a mount namespace of its own: the small disk goes with it
    const script = `mount -t tmpfs -o size=4k none "$1" && exec "$2" read -q --format parquet -o "$1/h" "$3"`
    const args = ['-m', 'sh', '-c', script, 'sh', full, HELLOTAP, join(captures, 'curl-nss.pcap')]
    const { status, stderr } = spawnSync('unshare', args, { encoding: 'utf8' })
    expect(stderr).to.match(
      /^hellotap: the history ended: .*full\/h cannot be written: ENOSPC.* Make room on its disk/,
    )
    expect(status).to.equal(1)
  })

  it('documents every column', () => {
    const page = readFileSync(resolve(captures, '../docs/history.md'), 'utf8')
    for (const { name } of COLUMNS) expect(page, name).to.include(`\`${name}\``)
  })
})
