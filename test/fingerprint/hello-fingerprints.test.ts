import { expect } from 'chai'
import fc from 'fast-check'
import { HelloFingerprints } from '../../src/fingerprint/hello-fingerprints.js'
import type { Carriage } from '../../src/fingerprint/hello-fingerprints.js'
import { quicVersionOf, quicVersionText } from '../../src/fingerprint/quic-version-text.js'
import { versionOf, versionText } from '../../src/fingerprint/version-text.js'
import { FINGERPRINTS } from '../../src/model/sighting.js'
import type { Sighting } from '../../src/model/sighting.js'
import { redactHello } from '../../src/tls/redact-hello.js'
import { hex } from '../support.js'
import { helloParts } from './arbitrary.js'
import { browserHello } from './browser-hello.js'
import { clientHello, parsed, sightingOf } from './hellos.js'

const KEYS = new Set<string>([
  ...['alpn', 'record_version', 'quic_version', 'client_hello_version', 'tls_version'],
  ...FINGERPRINTS,
  ...['tls_fp', 'iana'],
])
const all = new HelloFingerprints('all')

/** What of a sighting the hello decides. */
function decided(sighting: Sighting): object {
  return Object.fromEntries(Object.entries(sighting).filter(([key]) => KEYS.has(key)))
}

function inRecords(bytes: Uint8Array, version: number, cut: number): Uint8Array {
  const record = (part: Uint8Array) => [
    ...[22, version >> 8, version & 0xff, part.length >> 8, part.length & 0xff],
    ...part,
  ]
  return Uint8Array.from([...record(bytes.subarray(0, cut)), ...record(bytes.subarray(cut))])
}

describe('HelloFingerprints', () => {
  it('gives what the sighting has, from the redacted hello and what the sighting says of its carriage', () => {
    const carriage = fc.record({
      transport: fc.constantFrom('tcp' as const, 'quic' as const, 'dtls' as const),
      recordVersion: fc.oneof(fc.constantFrom(0, 0x0301, 0xfeff), fc.nat(0xffff)),
      quicVersion: fc.oneof(fc.constantFrom(0, 1, 0x6b3343cf, 0xff00001d), fc.nat(0xffffffff)),
    })
    fc.assert(
      fc.property(helloParts, carriage, (parts, seen) => {
        const dtls = seen.transport === 'dtls'
        const bytes = clientHello(parts, dtls)
        const sighting = sightingOf(bytes, seen)
        const kept = new Uint8Array(bytes.length)
        redactHello(bytes, 0, bytes.length, parsed(bytes, dtls), kept)
        expect(all.of(kept, sighting)).to.deep.equal(decided(sighting))
      }),
    )
  })

  it('takes the records from around a hello, and the version from the first', () => {
    const bytes = clientHello(browserHello)
    const wanted = decided(sightingOf(bytes, { recordVersion: 0x0301 }))
    expect(all.of(bytes, { record_version: 'TLS 1.0' })).to.deep.equal(wanted)
    for (const cut of [0, 1, 3, 4, 5, 100])
      expect(all.of(inRecords(bytes, 0x0301, cut), {}), String(cut)).to.deep.equal(wanted)
    const followed = Uint8Array.from([...inRecords(bytes, 0x0301, 4), ...hex('14 0303 0001 01')])
    expect(all.of(followed, { record_version: 'TLS 1.2' })).to.deep.equal(wanted)
  })

  it('reads a hello in SSL 2.0 framing, with more of the stream behind it', () => {
    const sslv2 = hex(
      '802e 01 0301 0015 0000 0010  000039 000038 000035 000016 000013 00000a 0700c0' +
        '  000102030405060708090a0b0c0d0e0f',
    )
    const made = all.of(Uint8Array.from([...sslv2, 1, 2, 3]), {})
    expect(made).to.include({
      record_version: '0x0002',
      client_hello_version: 'TLS 1.0',
      ja3_string: '769,57-56-53-22-19-10,,,',
    })
  })

  it('gives the fingerprints asked for and no others', () => {
    const some = new HelloFingerprints(new Set(['ja4', 'ja3']))
    expect(Object.keys(some.of(clientHello(browserHello), {}) ?? {}).join()).to.equal(
      'alpn,client_hello_version,tls_version,ja3,ja4',
    )
  })

  it('gives nothing for what is no whole hello, and the next one all the same', () => {
    const data = clientHello(browserHello)
    const wrong: [Uint8Array, Carriage][] = [
      [data.subarray(0, data.length - 1), {}],
      [Uint8Array.from([...data, 0]), {}],
      [Uint8Array.from([2, ...data.subarray(1)]), {}],
      [data, { record_version: 'TLS 9' }],
      [data, { record_version: '' }],
      [data, { proto: 'quic', quic_version: '3' }],
      [inRecords(data, 0x0301, 4), { proto: 'quic' }],
      [new Uint8Array(70_000).fill(1), {}],
      [new Uint8Array(0), {}],
    ]
    for (const [bytes, carriage] of wrong) {
      expect(all.of(bytes, carriage)).to.equal(undefined)
      expect(all.of(data, {})?.ja4).to.match(/^t13d/)
    }
  })

  it('calls every prefix of a hello nothing, as a message and in records', () => {
    const bytes = clientHello(browserHello)
    const records = inRecords(bytes, 0x0301, 20)
    for (let end = 0; end < bytes.length; end++)
      expect(all.of(bytes.subarray(0, end), {})).to.equal(undefined)
    for (let end = 0; end < records.length; end++)
      expect(all.of(records.subarray(0, end), {})).to.equal(undefined)
  })

  it('makes of any bytes nothing or fingerprints', () => {
    const data = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.record({ parts: helloParts, at: fc.nat(400), to: fc.nat(255) }).map(({ parts, at, to }) =>
        clientHello(parts)
          .with(0, 1)
          .fill(to, at, at + 1),
      ),
    )
    fc.assert(
      fc.property(data, fc.constantFrom('tcp', 'quic', 'dtls'), (bytes, proto) => {
        const made = all.of(bytes, { proto: proto })
        if (made !== undefined) expect(made.ja4).to.match(/^[tqd]/)
      }),
    )
  })
})

describe('versions in words', () => {
  it('are read back as the number they were, every one of 16 bits', () => {
    for (let version = 0; version < 65_536; version++)
      if (versionOf(versionText(version)) !== version) expect.fail(String(version))
  })

  it('are read back as the number they were, any of QUIC', () => {
    for (const [version, text] of [
      [1, '1'],
      [0x6b3343cf, '2'],
      [0xff00001d, 'draft-29'],
      [0x709a50c4, '0x709a50c4'],
      [0xff000000, 'draft-0'],
      [0, '0x00000000'],
    ] as const)
      expect([quicVersionText(version), quicVersionOf(text)]).to.deep.equal([text, version])
    fc.assert(
      fc.property(
        fc.nat(0xffffffff),
        (version) => quicVersionOf(quicVersionText(version)) === version,
      ),
    )
  })

  it('are no others', () => {
    for (const text of ['', 'TLS', '0x', '0x301', '0x0301', '0xNaN', '0x0NaN', '1.2', 'TLS 1.2 '])
      expect(versionOf(text), text).to.equal(undefined)
    for (const text of [
      '',
      '3',
      '01',
      'draft-',
      'draft-029',
      'draft-256',
      '0x00000001',
      '0x00000NaN',
    ])
      expect(quicVersionOf(text), text).to.equal(undefined)
  })
})
