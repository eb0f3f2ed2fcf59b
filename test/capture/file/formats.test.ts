// Captures in every format and compression give the sightings of the pcap they hold.

import { expect } from 'chai'
import fc from 'fast-check'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { formatOf } from '../../../src/capture/file/capture-format.js'
import { isCapture } from '../../../src/capture/file/sniff.js'
import { openCapture } from '../../../src/capture/file/open-capture.js'
import { readCapture } from '../../../src/read-capture.js'
import { Scratch } from '../support.js'

const captures = resolve(import.meta.dirname, '../../../captures')
const PCAP = readFileSync(join(captures, 'curl-nss.pcap'))

interface Frame {
  readonly seconds: number
  readonly micros: number
  readonly bytes: Buffer
}

function framesOf(pcap: Buffer): Frame[] {
  const frames: Frame[] = []
  for (let at = 24; at < pcap.length;) {
    const length = pcap.readUInt32LE(at + 8)
    frames.push({
      seconds: pcap.readUInt32LE(at),
      micros: pcap.readUInt32LE(at + 4),
      bytes: pcap.subarray(at + 16, at + 16 + length),
    })
    at += 16 + length
  }
  return frames
}

const FRAMES = framesOf(PCAP)

/** A pcap whose record headers have `extra` bytes more. */
function longRecords(magic: number, extra: number): Buffer {
  const header = Buffer.from(PCAP.subarray(0, 24))
  header.writeUInt32LE(magic, 0)
  const records = FRAMES.flatMap(({ seconds, micros, bytes }) => {
    const head = Buffer.alloc(16 + extra)
    head.writeUInt32LE(seconds, 0)
    head.writeUInt32LE(micros, 4)
    head.writeUInt32LE(bytes.length, 8)
    head.writeUInt32LE(bytes.length, 12)
    return [head, bytes]
  })
  return Buffer.concat([header, ...records])
}

function snoop(): Buffer {
  const records = FRAMES.flatMap(({ seconds, micros, bytes }) => {
    const padding = (4 - (bytes.length % 4)) % 4
    const head = Buffer.alloc(24)
    for (const [i, value] of [
      bytes.length,
      bytes.length,
      24 + bytes.length + padding,
      0,
      seconds,
      micros,
    ].entries())
      head.writeUInt32BE(value, 4 * i)
    return [head, bytes, Buffer.alloc(padding)]
  })
  return Buffer.concat([Buffer.from('736e6f6f700000000000000200000004', 'hex'), ...records])
}

function erf(): Buffer {
  return Buffer.concat(
    FRAMES.flatMap(({ seconds, micros, bytes }) => {
      const head = Buffer.alloc(18)
      head.writeUInt32LE(Math.ceil((micros / 1e6) * 2 ** 32) >>> 0, 0)
      head.writeUInt32LE(seconds, 4)
      head[8] = 2
      head.writeUInt16BE(18 + bytes.length, 10)
      head.writeUInt16BE(bytes.length, 14)
      return [head, bytes]
    }),
  )
}

function netmon(major: number, minor: number): Buffer {
  const first = FRAMES[0]?.seconds ?? 0
  const date = new Date(first * 1000)
  const header = Buffer.alloc(128)
  header.write(major === 1 ? 'RTSS' : 'GMBU')
  header[4] = minor
  header[5] = major
  header.writeUInt16LE(1, 6)
  const parts = [
    date.getUTCFullYear(),
    date.getUTCMonth() + 1,
    date.getUTCDay(),
    date.getUTCDate(),
    date.getUTCHours(),
    date.getUTCMinutes(),
    date.getUTCSeconds(),
    0,
  ]
  for (const [i, part] of parts.entries()) header.writeUInt16LE(part, 8 + 2 * i)
  const records = FRAMES.flatMap(({ seconds, micros, bytes }) => {
    const delta = (seconds - first) * 1e6 + micros
    const head = Buffer.alloc(major === 1 ? 8 : 16)
    if (major === 1) {
      head.writeUInt32LE(Math.round(delta / 1000), 0)
      head.writeUInt16LE(bytes.length, 4)
      head.writeUInt16LE(bytes.length, 6)
    } else {
      head.writeBigUInt64LE(BigInt(delta), 0)
      head.writeUInt32LE(bytes.length, 8)
      head.writeUInt32LE(bytes.length, 12)
    }
    const trailer = Buffer.alloc(
      major === 1 || minor === 0 ? 0 : minor === 1 ? 2 : minor === 2 ? 6 : 15,
    )
    if (trailer.length > 0) trailer.writeUInt16LE(1, 0)
    return [head, bytes, trailer]
  })
  const body = Buffer.concat(records)
  header.writeUInt32LE(128 + body.length, 24)
  header.writeUInt32LE(4 * FRAMES.length, 28)
  return Buffer.concat([header, body, Buffer.alloc(4 * FRAMES.length)])
}

const FORMATS: Readonly<Record<string, Buffer>> = {
  'snoop.cap': snoop(),
  'netmon-1.1.cap': netmon(1, 1),
  'netmon-2.0.cap': netmon(2, 0),
  'netmon-2.1.cap': netmon(2, 1),
  'netmon-2.2.cap': netmon(2, 2),
  'netmon-2.3.cap': netmon(2, 3),
  'endace.erf': erf(),
  'red-hat-6.1.pcap': longRecords(0xa1b2c3d4, 8),
  'nokia.pcap': longRecords(0xa1b2c3d4, 4),
  'modified.pcap': longRecords(0xa1b2cd34, 8),
  'suse-6.3.pcap': longRecords(0xa1b2cd34, 12),
}

async function hellosOf(
  path: string,
): Promise<{ time: string; ja4: string | undefined; sni: string | undefined }[]> {
  const hellos = []
  for await (const { time, ja4, sni } of readCapture(path)) hellos.push({ time, ja4, sni })
  return hellos
}

describe('capture formats', () => {
  let scratch: Scratch
  let expected: Awaited<ReturnType<typeof hellosOf>>
  before(async () => {
    scratch = new Scratch()
    expected = await hellosOf(join(captures, 'curl-nss.pcap'))
    expect(expected.length).to.be.above(5)
  })
  after(() => scratch.remove())

  for (const [name, bytes] of Object.entries(FORMATS))
    it(`are read: ${name}`, async () => {
      const path = scratch.file(name, bytes)
      expect(await isCapture(path)).to.equal(true)
      const hellos = await hellosOf(path)
      expect(hellos.map(({ ja4, sni }) => ({ ja4, sni }))).to.deep.equal(
        expected.map(({ ja4, sni }) => ({ ja4, sni })),
      )
      // Network Monitor 1.x counts milliseconds
      if (name !== 'netmon-1.1.cap') expect(hellos).to.deep.equal(expected)
    })

  for (const name of ['bz2', 'xz', 'lz4', 'bz2.gz']
    .map((ending) => `curl-nss.pcap.${ending}`)
    .concat('curl-nss.zip'))
    it(`are read in compressions: ${name}`, async () => {
      const path = join(captures, 'formats', name)
      expect(await isCapture(path)).to.equal(true)
      expect(await hellosOf(path)).to.deep.equal(expected)
    })

  it('are read where a stream is short, has several parts, or is LZ4 of before its frames', async () => {
    const plain = await hellosOf(join(captures, 'field/live-port-4444.pcap'))
    expect(plain).to.have.length(1)
    for (const name of ['live-port-4444.pcap.bz2', 'live-port-4444-legacy.pcap.lz4']) {
      const path = join(captures, 'formats', name)
      expect(await isCapture(path), name).to.equal(true)
      expect(await hellosOf(path), name).to.deep.equal(plain)
    }
  })

  it('are told by where their records end where they have one', async () => {
    const [frame] = FRAMES
    if (frame === undefined) throw new Error('the capture is empty')
    for (const [magic, extra] of [
      [0xa1b2c3d4, 0],
      [0xa1b2c3d4, 4],
      [0xa1b2c3d4, 8],
      [0xa1b2cd34, 8],
      [0xa1b2cd34, 12],
    ] as const) {
      const whole = longRecords(magic, extra)
      const path = scratch.file('one.pcap', whole.subarray(0, 24 + 16 + extra + frame.bytes.length))
      const source = openCapture(path)
      for await (const { count, start, caplen, bytes } of source.blocks(
        new AbortController().signal,
      )) {
        expect(count).to.equal(1)
        const [at = 0, length = 0] = [start[0], caplen[0]]
        expect(Buffer.from(bytes.subarray(at, at + length)).equals(frame.bytes)).to.equal(true)
      }
      expect(source.warnings, String(extra)).to.deep.equal([])
    }
  })

  it('are pcap of the usual kind where the second record is damaged', async () => {
    const [frame] = FRAMES
    if (frame === undefined) throw new Error('the capture is empty')
    const end = 24 + 16 + frame.bytes.length
    // as much of a second record as no header of 24 bytes has room for
    const bytes = Buffer.concat([PCAP.subarray(0, end), Buffer.alloc(23, 0x7f)])
    const source = openCapture(scratch.file('damaged-second.pcap', bytes))
    let frames = 0
    for await (const block of source.blocks(new AbortController().signal)) {
      frames += block.count
      const [at = 0, length = 0] = [block.start[0], block.caplen[0]]
      expect(Buffer.from(block.bytes.subarray(at, at + length)).equals(frame.bytes)).to.equal(true)
    }
    expect(frames).to.equal(1)
    expect(source.warnings.join()).to.match(/damaged at byte .* claims/)
  })

  it('are not seen in JSON lines or text', async () => {
    for (const name of ['curl-nss.jsonl', 'labels.json', 'clients/labels.jsonl'])
      expect(await isCapture(join(captures, name)), name).to.equal(false)
  })

  it('are read one behind the other, as cat joins them', async () => {
    const other = readFileSync(join(captures, 'aria2.pcap'))
    const path = scratch.file('joined.pcap', Buffer.concat([PCAP, other]))
    const hellos = await hellosOf(path)
    expect(hellos).to.deep.equal([...expected, ...(await hellosOf(join(captures, 'aria2.pcap')))])
  })

  it('end with a warning where they are cut, after all that came before', async () => {
    for (const [name, bytes] of Object.entries({
      ...FORMATS,
      ...Object.fromEntries(
        ['bz2', 'xz', 'lz4'].map((ending) => [
          `cut.${ending}`,
          readFileSync(join(captures, 'formats', `curl-nss.pcap.${ending}`)),
        ]),
      ),
    })) {
      const path = scratch.file(`cut-${name}`, bytes.subarray(0, bytes.length - 700))
      const source = openCapture(path)
      let frames = 0
      try {
        for await (const block of source.blocks(new AbortController().signal)) frames += block.count
        expect(source.warnings.join(), name).to.match(/cut|ends in the middle|damaged/)
      } catch (error) {
        // a compressed block that is cut may hold everything
        expect((error as Error).message, name).to.match(/holds no packets/)
      }
      expect(frames, name).to.be.below(FRAMES.length)
    }
  })

  it('are damaged in any way without an exception or an endless loop', () => {
    const names = Object.keys(FORMATS)
    return fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...names),
        fc.array(fc.tuple(fc.nat(4000), fc.nat(255)), { minLength: 1, maxLength: 6 }),
        async (name, changes) => {
          const bytes = Buffer.from(FORMATS[name] ?? PCAP)
          for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value
          const path = scratch.file('damaged', bytes)
          if (formatOf(bytes.subarray(0, 4096)) === undefined) return
          let frames = 0
          try {
            const source = openCapture(path)
            for await (const block of source.blocks(new AbortController().signal))
              frames += block.count
          } catch (error) {
            expect((error as Error).name).to.equal('CaptureError')
          }
          expect(frames).to.be.below(100_000)
        },
      ),
      { numRuns: 150 },
    )
  }).timeout(60_000)
})
