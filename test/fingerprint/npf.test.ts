import { expect } from 'chai'
import type { Transport } from '../../src/model/handshake-bytes.js'
import { hex } from '../support.js'
import { clientHello, empty, sightingOf } from './hellos.js'
import type { Extension } from './hellos.js'
import { browserHello } from './browser-hello.js'

// Published by Cisco (github.com/cisco/mercury, doc/npf.md and the unit tests of the CBOR encoding, BSD-3-Clause).
const PUBLISHED = [
  'tls/1/(0303)(130113021303c02bc02fc02cc030cca9cca8c013c014009c009d002f0035)[(0000)(000500050100000000)' +
    '(000a00080006001d00170018)(000b00020100)(000d0012001004030804040105030805050108060601)' +
    '(0010000e000c02683208687474702f312e31)(0012)(0017)(001b0003020002)(0023)(0029)(002b0009080304030303020301)' +
    '(002d00020101)(0033)(ff01)]',
  'tls/(0303)(0a0a130113021303c02cc02bcca9c030c02fcca8c00ac009c014c013009d009c0035002f)((0a0a)(0000)(0017)(ff01)' +
    '(000a000c000a0a0a001d001700180019)(000b00020100)(0010000e000c02683208687474702f312e31)(000500050100000000)' +
    '(000d0018001604030804040105030203080508050501080606010201)(0012)(0033)(002d00020101)(002b0007060a0a03040303)' +
    '(001b0003020001)(0a0a)(0015))',
  'quic/(00000001)(0303)(130113021303)[(000a000a00086399001d00170018)(002b0003020304)' +
    '((0039)[(01)(03)(04)(05)(06)(07)(08)(09)(0f)(1b)(20)(80004752)(80ff73db)])(4469)]',
  'dtls/1/(fefd)(c02c)[(000a000c000a001d0017001e00190018)(000b000403000102)(000d0030002e0403050306030807080808090' +
    '80a080b080408050806040105010601030302030301020103020202040205020602)(0016)]',
  'dtls/(fefd)(c02c)((000b000403000102)(000a000c000a001d0017001e00190018)(0016)(000d0030002e0403050306030807080808' +
    '09080a080b080408050806040105010601030302030301020103020202040205020602))',
]

/** The hello a fingerprint is of: bodies it does not hold are made up, GREASE is another value of it each time. */
function helloOf(text: string): { bytes: Uint8Array; transport: Transport } {
  const dtls = text.startsWith('dtls')
  const shape =
    /^d?(?:tls|quic)\/(?:1\/|\([0-9a-f]{8}\))?\((?<version>\w+)\)\((?<ciphers>\w*)\)[[(](?<list>.*)[\])]$/
  const { version = '', ciphers = '', list = '' } = shape.exec(text)?.groups ?? {}
  let grease = 0
  const extensions = (list.match(/\(\([^\]]*\]\)|\([0-9a-f]+\)/g) ?? []).map(
    (element): Extension => {
      if (element.startsWith('((')) {
        const [type = '', ...ids] = element.match(/[0-9a-f]+/g) ?? []
        return [
          parseInt(type, 16),
          hex(
            ids
              .reverse()
              .map((id) => `${id}0177`)
              .join(''),
          ),
        ]
      }
      const bytes = hex(element.slice(1, -1))
      const type = ((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0)
      if (type === 0x0a0a) return [0x1a1a + 0x1010 * grease++, Uint8Array.of(9)]
      return [type, bytes.length > 2 ? bytes.subarray(4) : Uint8Array.of(1, 2, 3)]
    },
  )
  return {
    bytes: clientHello(
      {
        legacyVersion: parseInt(version, 16),
        ciphers: (ciphers.match(/..../g) ?? []).map((cipher) => parseInt(cipher, 16)),
        extensions: text.includes('[') ? extensions.reverse() : extensions,
      },
      dtls,
    ),
    transport: dtls ? 'dtls' : text.startsWith('quic') ? 'quic' : 'tcp',
  }
}

describe('NPF', () => {
  for (const text of PUBLISHED) {
    it(`makes ${text.slice(0, 40)}… again`, () => {
      const { bytes, transport } = helloOf(text)
      const sighting = sightingOf(bytes, { transport })
      expect(text.includes('/1/') ? sighting.npf1 : sighting.npf).to.equal(text)
    })
  }

  it('folds GREASE in ciphers, types, groups and versions, not in signature algorithms', () => {
    const { npf } = sightingOf(clientHello(browserHello))
    expect(npf).to.match(/^tls\/\(0303\)\(0a0a1301/)
    expect(npf).to.include('(000a000a00080a0a001d00170018)')
    expect(npf).to.include('(002b0007060a0a03040303)')
    expect(npf).to.match(/\(\(0a0a\)\(001b0003020002\)/)
    const greased = clientHello({
      ciphers: [1],
      extensions: [
        [13, hex('0004 1a1a 0403')],
        [16, hex('0003 02 2a2a')],
      ],
    })
    expect(sightingOf(greased).npf).to.equal(
      'tls/(0303)(0001)((000d000600041a1a0403)(001000050003022a2a))',
    )
  })

  it('sorts an extension that comes twice by its bytes', () => {
    const extensions: Extension[] = [
      [27, hex('020002')],
      [27, hex('01')],
      [27, hex('020001')],
      empty(0x0a0a),
      empty(5),
      empty(0x1a1a),
    ]
    expect(sightingOf(clientHello({ ciphers: [1], extensions })).npf1).to.equal(
      'tls/1/(0303)(0001)[(00050000)(001b000101)(001b0003020001)(001b0003020002)(0a0a)(0a0a)]',
    )
  })

  it('writes empty lists as empty', () => {
    const sighting = sightingOf(clientHello({ ciphers: [1], extensions: [] }))
    expect(sighting.npf).to.equal('tls/(0303)(0001)()')
    expect(sighting.npf1).to.equal('tls/1/(0303)(0001)[]')
  })

  it('has no format 1 of QUIC, which leaves extensions out', () => {
    expect(sightingOf(clientHello(browserHello), { transport: 'quic' })).not.to.have.property(
      'npf1',
    )
  })

  it('tells QUIC versions and transport parameters apart', () => {
    const npf = (quicVersion: number, parameters: string) => {
      const bytes = clientHello({ ciphers: [1], extensions: [[0x39, hex(parameters)]] })
      return sightingOf(bytes, { transport: 'quic', quicVersion }).npf
    }
    expect(npf(1, '0100 0401ff')).to.equal('quic/(00000001)(0303)(0001)[((0039)[(01)(04)])]')
    expect(npf(0x6b3343cf, '0401ff 0100')).to.equal(
      'quic/(6b3343cf)(0303)(0001)[((0039)[(01)(04)])]',
    )
    expect(npf(0xff00001d, '')).to.equal('quic/(ff00001d)(0303)(0001)[((0039)[])]')
    expect(npf(1, '0100 0401ee 05ff')).to.equal('quic/(00000001)(0303)(0001)[((0039)[(01)(04)])]')
  })
})
