import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { expect } from 'chai'
import { openRange, planRanges } from '../../src/capture/split.js'
import { hex } from '../support.js'
import { PcapngWriter, writePcap } from './pcap-writer.js'
import { Scratch, framesOf, readAll, someFrames } from './support.js'
import type { Taken } from './support.js'

/** Chai takes seconds to compare thousands of objects. */
const digest = (frames: Taken[]) => createHash('sha1').update(JSON.stringify(frames)).digest('hex')

describe('splitting a capture', () => {
  let scratch: Scratch
  before(() => (scratch = new Scratch()))
  after(() => scratch.remove())

  /** All frames by way of ranges, and how many there were; none may warn. */
  const inParts = async (path: string, parts: number) => {
    const ranges = planRanges(path, parts)
    const frames: Taken[] = []
    for (const range of ranges) {
      const source = await openRange(path, range)
      frames.push(...(await framesOf(source)))
      expect(source.warnings).to.deep.equal([])
    }
    return { frames, ranges }
  }

  it('reads each record exactly once, for any number of parts', async () => {
    const cases: [string, Uint8Array][] = [
      ['micros', writePcap(someFrames(3_200))],
      ['nanos, big-endian', writePcap(someFrames(3_200), { nanos: true, bigEndian: true })],
      ['modified', writePcap(someFrames(3_200), { modified: true })],
    ]
    for (const [what, octets] of cases) {
      const path = scratch.file('it.pcap', octets)
      const { frames } = await readAll(path)
      for (const parts of [1, 2, 3, 1000]) {
        const split = await inParts(path, parts)
        expect(split.frames.length, `${what}, ${parts} parts`).to.equal(frames.length)
        expect(digest(split.frames), `${what}, ${parts} parts`).to.equal(digest(frames))
        expect(split.ranges).to.have.length(Math.min(parts, Math.ceil(octets.length / 2 ** 20)))
        expect(split.ranges[0]?.start).to.equal(0)
        expect(split.ranges.at(-1)?.end).to.equal(octets.length)
      }
    }
  })

  it('is not misled by a capture within frames', async () => {
    const inner = writePcap(someFrames(800, () => 60)).subarray(24)
    const frames = Array.from({ length: 60 }, (_, i) => inner.subarray(0, 60_000 + i * 13))
    const path = scratch.file('inner.pcap', writePcap(frames))
    const split = await inParts(path, 3)
    expect(split.ranges).to.have.length(3)
    expect(digest(split.frames)).to.equal(digest((await readAll(path)).frames))
  })

  it('tells records whose times count from 0 from places four octets into them', async () => {
    const frames = someFrames(3_200)
    const starts = [24]
    for (const frame of frames) starts.push((starts.at(-1) ?? 0) + 16 + frame.length)
    const length = starts.at(-1) ?? 0
    // The search begins two octets after the start of a record, where the next such place comes first.
    const middle = starts.find((start) => start >= length / 2) ?? 0
    frames.push(new Uint8Array(2 * (middle + 2) - length - 16))
    const timed = frames.map((bytes, i) => ({ bytes, seconds: 0, nanos: i * 1000 }))
    const path = scratch.file('zero.pcap', writePcap(timed))
    const split = await inParts(path, 2)
    expect(digest(split.frames)).to.equal(digest((await readAll(path)).frames))
  })

  it('finds no boundary in octets of zero', async () => {
    const path = scratch.file(
      'zeros.pcap',
      writePcap([hex('01'), ...someFrames(20, () => 262_144).map(() => new Uint8Array(262_144))]),
    )
    const split = await inParts(path, 2)
    expect(split.frames).to.have.length(21)
  })

  it('says so where a range does not end with a record', async () => {
    const path = scratch.file('it.pcap', writePcap(someFrames(3_200)))
    const [first] = planRanges(path, 2)
    const source = await openRange(path, { start: 0, end: (first?.end ?? 0) - 1 })
    await framesOf(source)
    expect(source.warnings).to.have.length(1)
  })

  it('leaves whole what cannot be split safely', async () => {
    const frames = someFrames(3_000)
    const pcapng = new PcapngWriter().section().interface()
    for (const frame of frames) pcapng.packet(0, 1n, frame)
    for (const octets of [
      pcapng.done(),
      gzipSync(writePcap(frames), { level: 0 }),
      writePcap(frames, { version: [2, 2] }),
      // stamps that do not say where a record is
      writePcap(frames.map((bytes, i) => ({ bytes, seconds: i === 0 ? 5 : 1_700_000_000 }))),
      new Uint8Array(0),
    ]) {
      const path = scratch.file('whole', octets)
      expect(planRanges(path, 4), Buffer.from(octets).toString('hex', 0, 28)).to.deep.equal([
        { start: 0, end: octets.length },
      ])
    }
    const path = scratch.file('whole', gzipSync(writePcap(frames), { level: 0 }))
    const { frames: seen } = await inParts(path, 4)
    expect(seen).to.have.length(3_000)
  })
})
