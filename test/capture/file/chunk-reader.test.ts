import { createHash } from 'node:crypto'
import { expect } from 'chai'
import { ChunkReader } from '../../../src/capture/file/chunk-reader.js'
import type { ChunkDealer } from '../../../src/capture/file/chunk-reader.js'
import { CHUNK_LEN } from '../../../src/capture/file/chunk-slot.js'
import {
  isClassicPcap,
  isPlainCapture,
  newSharedChunks,
  stopChunks,
} from '../../../src/capture/file/shared-chunks.js'
import type { SharedChunks } from '../../../src/capture/file/shared-chunks.js'
import { gzipSync } from 'node:zlib'
import { PcapngWriter, writePcap } from '../pcap-writer.js'
import { Scratch, readAll, someFrames } from '../support.js'
import type { Taken } from '../support.js'

/** Chai takes seconds to compare thousands of objects. */
const digest = (frames: readonly Taken[]) =>
  createHash('sha1').update(JSON.stringify(frames)).digest('hex')

/** `lookers` threads look at all frames; whose one is, is told by its number. */
const dealer = (lookers: number): ChunkDealer => ({
  skim: (block) => {
    block.keptCount = block.count
  },
  lookers: () => lookers,
  deal: (block, owner) => {
    for (let k = 0; k < block.keptCount; k++) owner[k] = k & 127
  },
})

/** What one thread reads of shared chunks; `files` names where each frame was. */
function readChunks(shared: SharedChunks) {
  const reader = new ChunkReader(shared, 0, dealer(1))
  const frames: Taken[] = []
  const files = new Set<number>()
  for (let chunk = reader.next(); chunk !== undefined; chunk = reader.next()) {
    files.add(chunk.file)
    const { block } = chunk
    for (let k = 0; k < block.count; k++) {
      const start = block.start[k] ?? 0
      const caplen = block.caplen[k] ?? 0
      frames.push({
        micros: block.timeMicros[k] ?? 0,
        caplen,
        wirelen: block.wirelen[k] ?? 0,
        linkType: block.linkType[k] ?? 0,
        octets: Buffer.from(block.bytes.subarray(start, start + caplen)).toString('hex'),
      })
    }
    reader.release(chunk)
  }
  reader.close()
  return { frames, files, faults: reader.faults.map(({ text }) => text) }
}

describe('captures read by chunks', () => {
  let scratch: Scratch
  before(() => (scratch = new Scratch()))
  after(() => scratch.remove())

  const both = async (name: string, octets: Uint8Array) => {
    const path = scratch.file(name, octets)
    const whole = await readAll(path)
    const chunks = readChunks(newSharedChunks([{ path, size: octets.length }], 1, 5))
    expect(chunks.frames.length, name).to.equal(whole.frames.length)
    expect(digest(chunks.frames), name).to.equal(digest(whole.frames))
    expect(chunks.faults, name).to.deep.equal(whole.warnings)
    return whole
  }

  it('gives every record once, in any byte order and with any record header', async () => {
    const frames = someFrames(4_400)
    await both('micros.pcap', writePcap(frames))
    await both('nanos.pcap', writePcap(frames, { nanos: true, bigEndian: true }))
    await both('modified.pcap', writePcap(frames, { modified: true }))
    await both('old.pcap', writePcap(frames, { version: [2, 2] }))
    await both('fcs.pcap', writePcap(frames, { linkType: 0x2400_0001 }))
  })

  it('gives a record that the end of a chunk cuts, wherever that is', async () => {
    // The first record's length moves all others past the end of the first chunk, octet by octet.
    for (let shift = 0; shift < 40; shift++) {
      const frames = [
        new Uint8Array(CHUNK_LEN - 24 - 2 * 16 - 20 - 16 - shift),
        ...someFrames(30, () => 20),
      ]
      await both(`shift-${shift}.pcap`, writePcap(frames))
    }
  })

  it('gives the longest records there are, and the shortest', async () => {
    const long = new Uint8Array(262_144).fill(3)
    await both('long.pcap', writePcap([long, ...someFrames(9), long, long, long, ...someFrames(9)]))
    await both('short.pcap', writePcap(Array.from({ length: 140_000 }, () => new Uint8Array(0))))
    await both('none.pcap', writePcap([]))
  })

  it('says what one reader says of a cut or damaged capture, and gives what came before', async () => {
    const octets = writePcap(someFrames(4_400))
    for (const length of [octets.length - 1, octets.length - 1400, CHUNK_LEN, CHUNK_LEN + 7, 30])
      expect(
        (await both(`cut-${length}.pcap`, octets.subarray(0, length))).warnings,
      ).to.have.length(1)
    for (const record of [0, 1200, 2800]) {
      const damaged = octets.slice()
      let at = 24
      for (let i = 0; i < record; i++) at += 16 + Buffer.from(damaged.buffer).readUInt32LE(at + 8)
      damaged[at + 11] = 0x7f
      const { warnings } = await both(`damaged-${record}.pcap`, damaged)
      expect(warnings[0]).to.match(/damaged at octet \d+: a record claims/)
    }
  })

  it('reads one file after the other, each from its own header', async () => {
    const names = ['a', 'b', 'c'].map((name, i) => {
      const octets = writePcap(someFrames(300 + i), { bigEndian: i === 1 })
      return { path: scratch.file(`set-${name}.pcap`, octets), size: octets.length }
    })
    const whole = (await Promise.all(names.map(({ path }) => readAll(path)))).flatMap(
      ({ frames }) => frames,
    )
    const { frames, files } = readChunks(newSharedChunks(names, 1, 5))
    expect(digest(frames)).to.equal(digest(whole))
    expect([...files]).to.deep.equal([0, 1, 2])
  })

  it('says that a file is gone, and goes on with the next', () => {
    const octets = writePcap(someFrames(20))
    const path = scratch.file('there.pcap', octets)
    const gone = { path: `${scratch.path}/gone.pcap`, size: 3 * CHUNK_LEN }
    const { frames, faults } = readChunks(
      newSharedChunks([gone, { path, size: octets.length }], 1, 5),
    )
    expect(frames).to.have.length(20)
    expect(new Set(faults).size).to.equal(1)
    expect(faults[0]).to.match(/no such file/)
  })

  it('reads a file that is shorter by now up to its end', () => {
    const octets = writePcap(someFrames(20))
    const path = scratch.file('shrunk.pcap', octets)
    const { frames, faults } = readChunks(newSharedChunks([{ path, size: 5 * CHUNK_LEN }], 1, 5))
    expect(frames).to.have.length(20)
    expect(faults).to.deep.equal([])
  })

  it('takes another link type for all frames', () => {
    const octets = writePcap(someFrames(3))
    const path = scratch.file('link.pcap', octets)
    const { frames } = readChunks(newSharedChunks([{ path, size: octets.length }], 1, 5, 101))
    expect(frames.map(({ linkType }) => linkType)).to.deep.equal([101, 101, 101])
  })

  it('gives every thread that looks what was dealt by the one that read', () => {
    const octets = writePcap(someFrames(4_400))
    const shared = newSharedChunks(
      [{ path: scratch.file('two.pcap', octets), size: octets.length }],
      2,
      5,
    )
    const readers = [0, 1].map((index) => new ChunkReader(shared, index, dealer(2)))
    let frames = 0
    while (readers.some(({ isOver }) => !isOver)) {
      const chunks = readers.map((reader) => reader.next())
      expect(new Set(chunks.map((chunk) => chunk?.number)).size).to.equal(1)
      frames += chunks[0]?.block.count ?? 0
      for (const [i, chunk] of chunks.entries()) {
        if (chunk === undefined) throw new Error('no chunk, and no end')
        const { block, owner } = chunk
        expect(block.keptCount).to.equal(block.count)
        const dealt = owner.subarray(0, block.keptCount)
        expect(dealt.every((one, k) => one === (k & 127))).to.equal(true)
        readers[i]?.release(chunk)
      }
    }
    expect(frames).to.equal(4_400)
    expect(readers.map((reader) => reader.waitForLookers())).to.deep.equal([2, 2])
  })

  it('gives nothing once it is told to stop', () => {
    const octets = writePcap(someFrames(900))
    const shared = newSharedChunks(
      [{ path: scratch.file('stop.pcap', octets), size: octets.length }],
      2,
      5,
    )
    const reader = new ChunkReader(shared, 0, dealer(2))
    expect(reader.next()).to.not.equal(undefined)
    stopChunks(shared)
    expect(reader.next()).to.equal(undefined)
  })

  it('tells what can be read by chunks by its content', () => {
    const pcap = writePcap(someFrames(2))
    const ng = new PcapngWriter().section().interface().done()
    const cases: [string, Uint8Array, boolean, boolean][] = [
      ['a.pcapng', pcap, true, true],
      ['b.pcap', ng, false, true],
      ['c.pcap', gzipSync(pcap), false, false],
      ['d.pcap', pcap.subarray(0, 20), false, true],
      ['e.pcap', writePcap([], { version: [3, 0] }), false, true],
      ['f.pcap', new Uint8Array(0), false, false],
    ]
    for (const [name, octets, classic, plain] of cases) {
      const path = scratch.file(name, octets)
      expect(isClassicPcap(path), name).to.equal(classic)
      expect(isPlainCapture(path), name).to.equal(plain)
    }
    expect(isClassicPcap(`${scratch.path}/absent`)).to.equal(false)
  })
})
