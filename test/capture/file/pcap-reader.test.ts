import { createRequire } from 'node:module'
import { readFileSync, readdirSync } from 'node:fs'
import { Readable } from 'node:stream'
import { expect } from 'chai'
import fc from 'fast-check'
import { needs, path } from '../../capability.js'
import {
  PCAP_HEADER_LEN,
  PcapReader,
  readPcapHeader,
} from '../../../src/capture/file/pcap-reader.js'
import { newPacketBlock } from '../../../src/model/packet-block.js'
import { openCapture } from '../../../src/capture/file/open-capture.js'
import { CaptureError } from '../../../src/capture/capture-error.js'
import { allocatedPerCall, hex } from '../../support.js'
import { writePcap } from '../pcap-writer.js'
import { Scratch, framesOf, readAll, sharedPath, someFrames } from '../support.js'
import type { Taken } from '../support.js'

interface OraclePacket {
  header: {
    timestampSeconds: number
    timestampMicroseconds: number
    capturedLength: number
    originalLength: number
  }
  data: Buffer
}
interface Oracle {
  parse(input: Readable): {
    on(event: 'packet', listener: (packet: OraclePacket) => void): void
    on(event: 'globalHeader', listener: (header: { linkLayerType: number }) => void): void
    on(event: 'end' | 'error', listener: (error?: Error) => void): void
  }
}
const pcapParser = createRequire(import.meta.url)('pcap-parser') as Oracle

/** The same capture as npm's pcap-parser sees it. */
function oracleFrames(bytes: Uint8Array): Promise<Taken[]> {
  return new Promise((resolve, reject) => {
    const taken: Taken[] = []
    let linkType = 0
    const parser = pcapParser.parse(Readable.from([Buffer.from(bytes)], { objectMode: false }))
    parser.on('globalHeader', (header) => (linkType = header.linkLayerType))
    parser.on('packet', ({ header, data }) =>
      taken.push({
        micros: header.timestampSeconds * 1e6 + header.timestampMicroseconds,
        caplen: header.capturedLength,
        wirelen: header.originalLength,
        linkType,
        bytes: data.toString('hex'),
      }),
    )
    parser.on('end', () => resolve(taken))
    parser.on('error', (error) => reject(error ?? new Error('pcap-parser failed')))
  })
}

describe('classic pcap', () => {
  let scratch: Scratch
  before(() => (scratch = new Scratch()))
  after(() => scratch.remove())

  const read = async (bytes: Uint8Array) => readAll(scratch.file('it.pcap', bytes))

  for (const bigEndian of [false, true]) {
    const order = bigEndian ? 'big-endian' : 'little-endian'

    it(`agrees with pcap-parser, ${order}`, async () => {
      const bytes = writePcap(someFrames(300), { bigEndian })
      const { frames, warnings } = await read(bytes)
      expect(frames).to.have.length(300)
      expect(frames).to.deep.equal(await oracleFrames(bytes))
      expect(warnings).to.deep.equal([])
    })

    it(`keeps half microseconds of nanosecond stamps, ${order}`, async () => {
      const bytes = hex('01')
      const stamps = [0, 499, 500, 999_999_499, 999_999_999]
      const { frames } = await read(
        writePcap(
          stamps.map((nanos) => ({ bytes, seconds: 1_700_000_000, nanos })),
          { nanos: true, bigEndian },
        ),
      )
      expect(frames.map(({ micros }) => micros - 1_700_000_000e6)).to.deep.equal([
        0, 0, 0.5, 999_999, 999_999.5,
      ])
    })

    it(`reads the 24-byte records of a patched tcpdump, ${order}`, async () => {
      const frames = someFrames(5)
      const taken = await read(writePcap(frames, { modified: true, bigEndian }))
      expect(taken.frames).to.deep.equal((await read(writePcap(frames, { bigEndian }))).frames)
    })
  }

  it('never makes the wire length less than the captured one', async () => {
    const { frames } = await read(writePcap([{ bytes: hex('01 02 03'), wirelen: 2 }]))
    expect(frames[0]).to.include({ caplen: 3, wirelen: 3 })
  })

  it('takes off what was captured of the frame check sequence', async () => {
    // f bit, two units of two bytes
    const linkType = 0x2400_0001
    const bytes = hex('01 02 03 04 05 06 07 08')
    const { frames } = await read(
      writePcap(
        [
          { bytes, wirelen: 8 },
          { bytes, wirelen: 10 },
          { bytes, wirelen: 60 },
        ],
        { linkType },
      ),
    )
    expect(frames.map(({ bytes, wirelen }) => [bytes, wirelen])).to.deep.equal([
      ['01020304', 4],
      ['010203040506', 6],
      ['0102030405060708', 56],
    ])
    expect(frames[0]?.linkType).to.equal(1)
  })

  for (const [network, linkType] of [
    [12, 101],
    [14, 101],
    [101, 101],
    [0x0224_0002, 101],
    [0x0001_0071, 113],
    [276, 276],
  ] as const)
    it(`reads network field ${network} as LINKTYPE ${linkType}`, async () => {
      const { frames } = await read(writePcap([hex('45')], { linkType: network }))
      expect(frames[0]?.linkType).to.equal(linkType)
    })

  it('reads frames as the link type asked for', async () => {
    const path = scratch.file('it.pcap', writePcap([hex('45')]))
    const [frame] = await framesOf(openCapture(path, { linkType: 147 }))
    expect(frame?.linkType).to.equal(147)
  })

  it('swaps the lengths of versions before 2.3, and of 2.3 where they cannot be right', async () => {
    const bytes = hex('01 02 03')
    const data = writePcap([{ bytes, wirelen: 9 }])
    const swapped = writePcap([{ bytes, wirelen: 9 }])
    // captured length 9, original length 3
    swapped.set(hex('09 00 00 00 03 00 00 00'), PCAP_HEADER_LEN + 8)
    for (const [minor, file] of [
      [4, data],
      [3, data],
      [3, swapped],
      [2, swapped],
    ] as const) {
      file[6] = minor
      const { frames } = await read(file)
      expect(frames[0], `2.${minor}`).to.include({ caplen: 3, wirelen: 9, bytes: '010203' })
    }
  })

  it('ends with a warning at a record of 4 GiB, after all before it', async () => {
    const bytes = writePcap(someFrames(3, () => 60))
    bytes.set(hex('ff ff ff ff'), PCAP_HEADER_LEN + 2 * 76 + 8)
    const { frames, warnings } = await read(bytes)
    expect(frames).to.have.length(2)
    expect(warnings).to.have.length(1)
    expect(warnings[0]).to.match(/^damaged at byte 176: .*4294967295/)
  })

  it('takes the longest frame libpcap writes, and none longer', async () => {
    const whole = await read(writePcap([new Uint8Array(262_144), hex('01')]))
    expect(whole.frames.map(({ caplen }) => caplen)).to.deep.equal([262_144, 1])
    const { frames, warnings } = await read(writePcap([hex('01'), new Uint8Array(262_145)]))
    expect(frames).to.have.length(1)
    expect(warnings).to.have.length(1)
  })

  it('reads frames that lie across the pieces the file is read in', async () => {
    const lengths = [200_000, 262_144, 1, 262_144, 262_144, 14, 131_072]
    const bytes = writePcap(someFrames(40, (i) => lengths[i % lengths.length] ?? 0))
    const { frames } = await read(bytes)
    expect(frames).to.deep.equal(await oracleFrames(bytes))
  })

  it('gives more frames than a block holds', async () => {
    const bytes = writePcap(someFrames(40_000, (i) => i % 3))
    const { frames } = await read(bytes)
    expect(frames).to.have.length(40_000)
    expect(frames).to.deep.equal(await oracleFrames(bytes))
  })

  it('gives exactly the whole records of every prefix', async () => {
    const lengths = [3, 0, 17, 60]
    const bytes = writePcap(someFrames(4, (i) => lengths[i] ?? 0))
    const ends = lengths.map((_, i) =>
      lengths.slice(0, i + 1).reduce((sum, length) => sum + 16 + length, PCAP_HEADER_LEN),
    )
    const all = (await read(bytes)).frames
    for (let cut = 0; cut < bytes.length; cut++) {
      const result = await read(bytes.slice(0, cut)).catch((error: unknown) => error)
      if (cut < PCAP_HEADER_LEN) {
        expect(result, `cut at ${cut}`).to.be.instanceOf(CaptureError)
        continue
      }
      const { frames, warnings } = result as Awaited<ReturnType<typeof read>>
      expect(frames).to.deep.equal(all.slice(0, ends.filter((end) => end <= cut).length))
      const atBoundary = cut === PCAP_HEADER_LEN || ends.includes(cut)
      expect(warnings, `cut at ${cut}`).to.have.length(atBoundary ? 0 : 1)
    }
  })

  it('stays within the bytes, whatever they are', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 24, maxLength: 200 }),
        fc.nat(200),
        fc.constantFrom({}, { nanos: true }, { modified: true }, { bigEndian: true }),
        (noise, cut, options) => {
          const head = writePcap([hex('01 02')], options)
          const bytes = new Uint8Array(24 + noise.length)
          bytes.set(head.subarray(0, 24))
          bytes.set(noise, 24)
          const end = Math.min(24 + cut, bytes.length)
          const block = newPacketBlock(bytes)
          const off = new PcapReader(readPcapHeader(bytes, 0)).fill(block, 24, end)
          for (let i = 0; i < block.count; i++)
            if ((block.start[i] ?? 0) + (block.caplen[i] ?? 0) > end) return false
          return off <= end
        },
      ),
    )
  })

  it('survives any change of a few bytes', async () => {
    const bytes = writePcap(someFrames(6, (i) => 20 + i))
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { maxLength: 6 }),
        async (changes) => {
          const changed = bytes.slice()
          for (const [at, value] of changes) changed[at] = value
          const result = await read(changed).catch((error: unknown) => error)
          if (!(result instanceof CaptureError)) expect(result).to.have.property('frames')
        },
      ),
      { numRuns: 300 },
    )
  })

  it('allocates nothing per record', () => {
    const bytes = writePcap(someFrames(100, () => 60))
    const block = newPacketBlock(bytes)
    const reader = new PcapReader(readPcapHeader(bytes, 0))
    const perBlock = allocatedPerCall(() => {
      block.count = 0
      reader.fill(block, PCAP_HEADER_LEN, bytes.length)
    }, 5_000)
    expect(block.count).to.equal(100)
    expect(perBlock / 100).to.be.below(1)
  })

  describe('the shared captures', () => {
    for (const folder of ['corpus/odd', 'corpus/foxio/pcap', 'clients/pcap'])
      it(`agrees with pcap-parser on ${folder}`, async function () {
        const shared = sharedPath(folder)
        needs(this, path(shared))
        let compared = 0
        for (const name of readdirSync(shared).filter((file) => /\.p?cap$/.test(file))) {
          const bytes = readFileSync(`${shared}/${name}`)
          // what pcap-parser does not know: nanoseconds, lengths beyond the file, FCS, DLT_RAW
          if (!/^(d4c3b2a1|a1b2c3d4)/.test(bytes.toString('hex', 0, 4))) continue
          if (/caplen-4g|fcs-bits|lt-raw12|cut-/.test(name)) continue
          const { frames } = await readAll(`${shared}/${name}`)
          const expected = (await oracleFrames(bytes)).map((frame) => ({
            ...frame,
            // nor that a frame cannot have been shorter on the wire than captured
            wirelen: Math.max(frame.wirelen, frame.caplen),
            // and that the link type is the lower half of its field
            linkType: frame.linkType & 0xffff,
          }))
          expect(frames, name).to.deep.equal(expected)
          compared++
        }
        expect(compared).to.be.above(10)
      })

    it('reads the odd classic files as their list says', async function () {
      const shared = sharedPath('corpus/odd')
      needs(this, path(shared))
      const odd = (name: string) => readAll(`${shared}/derived__${name}.pcap`)
      const plain = await odd('micro-be')
      // same packets; the frame check sequence is gone
      const bytesOf = (frames: Taken[]) => frames.map(({ bytes }) => bytes)
      expect(bytesOf((await odd('nano-le')).frames)).to.deep.equal(bytesOf(plain.frames))
      expect(bytesOf((await odd('nano-be')).frames)).to.deep.equal(bytesOf(plain.frames))
      expect((await odd('linktype-fcs-bits')).frames).to.deep.equal(plain.frames)
      expect((await odd('lt-raw12')).frames[0]?.linkType).to.equal(101)
      expect((await odd('caplen-4g')).warnings[0]).to.match(/4294967295|more than any frame/)
      expect((await odd('cut-60')).warnings).to.have.length(1)
      for (const [name, code] of [
        ['cut-0', 'EMPTY'],
        ['cut-4', 'NOT_A_CAPTURE'],
        ['cut-23', 'NOT_A_CAPTURE'],
        ['garbage', 'NOT_A_CAPTURE'],
      ] as const) {
        const error: unknown = await odd(name).catch((reason: unknown) => reason)
        expect(error, name).to.be.instanceOf(CaptureError).and.have.property('code', code)
      }
    })
  })
})
