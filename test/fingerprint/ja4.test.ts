import { expect } from 'chai'
import type { Sighting } from '../../src/model/sighting.js'
import { browserHello } from './browser-hello.js'
import { curlHello } from './curl-hello.js'
import {
  alpn,
  clientHello,
  empty,
  list16,
  serverName,
  signatureAlgorithms,
  sightingOf,
  versions,
} from './hellos.js'
import type { Extension, HelloParts } from './hellos.js'
import { hex } from '../support.js'

const ja4Of = (parts: HelloParts, seen = {}) => sightingOf(clientHello(parts), seen).ja4 ?? ''
const withExtensions = (...extensions: Extension[]): HelloParts => ({
  ciphers: [0x1301],
  extensions,
})

describe('JA4', () => {
  // The example of FoxIO's technical_details/JA4.md (BSD-3-Clause), hashes and raw lists.
  it('has the values of the specification', () => {
    const wire = [
      0x001b, 0x0000, 0x0033, 0x0010, 0x4469, 0x0017, 0x002d, 0x000d, 0x0005, 0x0023, 0x0012,
      0x002b, 0xff01, 0x000b, 0x000a, 0x0015,
    ]
    const byType = new Map(browserHello.extensions.map((extension) => [extension[0], extension]))
    const sighting: Sighting = sightingOf(
      clientHello({
        ...browserHello,
        extensions: wire.map((type) => byType.get(type) ?? empty(type)),
      }),
    )
    expect(sighting.ja4).to.equal('t13d1516h2_8daaf6152771_e5627efa2ab1')
    expect(sighting.ja4_r).to.equal(
      't13d1516h2_002f,0035,009c,009d,1301,1302,1303,c013,c014,c02b,c02c,c02f,c030,cca8,cca9_' +
        '0005,000a,000b,000d,0012,0015,0017,001b,0023,002b,002d,0033,4469,ff01_' +
        '0403,0804,0401,0503,0805,0501,0806,0601',
    )
    expect(sighting.ja4_o).to.equal('t13d1516h2_acb858a92679_18f69afefd3d')
    expect(sighting.ja4_ro).to.equal(
      't13d1516h2_1301,1302,1303,c02b,c02f,c02c,c030,cca9,cca8,c013,c014,009c,009d,002f,0035_' +
        '001b,0000,0033,0010,4469,0017,002d,000d,0005,0023,0012,002b,ff01,000b,000a,0015_' +
        '0403,0804,0401,0503,0805,0501,0806,0601',
    )
  })

  it('has the published hash of a list without signature algorithms, and no underscore', () => {
    const types = [5, 10, 11, 13, 18, 21, 23, 27, 35, 43, 45, 51, 0x4469, 0xff01]
    const sighting = sightingOf(clientHello(withExtensions(...types.map((type) => empty(type)))))
    expect(sighting.ja4).to.match(/_6d807ffa2a79$/)
    expect(sighting.ja4_r).to.match(/,4469,ff01$/)
  })

  it('has the values of curl on macOS', () => {
    const sighting = sightingOf(clientHello(curlHello))
    expect(sighting.ja4).to.equal('t13d4907h2_0d8feac7bc37_7395dae3b2f3')
    expect(sighting.ja4_o).to.equal('t13d4907h2_2677ac475d6b_c6f9150fbe3b')
  })

  it('leaves GREASE out of signature algorithms', () => {
    const plain = withExtensions(signatureAlgorithms(0x0403, 0x0804))
    const greased = withExtensions(signatureAlgorithms(0x7a7a, 0x0403, 0x0804))
    expect(ja4Of(greased)).to.equal(ja4Of(plain))
    expect(sightingOf(clientHello(greased)).ja4_r).to.equal('t12i010100_1301_000d_0403,0804')
    const onlyGrease = withExtensions(signatureAlgorithms(0x7a7a))
    expect(sightingOf(clientHello(onlyGrease)).ja4_r).to.equal('t12i010100_1301_000d')
  })

  // FoxIO's own values: socks-https-example.pcap of their captures.
  it('has noughts where server_name is all there is, in the original order too', () => {
    const ciphers = [
      0x39, 0x38, 0x35, 0x16, 0x13, 0x0a, 0x33, 0x32, 0x2f, 0x9a, 0x99, 0x96, 0x05, 0x04, 0x15,
      0x12, 0x09, 0x14, 0x11, 0x08, 0x06, 0x03, 0xff,
    ]
    const sighting = sightingOf(
      clientHello({ legacyVersion: 0x0301, ciphers, extensions: [serverName('www.example.com')] }),
    )
    expect(sighting.ja4).to.equal('t10d230100_6a57a6f57151_000000000000')
    expect(sighting.ja4_o).to.equal('t10d230100_ce175d585f73_000000000000')
    expect(sighting.ja4_r).to.match(/,009a,00ff_$/)
    expect(sighting.ja4_ro).to.match(/,0003,00ff_0000$/)
  })

  it('has noughts for the hash of nothing', () => {
    expect(ja4Of({ ciphers: [0x0a0a], extensions: [] })).to.equal(
      't12i000000_000000000000_000000000000',
    )
  })

  describe('ALPN', () => {
    // The table of the specification.
    for (const [bytes, shown] of [
      ['ab', 'ab'],
      ['abcd', 'ad'],
      ['30ab', '3b'],
      ['3031abcd', '3d'],
      ['30abcd31', '01'],
      ['6832', 'h2'],
      ['687474702f312e31', 'h1'],
      ['68', 'hh'],
      ['2f', '2f'],
      ['5a', 'ZZ'],
      ['7a', 'zz'],
      ['617a', 'az'],
      ['3039', '09'],
      ['415a', 'AZ'],
      ['2f3a', '2a'],
      ['405b', '4b'],
      ['607b', '6b'],
    ] as const) {
      it(`prints ${bytes} as ${shown}`, () => {
        const name = hex(bytes)
        const body = list16([name.length, ...name, 2, 0x68, 0x33])
        expect(ja4Of(withExtensions([16, body])).slice(8, 10)).to.equal(shown)
      })
    }
    it('prints 00 without the extension, and with one that names nothing', () => {
      expect(ja4Of(withExtensions(empty(23))).slice(8, 10)).to.equal('00')
      expect(ja4Of(withExtensions([16, list16([])])).slice(8, 10)).to.equal('00')
      expect(ja4Of(withExtensions([16, list16([0, 2, 0x68, 0x32])])).slice(8, 10)).to.equal('00')
    })
  })

  describe('version', () => {
    const shownFor = (legacyVersion: number, ...offered: number[]) =>
      ja4Of({
        legacyVersion,
        ciphers: [0x1301],
        extensions: offered.length > 0 ? [versions(...offered)] : [],
      }).slice(1, 3)

    it('is the highest of supported_versions, GREASE aside', () => {
      expect(shownFor(0x0303, 0xfafa, 0x0303, 0x0304, 0x0302)).to.equal('13')
      expect(shownFor(0x0303, 0x0a0a, 0x0302, 0x0301)).to.equal('11')
    })
    it('is unknown where the highest is', () => {
      expect(shownFor(0x0303, 0x0304, 0x7f1c)).to.equal('00')
    })
    it('is that of the hello where none are offered', () => {
      for (const [version, shown] of [
        [0x0304, '13'],
        [0x0303, '12'],
        [0x0302, '11'],
        [0x0301, '10'],
        [0x0300, 's3'],
        [0x0002, 's2'],
        [0x0a0b, '00'],
      ] as const) {
        expect(shownFor(version)).to.equal(shown)
      }
      expect(shownFor(0x0303, 0x0a0a)).to.equal('12')
    })
    it('is the newest of DTLS, whose numbers go down', () => {
      const shown = (legacyVersion: number, ...offered: number[]) => {
        const extensions = offered.length > 0 ? [versions(...offered)] : []
        const bytes = clientHello({ legacyVersion, ciphers: [0x1301], extensions }, true)
        return sightingOf(bytes, { transport: 'dtls' }).ja4?.slice(0, 3)
      }
      expect(shown(0xfeff)).to.equal('dd1')
      expect(shown(0xfefd)).to.equal('dd2')
      expect(shown(0xfefd, 0xfefd, 0xfefc)).to.equal('dd3')
      expect(shown(0xfefd, 0xfefc, 0xfefd, 0x1a1a)).to.equal('dd3')
      expect(shown(0xfefd, 0x0304, 0xfefd)).to.equal('dd2')
    })
  })

  it('counts to 99', () => {
    const many = Array.from({ length: 120 }, (_, i) => 0x1000 + i)
    const extensions = Array.from({ length: 101 }, (_, i) => empty(100 + i))
    expect(ja4Of({ ciphers: many, extensions })).to.match(/^t12i999900_/)
  })

  it('begins with q over QUIC, and says whether there is a name', () => {
    const parts = withExtensions(serverName('a.example'), alpn('h3'), versions(0x0304))
    expect(ja4Of(parts, { transport: 'quic' })).to.match(/^q13d0103h3_/)
    expect(ja4Of(withExtensions(empty(0)))).to.match(/^t12d/)
    expect(ja4Of(withExtensions(empty(1)))).to.match(/^t12i/)
  })
})
