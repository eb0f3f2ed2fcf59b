import { expect } from 'chai'
import fc from 'fast-check'
import { ByteWriter } from '../../src/base/byte-writer.js'
import { Hello } from '../../src/model/hello.js'
import { FINGERPRINTS } from '../../src/model/sighting.js'
import type { FingerprintName, Sighting } from '../../src/model/sighting.js'
import type { SightingWriter } from '../../src/fingerprint/sighting-writer.js'
import { parseClientHello } from '../../src/tls/hello-parser.js'
import { allocatedPerCall } from '../support.js'
import { browserHello, permuted } from './browser-hello.js'
import {
  ascii,
  clientHello,
  empty,
  list16,
  messageOf,
  packetOf,
  parsed,
  serverName,
  sightingOf,
  writerOf,
} from './hellos.js'
import type { Extension, HelloParts, Seen } from './hellos.js'

const KEYS = [
  ...['time', 'file', 'sensor', 'proto', 'src', 'srcport', 'dst', 'dstport', 'vlan', 'tunnel'],
  ...['sni', 'alpn', 'record_version', 'client_hello_version', 'tls_version'],
  ...FINGERPRINTS,
  ...['tls_fp', 'iana', 'community_id', 'ech', 'hello_len', 'hello', 'evidence'],
  ...['quality', 'hrr_of'],
]

function lineOf(bytes: Uint8Array, writer: SightingWriter, seen: Seen = {}): string {
  const out = new ByteWriter(16)
  writer.write(packetOf(), messageOf(bytes, seen), parsed(bytes), out)
  return out.text()
}

describe('SightingWriter', () => {
  it('writes one line with the keys of a sighting in their order', () => {
    const bytes = clientHello({
      ...browserHello,
      extensions: [...browserHello.extensions, [0xfe0d, Uint8Array.of(1)]],
    })
    const writer = writerOf({
      sensor: 'tap "1"',
      redact: (hello, out) => out.copy(hello.bytes, hello.off, hello.end),
    })
    writer.setOrigin({ file: 'käse\n.pcap' })
    const packet = packetOf()
    packet.vlan = 4094
    packet.encapsulationCount = 2
    packet.encapsulation[0] = 1
    packet.encapsulation[1] = 2
    const out = new ByteWriter()
    const message = messageOf(bytes, { quality: 0b11111 })
    message.firstMicros = 1_790_000_000_000_001
    writer.write(packet, message, parsed(bytes), out)
    const line = Buffer.from(out.bytes.subarray(0, out.len)).toString('utf8')
    expect(line).to.match(/^[^\n]*\n$/)
    const sighting = JSON.parse(line) as Sighting
    expect(Object.keys(sighting)).to.deep.equal(KEYS)
    expect(sighting).to.include({
      time: '2026-09-21T14:13:20.123456Z',
      file: 'käse\n.pcap',
      sensor: 'tap "1"',
      proto: 'tcp',
      src: '192.0.2.1',
      srcport: 54_321,
      dst: '198.51.100.2',
      dstport: 443,
      vlan: 4094,
      tunnel: 'gre/erspan',
      sni: 'example.com',
      tls_version: 'TLS 1.3',
      ech: true,
      hello_len: bytes.length,
      hello: Buffer.from(bytes).toString('base64'),
      evidence: '1 g=abcdbe k=1 pad=20',
      hrr_of: '2026-09-21T14:13:20.000001Z',
    })
    expect(sighting.alpn).to.deep.equal(['h2', 'http/1.1'])
    expect(sighting.quality).to.deep.equal(['gap', 'truncated', 'no-syn', 'retransmit', 'hrr'])
  })

  it('has no empty values: what is not there has no key', () => {
    const bytes = clientHello({
      ciphers: [1],
      extensions: [
        [16, list16([])],
        [0, list16([])],
      ],
    })
    const sighting = JSON.parse(
      lineOf(bytes, writerOf({ fingerprints: new Set(), communityId: false })),
    ) as Sighting
    expect(Object.keys(sighting).join()).to.equal(
      'time,proto,src,srcport,dst,dstport,record_version,client_hello_version,tls_version,hello_len',
    )
  })

  it('says the interface where it is told one, until it is told another', () => {
    const bytes = clientHello(browserHello)
    const writer = writerOf()
    writer.setOrigin({ interface: 'eth0' })
    expect(JSON.parse(lineOf(bytes, writer)))
      .to.include({ interface: 'eth0' })
      .and.not.have.property('file')
    writer.setOrigin({ file: 'a.pcap' })
    expect(JSON.parse(lineOf(bytes, writer)))
      .to.include({ file: 'a.pcap' })
      .and.not.have.property('interface')
  })

  it('gives IPv6 addresses and all transports', () => {
    const bytes = clientHello(browserHello)
    const packet = packetOf(17)
    packet.bytes = Uint8Array.from([
      ...new Array<number>(15).fill(0),
      1,
      ...new Array<number>(10).fill(0),
      255,
      255,
      1,
      2,
      3,
      4,
    ])
    packet.ipVersion = 6
    packet.dstAddrOff = 16
    const out = new ByteWriter()
    writerOf().write(packet, messageOf(bytes, { transport: 'quic' }), parsed(bytes), out)
    expect(JSON.parse(out.text())).to.include({ proto: 'quic', src: '::1', dst: '1.2.3.4' })
    const dtls = clientHello({ legacyVersion: 0xfefd, ciphers: [1], extensions: [] }, true)
    expect(sightingOf(dtls, { transport: 'dtls' })).to.include({
      proto: 'dtls',
      record_version: 'DTLS 1.0',
      tls_version: 'DTLS 1.2',
    })
  })

  for (const name of FINGERPRINTS) {
    it(`gives ${name} alone as among all`, () => {
      const writer = writerOf({ fingerprints: new Set<FingerprintName>([name]) })
      for (let i = 0; i < 5; i++) {
        const bytes = clientHello(permuted(browserHello, i))
        const alone = JSON.parse(lineOf(bytes, writer)) as Sighting
        expect(alone[name]).to.equal(sightingOf(bytes)[name])
        expect(FINGERPRINTS.filter((each) => each in alone)).to.deep.equal([name])
        expect('tls_fp' in alone).to.equal(name === 'sha3_384')
      }
    })
  }

  it('escapes whatever stands in names', () => {
    const name = '"\\\u0000\u00ff\n}é'
    const bytes = clientHello({
      ciphers: [1],
      extensions: [serverName(name), [16, list16([name.length, ...ascii(name)])]],
    })
    const shown = '"\\x5c\\x00\\xff\\x0a}\\xe9'
    expect(sightingOf(bytes).sni).to.equal(shown)
    expect(sightingOf(bytes).alpn).to.deep.equal([shown])
  })

  it('writes valid JSON for any bytes that parse, the same whatever came before', () => {
    const seasoned = writerOf()
    const seed = clientHello(browserHello)
    const mutation = fc.tuple(fc.integer({ min: 40, max: seed.length - 1 }), fc.nat(255))
    let written = 0
    fc.assert(
      fc.property(
        fc.array(mutation, { maxLength: 6 }),
        fc.constantFrom('tcp', 'quic'),
        (mutations, transport) => {
          const bytes = seed.slice()
          for (const [at, value] of mutations) bytes[at] = value
          if (parseClientHello(bytes, 0, bytes.length, false, new Hello()) < 0) return
          written++
          const line = lineOf(bytes, seasoned, { transport })
          expect(line).to.match(/^[ -~]*\n$/)
          expect(JSON.parse(line)).to.be.an('object')
          expect(line).to.equal(lineOf(bytes, writerOf(), { transport }))
        },
      ),
      { numRuns: 150 },
    )
    expect(written).to.be.above(20)
  })

  it('writes a hello like one before without its being parsed, byte by byte as if it were', () => {
    const seasoned = writerOf()
    const seeds: HelloParts[] = [
      browserHello,
      { ...browserHello, extensions: [...browserHello.extensions, [0xfe0d, new Uint8Array(9)]] },
      { ...browserHello, extensions: [...browserHello.extensions, empty(0xfafa), empty(0xff01)] },
      { ciphers: [1, 2, 3], extensions: [] },
      { ciphers: [0x1301], extensions: [serverName('a.example'), empty(0xffff)] },
      { ciphers: [0x1301], extensions: [[0, list16([0, 0, 1, 0x61, 0, 0, 1, 0x62])]] },
    ]
    const shape = fc.record({
      seed: fc.constantFrom(...seeds),
      order: fc.nat(50),
      changes: fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 3 }),
      cut: fc.oneof(fc.constant(0), fc.nat(400)),
    })
    let known = 0
    let unlike = 0
    fc.assert(
      fc.property(shape, ({ seed, order, changes, cut }) => {
        const plain = clientHello(permuted(seed, order))
        lineOf(plain, seasoned)
        const bytes = plain.slice(0, Math.max(1, plain.length - cut))
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value
        const message = messageOf(bytes)
        const out = new ByteWriter(16)
        if (!seasoned.writeKnown(packetOf(), message, out)) {
          unlike++
          expect(out.len).to.equal(0)
          return
        }
        known++
        expect(out.text()).to.equal(lineOf(bytes, writerOf()))
      }),
      { numRuns: 2000 },
    )
    expect(known).to.be.above(200)
    expect(unlike).to.be.above(200)
  })

  it('leaves to be parsed what is new, not over TCP, or not shown as it is', () => {
    const isKnown = (parts: HelloParts, seen: Seen = {}, writer = writerOf()) => {
      const bytes = clientHello(parts)
      const isNew = writer.writeKnown(packetOf(), messageOf(bytes, seen), new ByteWriter())
      expect(isNew).to.equal(false)
      lineOf(bytes, writer, seen)
      return writer.writeKnown(packetOf(), messageOf(bytes, seen), new ByteWriter())
    }
    expect(isKnown(browserHello)).to.equal(true)
    expect(isKnown(browserHello, { transport: 'quic' })).to.equal(false)
    expect(isKnown(browserHello, { transport: 'dtls' })).to.equal(false)
    for (const name of ['a"b', 'a\\b', 'a\u007fb', 'a\u001fb'])
      expect(isKnown({ ciphers: [1], extensions: [serverName(name)] }), name).to.equal(false)
    expect(isKnown(browserHello, {}, writerOf({ redact: (_, out) => out.byte(1) }))).to.equal(false)
    const large = { ciphers: [1], extensions: [[21, new Uint8Array(65_530)] satisfies Extension] }
    expect(isKnown({ ciphers: [1], extensions: [[21, new Uint8Array(65_400)]] })).to.equal(true)
    expect(isKnown(large)).to.equal(false)
  })

  it('says the flow of a hello like one before', () => {
    const bytes = clientHello(browserHello)
    const writer = writerOf({ sensor: 's-1' })
    const packet = packetOf()
    packet.bytes = Uint8Array.from([...new Array<number>(15).fill(0), 1, ...bytes.subarray(0, 16)])
    packet.ipVersion = 6
    packet.dstAddrOff = 16
    packet.vlan = 7
    packet.encapsulationCount = 8
    packet.encapsulation.fill(2)
    const message = messageOf(bytes, { quality: 0b11111 })
    message.firstMicros = 1_790_000_000_000_001
    const [first, second] = [new ByteWriter(), new ByteWriter()]
    writer.write(packet, message, parsed(bytes), first)
    expect(writer.writeKnown(packet, message, second)).to.equal(true)
    expect(second.text()).to.equal(first.text())
    expect(JSON.parse(first.text())).to.include({ src: '::1', vlan: 7, sensor: 's-1' })
  })

  it('takes names as long as any path, and cuts longer ones', () => {
    const bytes = clientHello(browserHello)
    const sensor = '\u{10000}'.repeat(2048)
    const writer = writerOf({ sensor, encapsulationNames: ['a'.repeat(99)] })
    const file = '\u0001'.repeat(4096)
    writer.setOrigin({ file: `${file}more`, interface: '\u001f'.repeat(4096) })
    lineOf(bytes, writer)
    const out = new ByteWriter()
    const packet = packetOf()
    packet.encapsulationCount = 8
    expect(writer.writeKnown(packet, messageOf(bytes), out)).to.equal(true)
    const line = Buffer.from(out.bytes.subarray(0, out.len)).toString()
    const tunnel = Array.from({ length: 8 }, () => 'a'.repeat(15)).join('/')
    expect(JSON.parse(line)).to.include({ file, sensor, tunnel, sni: 'example.com' })
  })

  it('takes extensions with bodies of any bytes, and types that come twice', () => {
    const seasoned = writerOf()
    const type = fc.constantFrom(
      0,
      5,
      10,
      11,
      13,
      16,
      27,
      43,
      45,
      57,
      0xffa5,
      0x5500,
      0x0a0a,
      0xfafa,
      99,
    )
    const extension: fc.Arbitrary<Extension> = fc.tuple(type, fc.uint8Array({ maxLength: 14 }))
    const reached = new Set<string>()
    fc.assert(
      fc.property(
        fc.array(extension, { maxLength: 9 }),
        fc.constantFrom('tcp', 'quic'),
        fc.nat(1000),
        (extensions, transport, order) => {
          const parts = { ciphers: [0x1301], extensions }
          for (const each of [parts, permuted(parts, order)]) {
            const bytes = clientHello(each)
            const line = lineOf(bytes, seasoned, { transport })
            for (const key of Object.keys(JSON.parse(line) as object)) reached.add(key)
            if (order % 8 === 0) expect(line).to.equal(lineOf(bytes, writerOf(), { transport }))
          }
        },
      ),
      { numRuns: 800 },
    )
    expect(reached.has('npf1')).to.equal(true)
  })

  it('goes on when more profiles come than it keeps', () => {
    const writer = writerOf()
    const bytesOf = (i: number) =>
      clientHello({ ...browserHello, ciphers: [i & 0xffff, 1, ...browserHello.ciphers] })
    for (let i = 0; i < 5000; i++) {
      const line = lineOf(bytesOf(i), writer)
      if (i % 500 === 0) expect(line).to.equal(lineOf(bytesOf(i), writerOf()))
    }
    expect(lineOf(bytesOf(3), writer)).to.equal(lineOf(bytesOf(3), writerOf()))
  })

  it('takes the largest hellos there are', () => {
    const writer = writerOf()
    const u16 = (count: number, from: number) =>
      Array.from({ length: count }, (_, i) => (from + i) & 0xffff)
    for (const parts of [
      { ciphers: u16(32_000, 0), extensions: [] },
      { ciphers: [1], extensions: u16(16_000, 0).map((type): Extension => empty(type)) },
      { ciphers: [1], extensions: u16(16_000, 0).map((): Extension => empty(0xffff)) },
      {
        ciphers: [1],
        extensions: u16(12_000, 0).map((n): Extension => [5, Uint8Array.of(255 - (n >> 6))]),
      },
      { ciphers: [1], extensions: [serverName('\u00ff'.repeat(60_000))] },
      { ciphers: [1], extensions: [[0x39, new Uint8Array(60_000)] as const] },
    ]) {
      for (const transport of ['tcp', 'quic'] as const) {
        const started = performance.now()
        const bytes = clientHello(parts)
        const line = lineOf(bytes, writer, { transport })
        expect(JSON.parse(line)).to.have.property('hello_len', bytes.length)
        expect(performance.now() - started).to.be.below(1500)
      }
    }
  })

  it('allocates a view of the hello and nothing else, its extensions shuffled or not', () => {
    const shuffled = Array.from({ length: 8 }, (_, i) =>
      parsed(clientHello(permuted(browserHello, i))),
    )
    for (const hellos of [shuffled, shuffled.slice(0, 1)]) {
      const writer = writerOf()
      const [packet, out] = [packetOf(), new ByteWriter()]
      const message = messageOf(clientHello(browserHello))
      let i = 0
      const each = () => {
        out.len = 0
        const hello = hellos[i++ % hellos.length]
        if (hello !== undefined) writer.write(packet, message, hello, out)
      }
      expect(allocatedPerCall(each, 30_000)).to.be.below(120)
    }
  })

  it('allocates a view of the hello and one of its line, where it is like one before', () => {
    const writer = writerOf()
    const [packet, out] = [packetOf(), new ByteWriter()]
    const messages = Array.from({ length: 8 }, (_, i) =>
      messageOf(clientHello(permuted(browserHello, i))),
    )
    lineOf(clientHello(browserHello), writer)
    let known = 0
    let i = 0
    const each = () => {
      out.len = 0
      const message = messages[i++ & 7]
      if (message !== undefined && writer.writeKnown(packet, message, out)) known++
    }
    expect(allocatedPerCall(each, 30_000)).to.be.below(240)
    expect(known).to.equal(i)
  })
})
