import { expect } from 'chai'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { needs, path, tools } from '../capability.js'
import { Hello } from '../../src/model/hello.js'
import { describeHello } from '../../src/tls/describe-hello.js'
import { KEY_SHARE } from '../../src/tls/extension-type.js'
import { serverKeyShare } from '../../src/tls/extensions/rfc8446-keys.js'
import { firstExtension } from '../../src/tls/hello-detail.js'
import { parseClientHello, parseServerHello } from '../../src/tls/hello-parser.js'
import { isHelloRetryRequest } from '../../src/tls/hello-retry-request.js'
import { chosenVersion } from '../../src/tls/server-hello.js'
import { hex } from '../support.js'

// Real hellos against tshark 4.0. fixtures/hellos.jsonl holds messages of recorded clients and servers; the captures
// are read by tshark once for its view of each hello and for the bytes of it.

interface Fixture {
  readonly name: string
  readonly handshake_type: 1 | 2
  readonly hex: string
}
const fixtures = readFileSync(new URL('fixtures/hellos.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Fixture)

function describeMessage(bytes: Uint8Array) {
  const hello = new Hello()
  expect(parseClientHello(bytes, 0, bytes.length, false, hello)).to.equal(bytes.length)
  return describeHello(hello)
}
function fixture(name: string): Uint8Array {
  return hex(fixtures.find((row) => row.name === name)?.hex ?? '')
}
const ids = (list: readonly { readonly id: number }[] | undefined) =>
  list?.map(({ id }) => id) ?? []

describe('recorded hellos', () => {
  it('parse and hold nothing malformed', () => {
    for (const row of fixtures) {
      const bytes = hex(row.hex)
      const hello = new Hello()
      const client = row.handshake_type === 1
      const parse = client ? parseClientHello : parseServerHello
      expect(parse(bytes, 0, bytes.length, false, hello), row.name).to.equal(bytes.length)
      if (!client) continue
      const malformed = describeHello(hello).extensions.filter((extension) => extension.malformed)
      expect(malformed, row.name).to.deep.equal([])
    }
  })

  it('are faults at every prefix', () => {
    const hello = new Hello()
    for (const row of fixtures) {
      const bytes = hex(row.hex)
      const parse = row.handshake_type === 1 ? parseClientHello : parseServerHello
      for (let end = 0; end < bytes.length; end++)
        if (parse(bytes, 0, end, false, hello) >= 0) expect.fail(`${row.name} cut to ${end}`)
    }
  })

  it('of Chromium 156: GREASE in signature_algorithms, ALPS, trust anchors, ECH GREASE', () => {
    const said = describeMessage(fixture('chromium156'))
    expect(said.signature_algorithms.some(({ name }) => name.startsWith('GREASE'))).to.equal(true)
    expect(said.signature_algorithms.some(({ name }) => name === 'mldsa44')).to.equal(true)
    expect(said.application_settings?.type).to.equal(17613)
    expect(said.trust_anchors?.length).to.be.above(10)
    expect(said.trust_anchors?.[0]).to.match(/^44947\.\d+\.\d+$/)
    expect(said.ech?.looks_grease).to.equal(true)
    expect(said.key_shares?.map((share) => share.name)).to.include('X25519MLKEM768')
  })

  it('of Firefox: delegated credentials, record size limit, ECH GREASE of NSS', () => {
    const said = describeMessage(fixture('firefox-esr153'))
    expect(said.delegated_credentials?.length).to.be.above(1)
    expect(said.record_size_limit).to.equal(0x4001)
    expect(said.ech?.evidence).to.deep.equal(['payload-not-padded-to-32'])
    const quic = describeMessage(fixture('quic-firefox-esr153'))
    expect(quic.quic_transport_parameters?.map(({ name }) => name)).to.include(
      'initial_source_connection_id',
    )
    expect(quic.alpn?.[0]).to.equal('h3')
  })

  it('of a resumption: pre-shared keys by their sizes', () => {
    const said = describeMessage(fixture('openssl-s_client3.5-resume -1'))
    expect(said.pre_shared_key?.identities_count).to.equal(1)
    expect(said.pre_shared_key?.binder_lengths).to.deep.equal([48])
  })

  it('of servers: TLS 1.3, HelloRetryRequest, TLS 1.2 resumed', () => {
    const server = (name: string) => {
      const bytes = fixture(name)
      const hello = new Hello()
      parseServerHello(bytes, 0, bytes.length, false, hello)
      return hello
    }
    const shareOf = (hello: Hello) => firstExtension(hello, KEY_SHARE, serverKeyShare)
    const tls13 = server('curl-openssl3.0 server')
    expect(chosenVersion(tls13)).to.equal(0x0304)
    expect(shareOf(tls13)?.name).to.equal('x25519')
    const retry = server('chromium156-hrr server')
    expect(isHelloRetryRequest(retry)).to.equal(true)
    expect(shareOf(retry)).to.have.all.keys('group', 'name')
    const tls12 = server('openssl-s_client3.0-tls12-resume server -1')
    expect(chosenVersion(tls12)).to.equal(0x0303)
  })
})

describe('against tshark', () => {
  const captures = [
    ...[
      'chromium156-hrr',
      'firefox-esr153-hrr',
      'curl-openssl3.5',
      'java17-httpclient',
      'curl-nss',
    ],
    ...[
      'gnutls-cli3.8-resume',
      'mbedtls2.28',
      'botan2',
      'erlang25-httpc',
      'go1.24-nethttp',
      'wreq-safari-18.5',
    ],
    ...['node24-fetch', 'openssl-s_client3.0-tls10', 'python3.11-ssl-resume'],
  ]
  for (const capture of captures)
    it(`reads ${capture} alike`, function () {
      const file = new URL(`../../captures/${capture}.pcap`, import.meta.url)
      needs(this, tools('tshark'), path(file.pathname))
      const hellos = tsharkHellos(file.pathname)
      expect(hellos.length).to.be.above(0)
      for (const hello of hellos) {
        const said = describeMessage(hello.bytes)
        expect(ids(said.ciphers), 'ciphers').to.deep.equal(hello.ciphers)
        expect(ids(said.extensions), 'extensions').to.deep.equal(hello.extensions)
        expect(ids(said.supported_groups), 'groups').to.deep.equal(hello.groups)
        const schemes = said.extensions
          .filter(({ id }) => id === 13 || id === 50 || id === 34)
          .flatMap(({ data }) => ids(data as { id: number }[]))
        expect(schemes, 'signature algorithms').to.deep.equal(hello.schemes)
        expect(said.key_shares?.map(({ group }) => group) ?? [], 'key shares').to.deep.equal(
          hello.shares,
        )
        expect(said.key_shares?.map(({ length }) => length) ?? []).to.deep.equal(hello.shareLengths)
        expect(ids(said.ec_point_formats), 'point formats').to.deep.equal(hello.formats)
        expect(ids(said.supported_versions), 'versions').to.deep.equal(hello.versions)
        expect(said.alpn ?? [], 'ALPN').to.deep.equal(hello.alpn)
        expect(said.sni ?? '', 'SNI').to.equal(hello.sni)
      }
    })
})

interface TsharkHello {
  readonly bytes: Uint8Array
  readonly ciphers: number[]
  readonly extensions: number[]
  readonly groups: number[]
  readonly schemes: number[]
  readonly shares: number[]
  readonly shareLengths: number[]
  readonly formats: number[]
  readonly versions: number[]
  readonly alpn: string[]
  readonly sni: string
}

/** The ClientHellos tshark finds, one a packet, each with its bytes and its reading of the lists. */
function tsharkHellos(file: string): TsharkHello[] {
  const args = [
    '-r',
    file,
    '-d',
    'tcp.port==445,tls',
    '-Y',
    'tls.handshake.type==1',
    '-T',
    'json',
    '-x',
    '--no-duplicate-keys',
  ]
  const json = execFileSync('tshark', args, {
    stdio: ['ignore', 'pipe', 'ignore'],
    maxBuffer: 1 << 28,
  })
  const packets = JSON.parse(json.toString()) as unknown[]
  return packets.map((packet) => {
    const found = new Map<string, string[]>()
    collect(packet, found)
    const numbers = (field: string) => (found.get(field) ?? []).map(Number)
    const raw = (found.get('tls.handshake_raw') ?? []).find((text) => /^01[0-9a-f]{70}/.test(text))
    return {
      bytes: hex(raw ?? ''),
      ciphers: numbers('tls.handshake.ciphersuite'),
      extensions: numbers('tls.handshake.extension.type'),
      groups: numbers('tls.handshake.extensions_supported_group'),
      schemes: numbers('tls.handshake.sig_hash_alg'),
      shares: numbers('tls.handshake.extensions_key_share_group'),
      shareLengths: numbers('tls.handshake.extensions_key_share_key_exchange_length'),
      formats: numbers('tls.handshake.extensions_ec_point_format'),
      versions: numbers('tls.handshake.extensions.supported_version'),
      alpn: found.get('tls.handshake.extensions_alpn_str') ?? [],
      sni: found.get('tls.handshake.extensions_server_name')?.[0] ?? '',
    }
  })
}

/** Gathers every string below `node` under its key, in document order. */
function collect(node: unknown, found: Map<string, string[]>): void {
  if (typeof node !== 'object' || node === null) return
  for (const [key, value] of Object.entries(node)) {
    for (const text of [value].flat(3) as unknown[])
      if (typeof text === 'string') found.set(key, [...(found.get(key) ?? []), text])
    for (const child of Array.isArray(value) ? (value as unknown[]) : [value]) collect(child, found)
  }
}
