import { expect } from 'chai'
import fc from 'fast-check'
import { createHash } from 'node:crypto'
import { sha3_384 } from 'js-sha3'
import type { TlsFp } from '../../src/model/sighting.js'
import { browserHello } from './browser-hello.js'
import { curlHello } from './curl-hello.js'
import { clientHello, empty, groups, signatureAlgorithms, sightingOf, versions } from './hellos.js'
import type { Extension, HelloParts } from './hellos.js'
import { permuted } from './browser-hello.js'

const tlsFpOf = (parts: HelloParts, seen = {}) =>
  sightingOf(clientHello(parts), seen).tls_fp as TlsFp
const stableOf = (parts: HelloParts, seen = {}) =>
  sightingOf(clientHello(parts), seen).sha3_384_stable

/** RFC 8785 of an object of ASCII strings: keys sorted, no white space. */
const canonical = (value: TlsFp) =>
  JSON.stringify(Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))))

describe('the classic fingerprint', () => {
  // The list the public page showed for curl on macOS, byte for byte: 129 is Unassigned, 65413 for private use.
  it('drops cipher 129 and keeps 65413', () => {
    expect(tlsFpOf(curlHello)).to.deep.equal({
      ciphers:
        '4867,4866,4865,52393,52392,52394,49200,49196,49192,49188,49172,49162,159,107,57,65413,196,136,157,61,53,' +
        '192,132,49199,49195,49191,49187,49171,49161,158,103,51,190,69,156,60,47,186,65,49169,49159,5,4,49170,' +
        '49160,22,10,255',
      client_hello_version: 'TLS 1.2',
      ec_point_formats: '0',
      extensions: '43,51,0,11,10,13,16',
      record_version: 'TLS 1.0',
      signature_algorithms: '2054,1537,1539,2053,1281,1283,2052,1025,1027,513,515',
      supported_groups: '29,23,24,25',
    })
  })

  it('drops what is exactly Reserved or Unassigned from three lists only, and keeps order', () => {
    const tlsFp = tlsFpOf({
      ciphers: [0x2a2a, 0x1303, 0x1301, 0x006e, 0x00ff, 0x5600, 0xff85, 0x001c],
      extensions: [
        empty(0xfafa),
        // next_protocol_negotiation, ALPS and trust_anchors are Unassigned, 65282 and 65445 for private use
        empty(13172),
        empty(17613),
        empty(51764),
        empty(65282),
        empty(65445),
        empty(65037),
        empty(40),
        empty(46),
        groups(0x1a1a, 29, 0, 42, 4588, 65024, 1),
        signatureAlgorithms(0x3a3a, 61423, 0x0403),
        [11, Uint8Array.of(3, 0, 1, 200)],
      ],
    })
    expect(tlsFp.ciphers).to.equal('4867,4865,255,22016,65413,28')
    expect(tlsFp.extensions).to.equal('65282,65445,65037,10,13,11')
    expect(tlsFp.supported_groups).to.equal('29,4588,65024,1')
    expect(tlsFp.signature_algorithms).to.equal('14906,61423,1027')
    expect(tlsFp.ec_point_formats).to.equal('0,1,200')
  })

  it('has an empty string for each list that is absent, and for the record version of QUIC', () => {
    const parts = { ciphers: [0x0a0a], extensions: [] }
    expect(tlsFpOf(parts, { transport: 'quic' })).to.deep.equal({
      ciphers: '',
      client_hello_version: 'TLS 1.2',
      ec_point_formats: '',
      extensions: '',
      record_version: '',
      signature_algorithms: '',
      supported_groups: '',
    })
    expect(sightingOf(clientHello(parts), { transport: 'quic' })).not.to.have.property(
      'record_version',
    )
  })

  it('prints versions by name, unknown ones in hex', () => {
    for (const [version, text] of [
      [0x0300, 'SSL 3.0'],
      [0x0301, 'TLS 1.0'],
      [0x0302, 'TLS 1.1'],
      [0x0303, 'TLS 1.2'],
      [0x0304, 'TLS 1.3'],
      [0x0002, '0x0002'],
      [0x7f1c, '0x7f1c'],
      [0x0a0a, '0x0a0a'],
      [0xfeff, 'DTLS 1.0'],
    ] as const) {
      const parts = { legacyVersion: version, ciphers: [1], extensions: [] }
      const sighting = sightingOf(clientHello(parts), { recordVersion: version })
      expect(sighting.client_hello_version).to.equal(text)
      expect(sighting.tls_version).to.equal(text)
      expect(sighting.record_version).to.equal(text)
      expect(sighting.tls_fp).to.include({ client_hello_version: text, record_version: text })
    }
  })

  it('hashes the canonical JSON of tls_fp, in whatever order extensions come', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const sighting = sightingOf(clientHello(permuted(browserHello, seed)))
        const json = canonical(sighting.tls_fp as TlsFp)
        expect(sighting.sha3_384).to.equal(sha3_384(json))
        expect(sighting.sha3_384).to.equal(createHash('sha3-384').update(json).digest('hex'))
      }),
      { numRuns: 60 },
    )
  })

  it('names the registry snapshot', () => {
    expect(sightingOf(clientHello(curlHello)).iana).to.match(/^\d{4}-\d\d-\d\d$/)
  })
})

describe('sha3_384_stable', () => {
  const stable = stableOf(browserHello)
  const plus = (...extensions: Extension[]): HelloParts => ({
    ...browserHello,
    extensions: [...browserHello.extensions, ...extensions],
  })
  const without = (type: number): HelloParts => ({
    ...browserHello,
    extensions: browserHello.extensions.filter(([each]) => each !== type),
  })
  const GREASE = Array.from({ length: 16 }, (_, i) => 0x1010 * i + 0x0a0a)

  it('is the hash of six fields', () => {
    const json =
      '{"ciphers":"4865,4866,4867,49195,49199,49196,49200,52393,52392,49171,49172,156,157,47,53",' +
      '"client_hello_version":"TLS 1.2","ec_point_formats":"0",' +
      '"extensions":"5,10,11,13,16,18,23,27,43,45,51,17513,65281",' +
      '"signature_algorithms":"1027,2052,1025,1283,2053,1281,2054,1537","supported_groups":"29,23,24"}'
    expect(stable).to.equal(sha3_384(json))
  })

  it('does not change with the order of extensions, nor with GREASE', () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.constantFrom(...GREASE),
        fc.constantFrom(...GREASE),
        fc.constantFrom(...GREASE),
        (seed, first, second, scheme) => {
          const extensions = browserHello.extensions.map(([type, body]): Extension => {
            if (type === 0x4a4a) return [first, body]
            if (type === 10) return groups(second, 0x001d, 0x0017, 0x0018)
            if (type === 43) return versions(first, 0x0304, 0x0303)
            if (type !== 13) return [type, body]
            const schemes = [0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601]
            return signatureAlgorithms(scheme, ...schemes)
          })
          const ciphers = [second, ...browserHello.ciphers.slice(1)]
          expect(stableOf(permuted({ ciphers, extensions }, seed))).to.equal(stable)
        },
      ),
      { numRuns: 100 },
    )
  })

  it('does not change with resumption, padding, a cookie, a name or the record version', () => {
    expect(stableOf(plus([41, new Uint8Array(9)], empty(42), [44, Uint8Array.of(0, 0)]))).to.equal(
      stable,
    )
    expect(stableOf(without(21))).to.equal(stable)
    expect(stableOf(without(35))).to.equal(stable)
    expect(stableOf(without(0))).to.equal(stable)
    expect(stableOf(browserHello, { recordVersion: 0x0303 })).to.equal(stable)
  })

  it('changes with everything else', () => {
    expect(stableOf(without(23))).not.to.equal(stable)
    expect(stableOf(plus(empty(13172)))).not.to.equal(stable)
    expect(stableOf({ ...browserHello, legacyVersion: 0x0302 })).not.to.equal(stable)
    const reversed = { ...browserHello, ciphers: browserHello.ciphers.toReversed() }
    expect(stableOf(reversed)).not.to.equal(stable)
  })
})
