import { createReadStream, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { constants, gunzipSync, gzipSync } from 'node:zlib'
import { expect } from 'chai'
import fc from 'fast-check'
import { proc, needs } from '../../capability.js'
import { CaptureError } from '../../../src/capture/capture-error.js'
import { openCapture } from '../../../src/capture/file/open-capture.js'
import { PcapngWriter, writePcap } from '../pcap-writer.js'
import { Scratch, framesOf, readAll, someFrames } from '../support.js'

// Three frames of 60 bytes, each all 0, all 1, all 2, by `zstd -19 --no-check` 1.5.4.
const ZSTD_PCAP = `KLUv/SD8lQEA8NTDsqECAAQABAABAAAAAPFTZQAAAAA88VNlAQECAgggMDVzIKUdQUDlfRpEAtgqfOM=`
// The same in a skippable frame and two frames with checksums, cut after 100 bytes.
const ZSTD_FRAMES = `UCpNGAMAAABhYmMotS/9BFgNAQC41MOyoQIABAAEAAEAAAAA8VNlAAAAADwDAAES2OW6gTgoGnfDKLUv/QRY7QAAgADxU2UBAAAAPAEA8VNlAgIEAMCleIKhwEl25uQroB6H`

describe('openCapture', () => {
  let scratch: Scratch
  before(() => (scratch = new Scratch()))
  after(() => scratch.remove())

  const pcap = writePcap(someFrames(50))
  const pcapng = (() => {
    const writer = new PcapngWriter().section().interface()
    someFrames(50).forEach((frame, i) => writer.packet(0, BigInt(i), frame))
    return writer.done()
  })()
  const read = async (bytes: Uint8Array, name = 'it') => readAll(scratch.file(name, bytes))
  const errorOf = async (reading: Promise<unknown> | (() => unknown)): Promise<CaptureError> => {
    let error: unknown
    try {
      await (typeof reading === 'function' ? reading() : reading)
    } catch (reason) {
      error = reason
    }
    expect(error).to.be.instanceOf(CaptureError)
    return error as CaptureError
  }

  describe('tells the format by content', () => {
    it('of pcap and pcapng under each other’s name', async () => {
      expect((await read(pcap, 'one.pcapng')).frames).to.have.length(50)
      expect((await read(pcapng, 'two.pcap')).frames).to.have.length(50)
      expect((await read(gzipSync(pcap), 'three.zst')).frames).to.have.length(50)
    })

    it('of gzip around either', async () => {
      for (const bytes of [pcap, pcapng]) {
        const { frames, warnings } = await read(gzipSync(bytes))
        expect(frames).to.deep.equal((await read(bytes)).frames)
        expect(warnings).to.deep.equal([])
      }
    })

    it('of gzip members one after another, cut anywhere', async () => {
      const cuts = [0, 10, 24, 1000, 1001, pcap.length]
      const members = cuts.map((cut, i) => gzipSync(pcap.subarray(cut, cuts[i + 1])))
      const { frames, warnings } = await read(Buffer.concat(members))
      expect(frames).to.deep.equal((await read(pcap)).frames)
      expect(warnings).to.deep.equal([])
    })

    it('of gzip with other bytes after it', async () => {
      const { frames } = await read(Buffer.concat([gzipSync(pcap), new Uint8Array(200_000)]))
      expect(frames).to.have.length(50)
    })

    it('of zstd, in one frame or several', async () => {
      for (const text of [ZSTD_PCAP, ZSTD_FRAMES]) {
        const { frames, warnings } = await read(Buffer.from(text, 'base64'))
        expect(frames.map(({ bytes }) => bytes)).to.deep.equal(
          ['00', '01', '02'].map((byte) => byte.repeat(60)),
        )
        expect(warnings).to.deep.equal([])
      }
    })
  })

  it('gives a large compressed capture as it is', async () => {
    const large = writePcap(someFrames(3000))
    const { frames, warnings } = await read(gzipSync(large, { level: 1 }))
    expect(frames).to.deep.equal((await read(large)).frames)
    expect(warnings).to.deep.equal([])
  })

  it('gives the whole packets of a cut gzip, and says that it was cut', async () => {
    const compressed = gzipSync(writePcap(someFrames(30)))
    const step = Math.ceil(compressed.length / 40)
    for (let cut = 1; cut < compressed.length; cut += step) {
      const part = compressed.subarray(0, cut)
      const result = await read(part).catch((error: unknown) => error)
      // What of the file zlib can make out of the part, in one go.
      let inflated: Buffer = Buffer.alloc(0)
      try {
        inflated = gunzipSync(part, { finishFlush: constants.Z_SYNC_FLUSH })
      } catch {
        // not even a gzip header
      }
      if (inflated.length < 24) {
        expect(result, `cut at ${cut}`).to.be.instanceOf(CaptureError)
        continue
      }
      const { frames, warnings } = result as Awaited<ReturnType<typeof read>>
      expect(frames).to.deep.equal((await read(inflated)).frames)
      expect(warnings.join(), `cut at ${cut}`).to.match(/gzip data is cut/)
    }
  })

  it('gives the whole packets of a cut zstd, and says that it was cut', async () => {
    const compressed = Buffer.from(ZSTD_FRAMES, 'base64')
    for (let cut = 4; cut < compressed.length; cut++) {
      const result = await read(compressed.subarray(0, cut)).catch((error: unknown) => error)
      if (result instanceof CaptureError) continue
      const { frames, warnings } = result as Awaited<ReturnType<typeof read>>
      expect(frames.length).to.be.below(4)
      // The first frame's end is that of a record too, so nothing is cut there.
      expect(warnings.length > 0, `cut at ${cut}`).to.equal(cut !== 57)
    }
  })

  it('survives any change of a few bytes of a compressed capture', async () => {
    const small = writePcap(someFrames(3, () => 30))
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(gzipSync(small), Buffer.from(ZSTD_PCAP, 'base64')),
        fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        async (bytes, changes) => {
          const changed = Uint8Array.from(bytes)
          for (const [at, value] of changes) changed[at % changed.length] = value
          const result = await read(changed).catch((error: unknown) => error)
          if (!(result instanceof CaptureError)) expect(result).to.have.property('frames')
        },
      ),
      { numRuns: 150 },
    )
  })

  it('refuses a zstd window that would take the memory', async () => {
    // a window descriptor of 2 GiB
    const bytes = Buffer.from('28b52ffd00a8000000000000000000000000', 'hex')
    expect((await errorOf(read(bytes))).message).to.match(/window is larger/)
  })

  describe('says in a sentence what is wrong', () => {
    it('with a file that is not there', async () => {
      const error = await errorOf(() => openCapture(join(scratch.path, 'none.pcap')))
      expect(error.code).to.equal('NOT_FOUND')
      expect(error.message).to.match(/no such file: .*none\.pcap/)
    })

    it('with a folder', async () => {
      for (const follow of [false, true]) {
        const error = await errorOf(() => openCapture(scratch.path, { follow }))
        expect(error.code).to.equal('NOT_A_CAPTURE')
        expect(error.message).to.match(/is a folder/)
      }
    })

    it('with an empty file, and empty stdin', async () => {
      expect((await errorOf(read(new Uint8Array(0)))).code).to.equal('EMPTY')
      const source = openCapture('-', { stdin: Readable.from([]) })
      expect((await errorOf(framesOf(source))).message).to.match(/^stdin is empty/)
    })

    it('with a file the system cannot read', async function () {
      needs(this, proc)
      // a regular file whose first bytes are never readable
      const error = await errorOf(() => framesOf(openCapture('/proc/self/mem')))
      expect(error.code).to.equal('NOT_READABLE')
      expect(error.cause).to.be.instanceOf(Error)
    })

    for (const [what, bytes, message] of [
      [
        'text',
        Buffer.from('no capture at all, this is'),
        /is not a capture: pcap, pcapng.*editcap FILE/,
      ],
      [
        'cut xz',
        Buffer.from('fd377a585a000004e6d6b446020021011c00', 'hex'),
        /holds no packets: its xz/,
      ],
      ['a cut file header', pcap.slice(0, 20), /within its file header, after 20 bytes/],
      ['a magic of three bytes', pcap.slice(0, 3), /within its file header/],
      ['text in gzip', gzipSync('no capture at all, this is'), /is not a capture/],
      [
        'gzip five times',
        [1, 2, 3, 4, 5].reduce((inner) => gzipSync(inner), pcap),
        /more than 4 times/,
      ],
      ['pcap 3.0', writePcap([], { version: [3, 0] }), /pcap version 3\.0/],
    ] as const)
      it(`with ${what}`, async () => {
        const error = await errorOf(read(bytes))
        expect(error.code).to.equal('NOT_A_CAPTURE')
        expect(error.message).to.match(message)
      })

    it('where there is no stdin', async () => {
      expect((await errorOf(() => openCapture('-'))).code).to.equal('NOT_READABLE')
    })
  })

  it('reads a file again at each call of blocks', async () => {
    const source = openCapture(scratch.file('again', pcap.slice(0, -1)))
    expect(await framesOf(source)).to.deep.equal(await framesOf(source))
    expect(source.warnings).to.have.length(1)
  })

  describe('stdin', () => {
    it('is read in chunks of any length, compressed or not', async () => {
      const small = writePcap(someFrames(10, () => 90))
      const { frames } = await read(small)
      for (const bytes of [small, gzipSync(small)])
        for (const highWaterMark of [1, 23, 1000, 1 << 20]) {
          const stdin = createReadStream(scratch.file('stdin', bytes), { highWaterMark })
          const source = openCapture('-', { stdin })
          expect(await framesOf(source)).to.deep.equal(frames)
          expect(source.warnings).to.deep.equal([])
        }
    })

    it('gives a packet as soon as it is whole', async () => {
      const stdin = new PassThrough()
      const source = openCapture('-', { stdin })
      const blocks = source.blocks(new AbortController().signal)[Symbol.asyncIterator]()
      stdin.write(pcap.subarray(0, 24 + 16 + 40 + 5))
      expect((await blocks.next()).value).to.have.property('count', 1)
      stdin.end(pcap.subarray(24 + 16 + 40 + 5))
      expect((await blocks.next()).value).to.have.property('count', 49)
      expect((await blocks.next()).done).to.equal(true)
    })

    it('is let go of when the signal aborts, without a warning', async () => {
      const stdin = new PassThrough()
      const abort = new AbortController()
      const source = openCapture('-', { stdin })
      stdin.write(pcap.subarray(0, -1))
      const reading = framesOf(source, abort.signal)
      await sleep(20)
      abort.abort()
      expect(await reading).to.have.length(49)
      expect(source.warnings).to.deep.equal([])
    })
  })

  it('stops without a word where the signal aborts before or within a compressed capture', async () => {
    for (const part of [0, 20, 900]) {
      const stdin = new PassThrough()
      const abort = new AbortController()
      const source = openCapture('-', { stdin })
      stdin.write(gzipSync(pcap).subarray(0, part))
      const reading = framesOf(source, abort.signal)
      await sleep(20)
      abort.abort()
      await reading
      expect(source.warnings).to.deep.equal([])
    }
  })

  it('reads a file no further once the signal aborts', async () => {
    const path = join(scratch.path, 'long')
    writeFileSync(path, writePcap(someFrames(5_000)))
    const abort = new AbortController()
    let blocks = 0
    const source = openCapture(path)
    for await (const block of source.blocks(abort.signal)) {
      expect(block.count).to.be.above(0)
      if (++blocks === 2) abort.abort()
    }
    expect(blocks).to.equal(2)
    expect(source.warnings).to.deep.equal([])
  })
})
