import { expect } from 'chai'
import {
  createReadStream,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import {
  CaptureError,
  describe as describeHello,
  fingerprint,
  readCapture,
} from '../../src/index.js'
import type { ReadOptions, Sighting } from '../../src/index.js'
import { needs, proc } from '../capability.js'
import { sightingsIn } from '../hellotap.js'

const folder = resolve(import.meta.dirname, '../../captures')
const capture = join(folder, 'headless-chromium138.pcap')
const data = readFileSync(capture)
const golden = sightingsIn(readFileSync(capture.replace(/pcap$/, 'jsonl'), 'utf8'))

async function all(
  input: string | AsyncIterable<Uint8Array>,
  options: ReadOptions = {},
): Promise<Sighting[]> {
  const sightings: Sighting[] = []
  for await (const sighting of readCapture(input, options)) sightings.push(sighting)
  return sightings
}

/** The capture as one stream, its frames over and over, with connections that differ; tells how much was asked for. */
function endless(): { input: AsyncIterable<Uint8Array>; asked: () => number } {
  let asked = 0
  async function* chunks() {
    yield await Promise.resolve(data.subarray(0, 24))
    for (;;) {
      asked++
      yield data.subarray(24)
    }
  }
  return { input: chunks(), asked: () => asked }
}

/** The record with the first hello of a capture whose hellos fit in one packet, and its sighting. */
function firstRecord(): [Buffer, Sighting | undefined] {
  const small = join(folder, 'curl-openssl3.0.pcap')
  const bytes = readFileSync(small)
  let at = 0
  do at = bytes.indexOf(Buffer.from([22, 3, 1]), at + 1)
  while (bytes[at + 5] !== 1 || bytes[at + 6] !== 0)
  const [sighting] = sightingsIn(readFileSync(small.replace(/pcap$/, 'jsonl'), 'utf8'))
  return [bytes.subarray(at, at + 5 + bytes.readUInt16BE(at + 3)), sighting]
}

describe('readCapture', () => {
  it('gives what `hellotap read` prints', async () => {
    const named = golden.map((sighting) => ({ ...sighting, file: capture }))
    expect(await all(capture)).to.deep.equal(named)
  })

  it('reads any stream of bytes, compressed too, and names it where told', async () => {
    const unnamed = golden.map((sighting) => {
      const { file, ...rest } = sighting
      expect(file).to.be.a('string')
      return rest
    })
    expect(await all(createReadStream(capture))).to.deep.equal(unnamed)
    expect(await all(Readable.from([gzipSync(data)]))).to.deep.equal(unnamed)
    async function* small() {
      for (let at = 0; at < data.length; at += 777)
        yield await Promise.resolve(data.subarray(at, at + 777))
    }
    expect(await all(small())).to.deep.equal(unnamed)
    const named = await all(small(), { file: golden[0]?.file ?? '' })
    expect(named).to.deep.equal(golden)
  })

  it('makes what is asked for', async () => {
    const [first] = await all(capture, {
      fingerprints: ['ja4'],
      hello: true,
      communityId: false,
      sensor: 'left',
    })
    expect(first).to.include({ ja4: golden[0]?.ja4, sensor: 'left' })
    expect(first).to.have.property('hello')
    expect(first).to.not.have.any.keys('ja3', 'tls_fp', 'iana', 'community_id')
    expect(await all(capture, { ports: [444] })).to.deep.equal([])
    expect(await all(capture, { linkType: 147 })).to.deep.equal([])
  })

  it('joins what the server answered where that is asked for, hellos without an answer at the end', async () => {
    const answers = join(folder, 'openssl3.0-s_server-answers.pcap')
    const expected = sightingsIn(readFileSync(answers.replace(/pcap$/, 'server.jsonl'), 'utf8'))
    const said = await all(answers, { server: true, fingerprints: ['ja3'], communityId: false })
    expect(said.map(({ file, ...rest }) => [file, rest])).to.deep.equal(
      expected.map((rest) => [answers, rest]),
    )
    expect(said.at(-1)).to.not.have.property('ja3s')
    const [first] = await all(answers)
    expect(first).to.not.have.any.keys('ja3s', 'cipher', 'cert_sha256')
  })

  it('reads on only as it is asked, and holds nothing of what it gave', async () => {
    const { input, asked } = endless()
    let count = 0
    for await (const { ja4 } of readCapture(input)) {
      expect(ja4).to.match(/^t13d/)
      if (++count === 3) break
    }
    expect(asked()).to.be.below(4)
  })

  it('closes the file when the loop ends early', async function () {
    needs(this, proc)
    const open = () => readdirSync('/proc/self/fd').length
    const before = open()
    for (let i = 0; i < 20; i++)
      for await (const sighting of readCapture(capture)) {
        expect(sighting.src).to.be.a('string')
        break
      }
    expect(open()).to.be.below(before + 5)
  })

  it('ends when told to', async () => {
    const controller = new AbortController()
    const { input } = endless()
    let count = 0
    for await (const { ja3 } of readCapture(input, { signal: controller.signal })) {
      expect(ja3).to.be.a('string')
      if (++count === 2) controller.abort()
    }
    expect(count).to.be.below(1000)
  })

  it('throws a CaptureError for what is no capture', async () => {
    for (const [input, says] of [
      [join(folder, 'absent.pcap'), /absent\.pcap/],
      [folder, /captures/],
      [Readable.from([Buffer.from('Dear diary, no packets today')]), /^the capture/],
    ] as const) {
      const error = await all(input).catch((reason: unknown) => reason)
      expect(error).to.be.instanceOf(CaptureError)
      expect((error as CaptureError).message).to.match(says)
    }
    const broken = Readable.from([Buffer.from('x')])
    const error = await all(broken, { file: 'upload 7' }).catch((reason: unknown) => reason)
    expect((error as CaptureError).message).to.match(/^upload 7/)
  })

  it('gives all before the cut of a cut capture, and a warning', async () => {
    const cut = mkdtempSync(join(tmpdir(), 'hellotap-'))
    try {
      const file = join(cut, 'c.pcap')
      writeFileSync(file, data.subarray(0, data.length - 7))
      const warnings: string[] = []
      const sightings = await all(file, { onWarning: (warning) => warnings.push(warning) })
      expect(sightings.map(({ ja4 }) => ja4)).to.deep.equal(golden.map(({ ja4 }) => ja4))
      expect(warnings).to.have.length(1)
      expect(warnings[0]).to.match(/in the middle of a record/)
    } finally {
      rmSync(cut, { recursive: true })
    }
  })
})

describe('fingerprint and describe', () => {
  it('give for a kept hello what its sighting has', async () => {
    for (const name of ['headless-chromium138', 'openssl-s_client3.0-tls10', 'matrixai-quic'])
      for (const sighting of await all(join(folder, `${name}.pcap`), { hello: true })) {
        const hello = Buffer.from(sighting.hello ?? '', 'base64')
        expect(sighting).to.deep.include(fingerprint(hello, sighting))
        expect(describeHello(hello, sighting)?.sni).to.equal(sighting.sni)
      }
  })

  it('take bytes as a client sends them', () => {
    const [records, sighting] = firstRecord()
    const made = fingerprint(records)
    if (made === undefined) throw new Error('the capture begins with a hello')
    expect(sighting).to.deep.include(made)
    expect(fingerprint(records.subarray(5), { record_version: 'TLS 1.0' })).to.deep.equal(made)
    expect(describeHello(records)).to.deep.equal(describeHello(records.subarray(5)))
    // a message alone does not know its record's version
    expect(fingerprint(records.subarray(5))?.tls_fp?.record_version).to.equal('')
    expect(fingerprint(records.subarray(5))?.ja4).to.equal(made.ja4)
  })

  it('give nothing for what is no hello, and refuse what is no bytes', () => {
    expect(fingerprint(new Uint8Array(100))).to.equal(undefined)
    expect(describeHello(new Uint8Array(0))).to.equal(undefined)
    expect(() => fingerprint('16030100' as unknown as Uint8Array)).to.throw(TypeError, /Uint8Array/)
    expect(() => describeHello([1, 2] as unknown as Uint8Array)).to.throw(TypeError)
  })

  it('give values that stay as they are when the next are made', () => {
    const [records] = firstRecord()
    const made = [fingerprint(records), describeHello(records)]
    const before = JSON.stringify(made)
    expect(before).to.match(/ja4.*ciphers_length/)
    fingerprint(records.subarray(5), { proto: 'quic', quic_version: '2' })
    describeHello(records.subarray(5))
    expect(JSON.stringify(made)).to.equal(before)
  })
})
