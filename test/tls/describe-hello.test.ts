import { expect } from 'chai'
import fc from 'fast-check'
import { Hello } from '../../src/model/hello.js'
import { describeHello } from '../../src/tls/describe-hello.js'
import type { HelloDetail } from '../../src/tls/hello-detail.js'
import { parseClientHello } from '../../src/tls/hello-parser.js'
import { hexText, printable } from '../../src/tls/printable.js'
import { versionName } from '../../src/tls/version-name.js'
import { hex } from '../support.js'
import type { Extension } from './hello-builder.js'
import { templates } from '../../tools/bench/templates.mjs'
import {
  alpn,
  ascii,
  browserHello,
  clientHello,
  ech,
  byteRun,
  preSharedKey,
  serverName,
  sslv2ClientHello,
  u16List,
  vector16,
  vector8,
} from './hello-builder.js'

function detail(bytes: Uint8Array, dtls = false): HelloDetail {
  const hello = new Hello()
  expect(parseClientHello(bytes, 0, bytes.length, dtls, hello)).to.equal(bytes.length)
  return describeHello(hello)
}
const of = (...extensions: Extension[]) => detail(clientHello({ extensions }))

describe('describeHello', () => {
  it('says everything of a browser', () => {
    const said = detail(browserHello())
    expect(said.client_hello_version).to.deep.equal({ id: 0x0303, name: 'TLS 1.2' })
    expect(said.ciphers[0]).to.deep.equal({ id: 0x2a2a, name: 'GREASE (0x2a2a)' })
    expect(said.ciphers[1]).to.deep.equal({ id: 0x1301, name: 'TLS_AES_128_GCM_SHA256' })
    expect([said.ciphers_count, said.ciphers_length]).to.deep.equal([16, 32])
    expect(said.compression_methods).to.deep.equal([{ id: 0, name: 'null' }])
    expect([said.session_id_length, said.extensions_count]).to.deep.equal([32, 18])
    expect([said.signature_algorithms_count, said.signature_algorithms_length]).to.deep.equal([
      9, 18,
    ])
    expect(said.signature_algorithms[0]?.name).to.equal('GREASE (0x8a8a)')
    expect(said.supported_groups.map((group) => group.name).slice(1)).to.deep.equal([
      ...['X25519MLKEM768', 'x25519', 'secp256r1', 'secp384r1'],
    ])
    expect(said.ec_point_formats).to.deep.equal([{ id: 0, name: 'uncompressed' }])
    expect([said.sni, said.alpn]).to.deep.equal(['www.example.test', ['h2', 'http/1.1']])
    expect(said.supported_versions?.map((version) => version.name)).to.deep.equal([
      ...['GREASE (0x6a6a)', 'TLS 1.3', 'TLS 1.2'],
    ])
    expect(said.key_shares).to.deep.equal([
      { group: 0x1a1a, name: 'GREASE (0x1a1a)', length: 1 },
      { group: 4588, name: 'X25519MLKEM768', length: 1216 },
      { group: 29, name: 'x25519', length: 32 },
    ])
    expect(said.psk_key_exchange_modes).to.deep.equal([{ id: 1, name: 'psk_dhe_ke' }])
    expect(said.compress_certificate).to.deep.equal([{ id: 2, name: 'brotli' }])
    expect(said.application_settings).to.deep.equal({ type: 17613, protocols: ['h2'] })
    expect(said.status_request?.status_type).to.equal('ocsp')
    expect([said.session_ticket_length, said.renegotiation_info_length]).to.deep.equal([0, 0])
    expect([said.signed_certificate_timestamp, said.extended_master_secret]).to.deep.equal([
      true,
      true,
    ])
    expect(said.ech).to.deep.equal({
      type: 'outer',
      config_id: 77,
      kdf: { id: 1, name: 'HKDF-SHA256' },
      aead: { id: 1, name: 'AES-128-GCM' },
      kem: 'DHKEM(X25519, HKDF-SHA256)',
      enc_length: 32,
      payload_length: 176,
      looks_grease: true,
      evidence: ['payload-length-of-boringssl-grease'],
    })
    expect(said.extensions[0]).to.deep.equal({ id: 0xbaba, name: 'GREASE (0xbaba)', length: 0 })
    expect(said.extensions[1]?.data).to.deep.equal([{ name_type: 0, name: 'www.example.test' }])
    expect(said.extensions.some((extension) => extension.malformed)).to.equal(false)
    for (const key of ['early_data', 'pre_shared_key', 'padding_length', 'dtls_cookie_length'])
      expect(said).to.not.have.property(key)
    expect(JSON.parse(JSON.stringify(said))).to.deep.equal(said)
  })

  it('reads the less common extensions', () => {
    const cases: [Extension, unknown][] = [
      [[1, [2]], 1024],
      [[14, [...vector16([0, 1, 0, 2]), 0]], { profiles: [1, 2], mki_length: 0 }],
      [[15, [1]], 'peer_allowed_to_send'],
      [
        [19, [2, 0, 2]],
        [
          { id: 0, name: 'X509' },
          { id: 2, name: 'Raw Public Key' },
        ],
      ],
      [[21, [0, 0, 0]], { length: 3, zero: true }],
      [[21, [0, 1]], { length: 2, zero: false }],
      [[24, [1, 0, 2, 2, 1]], { version: '1.0', key_parameters: [2, 1] }],
      [
        [27, [4, 0, 1, 0, 3]],
        [
          { id: 1, name: 'zlib' },
          { id: 3, name: 'zstd' },
        ],
      ],
      [[28, [0x40, 0x01]], 16385],
      [[34, u16List(0x0403)], [{ id: 0x0403, name: 'ecdsa_secp256r1_sha256' }]],
      [[35, byteRun(160)], { length: 160 }],
      [[44, vector16(byteRun(70))], 70],
      [[47, vector16(vector16([0x30, 0]))], { count: 1 }],
      [[50, u16List(0x0804)], [{ id: 0x0804, name: 'rsa_pss_rsae_sha256' }]],
      [[54, [0]], { length: 0 }],
      [[58, [2, 1]], { new_session_count: 2, resumption_count: 1 }],
      [[17513, vector16(vector8(ascii('h2')))], ['h2']],
      [[65281, vector8(byteRun(12))], { length: 12 }],
      [
        [51764, hex('0011 0582df130201 0582df130206 0482df131f')],
        ['44947.2.1', '44947.2.6', '44947.31'],
      ],
    ]
    for (const [extension, data] of cases) {
      const said = of(extension).extensions[0]
      expect(said?.data, said?.name).to.deep.equal(data)
    }
    expect(of([42, []]).early_data).to.equal(true)
    expect(of([49, []]).post_handshake_auth).to.equal(true)
    expect(of([21, byteRun(90)]).padding_length).to.equal(90)
  })

  it('gives pre-shared keys by count and sizes', () => {
    expect(of(preSharedKey([113, 32], [200, 48])).pre_shared_key).to.deep.equal({
      identities_count: 2,
      identity_lengths: [113, 200],
      external: [false, false],
      binder_lengths: [32, 48],
    })
  })

  it('folds GREASE transport parameters and keeps long ids exact', () => {
    const body = hex(`01 02 6710  0f 04 01020304  1b 00  7129 05 68656c6c6f
      d7b1a1a2a3a4a5a6 00  8000ff0d 01 07  11 08 00000001 6b3343cf`)
    const grease = 31n * 0x0123_4567_89ab_cdn + 27n
    const id = new Uint8Array(8)
    new DataView(id.buffer).setBigUint64(0, grease | (3n << 62n))
    const said = of([57, [...body, ...id, 0]]).quic_transport_parameters ?? []
    expect(said[0]).to.deep.equal({ id: 1, name: 'max_idle_timeout', length: 2, value: 10000 })
    expect(said[1]).to.deep.equal({ id: 15, name: 'initial_source_connection_id', length: 4 })
    expect(said[2]).to.deep.equal({ id: 27, name: 'GREASE', length: 0 })
    expect(said[3]).to.deep.equal({ id: 0x3129, name: 'user_agent', length: 5, value: 'hello' })
    expect(said[4]?.id).to.equal('0x17b1a1a2a3a4a5a6')
    expect(said[6]).to.deep.include({ id: 17, value: ['0x00000001', '0x6b3343cf'] })
    expect(said[7]).to.deep.equal({ id: 27, name: 'GREASE', length: 0 })
  })

  it('guesses whether ECH is GREASE, and says by what', () => {
    const guess = (payload: number, name: string) => {
      const said = of(serverName(name), ech(payload)).ech
      return [said?.looks_grease, said?.evidence?.[0]]
    }
    expect(guess(144, 'a.test')).to.deep.equal([true, 'payload-length-of-boringssl-grease'])
    expect(guess(239, 'a.test'), 'NSS').to.deep.equal([true, 'payload-not-padded-to-32'])
    expect(guess(272, 'a.test')).to.deep.equal([false, 'payload-length-unlike-grease'])
    expect(guess(208, 'cloudflare-ech.com')).to.deep.equal([false, 'sni-is-known-public-name'])
    expect(of([65037, [1]]).ech).to.deep.equal({ type: 'inner' })
  })

  it('marks a malformed extension, keeps it raw, and leaves its summary out', () => {
    const said = of([10, [0, 3, 0, 29, 0]], [51, [0, 9]], [23, [1]], [57, [0x40]], [4660, [1, 2]])
    expect(said.extensions[0]).to.deep.equal({
      id: 10,
      name: 'supported_groups',
      length: 5,
      malformed: true,
      raw: '0003001d00',
    })
    expect(said.extensions[1]).to.include({ malformed: true, raw: '0009' })
    expect(said.extensions[2]).to.include({ malformed: true, raw: '01' })
    expect(said.extensions[3]).to.include({ malformed: true, raw: '40' })
    expect(said.extensions[4]).to.deep.equal({ id: 4660, name: 'unassigned (0x1234)', length: 2 })
    expect(said.supported_groups).to.deep.equal([])
    expect(said).to.not.have.any.keys(
      'key_shares',
      'extended_master_secret',
      'quic_transport_parameters',
    )
  })

  it('marks the second extension of a type', () => {
    const said = of(alpn('h2'), alpn('h3'))
    expect(said.alpn).to.deep.equal(['h2'])
    expect(said.extensions.map((extension) => extension.duplicate)).to.deep.equal([undefined, true])
  })

  it('never lets a name out unescaped', () => {
    const name = [...ascii('a"\\'), 0, 10, 0x7f, 0xc3, 0xa9, 0xff, 0x1b]
    expect(of(serverName(name)).sni).to.equal('a"\\x5c\\x00\\x0a\\x7f\\xc3\\xa9\\xff\\x1b')
    expect(of(alpn('\n')).alpn).to.deep.equal(['\\x0a'])
  })

  it('gives the DTLS cookie', () => {
    const said = detail(clientHello({ version: 0xfefd, cookie: byteRun(20) }), true)
    expect(said.dtls_cookie_length).to.equal(20)
    expect(said.client_hello_version.name).to.equal('DTLS 1.2')
    expect(detail(clientHello({ cookie: [] }), true).dtls_cookie_length).to.equal(0)
  })

  it('describes an SSL 2.0-framed hello', () => {
    const said = detail(sslv2ClientHello({ specs: [0x2f, 0x010080, 0x35] }))
    expect(said.ciphers.map((cipher) => cipher.id)).to.deep.equal([0x2f, 0x35])
  })

  it('never throws and never reads past end, whatever an extension holds', () => {
    const types = [
      ...[
        0, 1, 4, 5, 10, 11, 13, 14, 15, 16, 18, 19, 20, 21, 22, 23, 24, 27, 28, 34, 35, 40, 41, 42,
      ],
      ...[43, 44, 45, 47, 49, 50, 51, 54, 57, 58, 17513, 17613, 51764, 65037, 65281],
    ]
    const good = browserHello()
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(...types), fc.uint8Array({ maxLength: 40 })), {
          maxLength: 6,
        }),
        (extensions) => {
          const message = clientHello({ extensions })
          const said = detail(message)
          // The same with other bytes behind it says the same.
          const poisoned = new Uint8Array(message.length + 80).fill(0xff)
          poisoned.set(message)
          const hello = new Hello()
          parseClientHello(poisoned, 0, message.length, false, hello)
          expect(JSON.stringify(describeHello(hello))).to.equal(JSON.stringify(said))
        },
      ),
      { numRuns: 1500 },
    )
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 5 }),
        (edits) => {
          const bytes = good.slice()
          for (const [at, value] of edits) bytes[at] = value
          const hello = new Hello()
          if (parseClientHello(bytes, 0, bytes.length, false, hello) > 0) describeHello(hello)
        },
      ),
      { numRuns: 500 },
    )
  })

  it('understands every extension of the recorded hellos', () => {
    const rows = templates()
    // A few recordings run across a packet's end and hold the next one's headers: Ethernet's type, and IPv4 of 20 bytes.
    const glued = (raw: string | undefined) => raw?.includes('08004500') ?? false
    const malformed = new Set<string>()
    for (const { hello, file } of rows)
      for (const { name, malformed: broken, raw } of detail(hello).extensions)
        if (broken && !glued(raw)) malformed.add(`${file} ${name}`)
    expect(rows.length).to.be.above(200)
    // One imitator sends eight zeros as its encrypted_client_hello; NSS' tools of sid a second, empty server_name.
    expect([...malformed]).to.deep.equal([
      'clients/cycletls-ja4r-chrome.pcap encrypted_client_hello',
      'clients/strsclnt-sid.pcap server_name',
      'clients/tstclnt-sid.pcap server_name',
      'clients/vfyserv-sid.pcap server_name',
    ])
  })
})

describe('versionName', () => {
  it('speaks as the contract does', () => {
    const names = [0x0300, 0x0301, 0x0304, 0xfeff, 0xfefd, 0xfefc, 0x7f1c, 2, 0x0a0a].map(
      versionName,
    )
    expect(names).to.deep.equal([
      ...['SSL 3.0', 'TLS 1.0', 'TLS 1.3', 'DTLS 1.0', 'DTLS 1.2', 'DTLS 1.3', '0x7f1c', '0x0002'],
      'GREASE (0x0a0a)',
    ])
  })
})

describe('printable', () => {
  it('never gives the same text for different bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 30 }), (bytes) => {
        const text = printable(bytes, 0, bytes.length)
        expect(text).to.match(/^[ -~]*$/)
        const back = text.replace(/\\x(..)/g, (_, digits: string) =>
          String.fromCharCode(parseInt(digits, 16)),
        )
        expect(ascii(back)).to.deep.equal([...bytes])
      }),
    )
  })

  it('has a sibling in hex', () => {
    expect(hexText(Uint8Array.of(1, 0xab, 0xff), 0, 2)).to.equal('01ab')
  })
})
