import { execFileSync } from 'node:child_process'
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import { needs, path } from '../../capability.js'
import { CaptureError } from '../../../src/capture/capture-error.js'
import { PcapngReader } from '../../../src/capture/file/pcapng-reader.js'
import { openCapture } from '../../../src/capture/file/open-capture.js'
import { newPacketBlock } from '../../../src/model/packet-block.js'
import { allocatedPerCall, hex } from '../../support.js'
import { PcapngWriter } from '../pcap-writer.js'
import { Scratch, framesOf, readAll, sharedPath, someFrames } from '../support.js'

const IF_TSRESOL = 9
const IF_FCSLEN = 13
const IF_TSOFFSET = 14
const COMMENT = 1

describe('pcapng', () => {
  let scratch: Scratch
  before(() => (scratch = new Scratch()))
  after(() => scratch.remove())

  const read = (bytes: Uint8Array) => readAll(scratch.file('it.pcapng', bytes))
  const frame = hex('01 02 03 04 05')
  const micros = 1_700_000_000_123_456

  for (const bigEndian of [false, true]) {
    const order = bigEndian ? 'big-endian' : 'little-endian'
    const start = () => new PcapngWriter({ bigEndian }).section()

    it(`reads all three kinds of packet block, ${order}`, async () => {
      const { frames, warnings } = await read(
        start()
          .interface(1, 4)
          .interface(113)
          .packet(1, BigInt(micros), frame, 60)
          .oldPacket(0, BigInt(micros) + 5n, frame)
          .simplePacket(frame.subarray(0, 4), 900)
          .done(),
      )
      expect(warnings).to.deep.equal([])
      expect(frames).to.deep.equal([
        { micros, caplen: 5, wirelen: 60, linkType: 113, bytes: '0102030405' },
        { micros: micros + 5, caplen: 5, wirelen: 5, linkType: 1, bytes: '0102030405' },
        // no time of its own, and cut to the snaplen of the first interface
        { micros: micros + 5, caplen: 4, wirelen: 900, linkType: 1, bytes: '01020304' },
      ])
    })

    it(`knows each interface's resolution and offset, ${order}`, async () => {
      const resolutions: [number, bigint, number][] = [
        [6, 1_700_000_000_123_456n, 0],
        [9, 1_700_000_000_123_456_789n, 0.5],
        [9, 1_700_000_000_123_456_999n, 0.5],
        [3, 1_700_000_000_123n, -456],
        [0, 1_700_000_000n, -123_456],
        [0x80 | 10, 1_700_000_000n * 1024n + 512n, 376_544],
      ]
      for (const [resolution, time, away] of resolutions) {
        const { frames } = await read(
          start()
            .interface(1, 0, [[IF_TSRESOL, Uint8Array.of(resolution)]])
            .packet(0, time, frame)
            .done(),
        )
        expect((frames[0]?.micros ?? 0) - micros, `resolution ${resolution}`).to.equal(away)
      }
      // 64 bits of picoseconds end in July 1970
      const { frames } = await read(
        start()
          .interface(1, 0, [[IF_TSRESOL, Uint8Array.of(12)]])
          .packet(0, 18_000_000_123_456_789_012n, frame)
          .done(),
      )
      expect(frames[0]?.micros).to.equal(18_000_000_123_456.5)
    })

    it(`adds if_tsoffset, which may be negative, ${order}`, async () => {
      const writer = start()
      for (const seconds of [1_700_000_000n, -3600n])
        writer.interface(1, 0, [
          [COMMENT, hex('61 62 63')],
          [IF_TSOFFSET, writer.value64(seconds)],
        ])
      const { frames } = await read(
        writer.packet(0, 123_456n, frame).packet(1, BigInt(micros), frame).done(),
      )
      expect(frames.map((taken) => taken.micros)).to.deep.equal([micros, micros - 3600e6])
    })

    it(`sums up what interface statistics say was lost, ${order}`, async () => {
      const writer = start().interface().interface().packet(0, 0n, frame)
      const lost = (count: bigint) => writer.value64(count)
      writer.statistics(0, [[5, lost(1n)]]).statistics(0, [[5, lost(7n)]])
      writer.statistics(1, [
        [5, lost(20n)],
        [7, lost(300n)],
      ])
      writer.statistics(9, [[5, lost(1000n)]])
      const source = openCapture(scratch.file('it.pcapng', writer.done()))
      expect(source.dropped).to.equal(undefined)
      await framesOf(source)
      expect(source.dropped).to.equal(327)
    })
  }

  it('does not know what was lost where no statistics say', async () => {
    const bytes = new PcapngWriter().section().interface().packet(0, 0n, frame).statistics(0, [])
    const source = openCapture(scratch.file('it.pcapng', bytes.done()))
    await framesOf(source)
    expect(source.dropped).to.equal(undefined)
  })

  it('reads sections one after another, each in its byte order with its own interfaces', async () => {
    const bytes = Buffer.concat([
      new PcapngWriter().section().interface(1).packet(0, 1n, frame).done(),
      new PcapngWriter({ bigEndian: true }).section().interface(101).packet(0, 2n, frame).done(),
      new PcapngWriter().section().packet(0, 3n, frame).interface(113).packet(0, 4n, frame).done(),
    ])
    const { frames, warnings } = await read(bytes)
    expect(frames.map((taken) => [taken.micros, taken.linkType])).to.deep.equal([
      [1, 1],
      [2, 101],
      [4, 113],
    ])
    expect(warnings).to.deep.equal([
      'packets of an interface the capture does not describe: 1, left out',
    ])
  })

  it('passes over blocks it does not know, larger than what is read at once too', async () => {
    const { frames, warnings } = await read(
      new PcapngWriter()
        .section()
        .other(0x0bad_0001, hex('01'))
        .interface()
        .packet(0, 1n, frame)
        .other(10, new Uint8Array(3_000_000).fill(6))
        .packet(0, 2n, frame)
        .other(0x8000_0bad, new Uint8Array(0))
        .packet(0, 3n, frame)
        .done(),
    )
    expect(frames.map((taken) => taken.micros)).to.deep.equal([1, 2, 3])
    expect(warnings).to.deep.equal([])
  })

  it('says so where a block passed over is cut', async () => {
    const bytes = new PcapngWriter()
      .section()
      .interface()
      .packet(0, 1n, frame)
      .other(10, new Uint8Array(2_000_000))
      .done()
    const { frames, warnings } = await read(bytes.slice(0, -1))
    expect(frames).to.have.length(1)
    expect(warnings[0]).to.match(/^ends in the middle of a record/)
  })

  it('reads a packet whose options are longer than what is kept', async () => {
    const comment = new Uint8Array(60_000)
    const options = Array.from({ length: 10 }, (): [number, Uint8Array] => [COMMENT, comment])
    const { frames, warnings } = await read(
      new PcapngWriter()
        .section()
        .interface(1, 0, [...options, [IF_TSRESOL, Uint8Array.of(9)]])
        .packet(0, 1n, frame, 5, options)
        .packet(0, 2n, frame)
        .done(),
    )
    expect(frames.map((taken) => taken.bytes)).to.deep.equal(['0102030405', '0102030405'])
    expect(warnings).to.deep.equal([])
  })

  it('takes off a frame check sequence, its length in bits or in bytes', async () => {
    for (const length of [4, 32]) {
      const { frames } = await read(
        new PcapngWriter()
          .section()
          .interface(1, 0, [[IF_FCSLEN, Uint8Array.of(length)]])
          .packet(0, 1n, frame)
          .packet(0, 1n, frame, 60)
          .done(),
      )
      expect(frames.map((taken) => [taken.bytes, taken.wirelen])).to.deep.equal([
        ['01', 1],
        ['0102030405', 56],
      ])
    }
  })

  it('ignores options whose lengths cannot be', async () => {
    const bytes = new PcapngWriter()
      .section()
      .interface(1, 0, [[IF_TSRESOL, Uint8Array.of(9)]])
      .packet(0, BigInt(micros), frame)
      .done()
    // if_tsresol of 65 535 bytes
    bytes.set(hex('09 00 ff ff'), 28 + 16)
    const { frames } = await read(bytes)
    expect(frames[0]?.micros).to.equal(micros)
  })

  const good = () =>
    new PcapngWriter().section().interface().packet(0, 1n, frame).packet(0, 2n, frame).done()
  const secondPacket = 28 + 20 + 40
  for (const [what, at, bytes] of [
    ['a length of less than a block has', 4, '08 00 00 00'],
    ['a length of 4 GiB', 4, 'ff ff ff ff'],
    ['lengths that differ', 36, '2c 00 00 00'],
    ['more bytes captured than it holds', 20, '0a 00 00 00'],
  ] as const)
    it(`ends with a warning at ${what}, after all before it`, async () => {
      const bad = good()
      bad.set(hex(bytes), secondPacket + at)
      const { frames, warnings } = await read(bad)
      expect(frames).to.have.length(1)
      expect(warnings).to.have.length(1)
      expect(warnings[0]).to.match(/^damaged at byte 88: /)
    })

  it('goes on after a packet longer than any frame', async () => {
    const { frames, warnings } = await read(
      new PcapngWriter()
        .section()
        .interface()
        .packet(0, 1n, new Uint8Array(300_000))
        .packet(0, 2n, new Uint8Array(262_144))
        .done(),
    )
    expect(frames.map(({ caplen }) => caplen)).to.deep.equal([262_144])
    expect(warnings).to.deep.equal(['packets longer than 262144 bytes: 1, left out'])
  })

  it('ends with a warning at a section of another version, or without byte order', async () => {
    const first = new PcapngWriter().section().interface().packet(0, 1n, frame).done()
    const other = await read(Buffer.concat([first, new PcapngWriter().section(2).done()]))
    expect(other.frames).to.have.length(1)
    expect(other.warnings[0]).to.match(/version 2/)
    const none = new PcapngWriter().section().done()
    none[8] = 0
    expect((await read(Buffer.concat([first, none]))).warnings[0]).to.match(/byte-order/)
  })

  it('gives exactly the whole blocks of every prefix', async () => {
    const writer = new PcapngWriter({ bigEndian: true }).section().interface()
    const ends: number[] = []
    for (let i = 0; i < 3; i++) {
      writer.packet(0, BigInt(i), frame.subarray(0, i + 2))
      ends.push(writer.done().length)
    }
    writer.simplePacket(frame)
    const bytes = writer.done()
    ends.push(bytes.length)
    const all = (await read(bytes)).frames
    expect(all).to.have.length(4)
    for (let cut = 0; cut < bytes.length; cut++) {
      const result = await read(bytes.slice(0, cut)).catch((error: unknown) => error)
      if (cut < 24) {
        expect(result, `cut at ${cut}`).to.be.instanceOf(CaptureError)
        continue
      }
      const { frames, warnings } = result as Awaited<ReturnType<typeof read>>
      expect(frames).to.deep.equal(all.slice(0, ends.filter((end) => end <= cut).length))
      const atBoundary = [28, 48, ...ends].includes(cut)
      expect(warnings, `cut at ${cut}`).to.have.length(atBoundary ? 0 : 1)
    }
  })

  it('stays within the bytes, whatever they are', () => {
    const head = good().slice(0, 48)
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            type: fc.constantFrom(1, 2, 3, 5, 6, 0x0a0d0d0a, 77),
            length: fc.oneof(fc.nat(80), fc.constantFrom(0, 0xffff_ffff)),
            body: fc.uint8Array({ maxLength: 80 }),
          }),
          { maxLength: 4 },
        ),
        fc.nat(400),
        (blocks, cut) => {
          const parts: Uint8Array[] = [head]
          for (const { type, length, body } of blocks) {
            const lengths = Buffer.alloc(4)
            lengths.writeUInt32LE(length)
            const types = Buffer.alloc(4)
            types.writeUInt32LE(type)
            parts.push(types, lengths, body, lengths)
          }
          const bytes = Uint8Array.from(Buffer.concat(parts))
          const end = Math.min(cut, bytes.length)
          const block = newPacketBlock(bytes)
          new PcapngReader().fill(block, 0, end)
          for (let i = 0; i < block.count; i++)
            if ((block.start[i] ?? 0) + (block.caplen[i] ?? 0) > end) return false
          return true
        },
      ),
      { numRuns: 500 },
    )
  })

  it('survives any change of a few bytes', async () => {
    const bytes = good()
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

  it('bounds the interfaces of a section', async () => {
    const one = new PcapngWriter().interface().done()
    const many = Buffer.concat([
      new PcapngWriter().section().done(),
      ...Array.from({ length: 65_540 }, () => one),
      new PcapngWriter().packet(65_535, 1n, frame).packet(65_536, 2n, frame).done(),
    ])
    const { frames, warnings } = await read(many)
    expect(frames.map((taken) => taken.micros)).to.deep.equal([1])
    expect(warnings).to.have.length(1)
  })

  it('allocates nothing per packet', () => {
    const writer = new PcapngWriter().section().interface()
    for (const bytes of someFrames(100, () => 60)) writer.packet(0, BigInt(micros), bytes)
    const bytes = writer.done()
    const block = newPacketBlock(bytes)
    const reader = new PcapngReader()
    const perBlock = allocatedPerCall(() => {
      block.count = 0
      reader.fill(block, 0, bytes.length)
    }, 5_000)
    expect(block.count).to.equal(100)
    expect(perBlock / 100).to.be.below(1)
  })

  it('agrees with tshark on the conformance set', async function () {
    const folder = sharedPath('corpus/odd')
    needs(this, path(folder))
    const update = process.env['UPDATE_GOLDEN'] === '1'
    const files = readdirSync(folder).filter(
      (name) => /^pcapng_|^derived__ng-two/.test(name) && name.endsWith('.pcapng'),
    )
    if (update) {
      const golden = Object.fromEntries(
        files.map((file) => [file, tsharkFrames(join(folder, file))]),
      )
      writeFileSync(tsharkGolden, JSON.stringify(golden))
    }
    const golden = JSON.parse(readFileSync(tsharkGolden, 'utf8')) as Record<string, TsharkFrame[]>
    expect(files).to.have.members(Object.keys(golden))
    for (const [file, expected] of Object.entries(golden)) {
      const { frames, warnings } = await readAll(join(folder, file))
      expect(warnings, file).to.deep.equal([])
      const seen = frames.map(({ micros, caplen, wirelen }, i) => ({
        // tshark gives a Simple Packet no time, we that of the packet before it
        micros: expected[i]?.micros === null ? null : Math.floor(micros),
        caplen,
        wirelen,
      }))
      expect(seen, file).to.deep.equal(expected)
    }
  })

  it('says what is wrong with a bad section header, and with packets of no interface', async function () {
    const folder = sharedPath('corpus/odd')
    needs(this, path(folder))
    const badLength = await readAll(`${folder}/derived__ng-badlen.pcapng`)
    expect(badLength.frames).to.deep.equal([])
    expect(badLength.warnings[0]).to.match(/length of 8/)
    const noInterface = await readAll(`${folder}/derived__ng-noidb.pcapng`)
    expect(noInterface.frames).to.deep.equal([])
    expect(noInterface.warnings[0]).to.match(/does not describe/)
  })
})

interface TsharkFrame {
  /** Whole microseconds; null where tshark has no time. */
  readonly micros: number | null
  readonly caplen: number
  readonly wirelen: number
}

/** What tshark 4.0.17 says of the frames of each file, kept because it takes half a second to start. */
const tsharkGolden = new URL('pcapng-tshark.json', import.meta.url)

/** What tshark says of a file's frames, now. */
function tsharkFrames(path: string): TsharkFrame[] {
  const fields = ['frame.time_epoch', 'frame.cap_len', 'frame.len', 'frame.protocols']
  const args = ['-r', path, '-T', 'fields', ...fields.flatMap((field) => ['-e', field])]
  const lines = execFileSync('tshark', args, { stdio: ['ignore', 'pipe', 'ignore'] }).toString()
  return (
    lines
      .split('\n')
      .slice(0, -1)
      // Custom Blocks are frames to tshark, without a time and of "data"; they hold no packet.
      .filter((line) => !(line.startsWith('\t') && line.endsWith('\tdata')))
      .map((line) => {
        const [time = '', caplen, wirelen] = line.split('\t')
        const [seconds = '', fraction = ''] = time.split('.')
        return {
          micros: time === '' ? null : Number(seconds) * 1e6 + Number(fraction.slice(0, 6)),
          caplen: Number(caplen),
          wirelen: Number(wirelen),
        }
      })
  )
}
