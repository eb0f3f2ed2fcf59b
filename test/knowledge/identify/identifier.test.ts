// Which implementation made a hello: answers by the base of this release.

import { expect } from 'chai'
import fc from 'fast-check'
import { OTHERS } from '../../../src/knowledge/identify/answer.js'
import { Identifier } from '../../../src/knowledge/identify/identifier.js'
import { loadBase } from '../../../src/knowledge/identify/load-base.js'
import { BASE_JSON } from '../../../src/knowledge/identify/base-json.js'
import type { Implementation } from '../../../src/model/implementation.js'
import { redactHello } from '../../../src/tls/redact-hello.js'
import { hellosOf, parsed } from './hellos.js'
import type { Wire } from './hellos.js'

const base = loadBase()

function answerTo(wire: Wire, identifier = new Identifier(base, 1)): Implementation {
  const hello = parsed(wire)
  if (hello === undefined) throw new Error('the capture holds ClientHellos')
  return identifier.identify(hello, wire.circumstances)
}

describe('identification', () => {
  const CASES = [
    ['curl-openssl3.5.pcap', 'OpenSSL', '3.5'],
    ['go1.24-nethttp.pcap', 'Go', '1.24'],
    ['firefox-esr153.pcap', 'NSS', 'firefox 153'],
    ['java21-httpclient.pcap', 'JSSE', '21'],
    ['wolfssl5.5.pcap', 'wolfSSL', '5.5'],
    ['gnutls-cli3.8.pcap', 'GnuTLS', '3.8'],
    ['mbedtls2.28.pcap', 'Mbed TLS', '2.28'],
  ] as const
  for (const [file, library, version] of CASES)
    it(`names ${library} ${version} exactly`, async () => {
      for (const wire of await hellosOf(file)) {
        const answer = answerTo(wire)
        expect(answer).to.include({ library, basis: 'exact' })
        expect(answer.versions).to.match(new RegExp(`^${version}`))
        expect(answer.confidence).to.be.within(0.9, 0.99)
      }
    })

  it('gives one answer to hellos of a client that changes the order of its extensions', async () => {
    const identifier = new Identifier(base, 1)
    const answers = (await hellosOf('deno-fetch.pcap')).map((wire) => answerTo(wire, identifier))
    expect(answers.length).to.be.above(5)
    expect(new Set(answers.map(({ library }) => library))).to.deep.equal(new Set(['rustls']))
  })

  it('remembers answers without changing them', async () => {
    const identifier = new Identifier(base, 7)
    for (const file of ['aria2.pcap', 'aria2-trixie.pcap', 'aria2.pcap', 'chromium156.pcap'])
      for (const wire of await hellosOf(file))
        expect(answerTo(wire, identifier)).to.deep.equal(answerTo(wire))
  })

  it('needs no secret of the hello but whether the X25519 share was reused', async () => {
    for (const file of ['go1.24-nethttp.pcap', 'chromium156.pcap', 'node14-https.pcap'])
      for (const wire of await hellosOf(file)) {
        const hello = parsed(wire)
        if (hello === undefined) throw new Error('the capture holds ClientHellos')
        const bytes = new Uint8Array(wire.bytes.length)
        redactHello(wire.bytes, 0, wire.bytes.length, hello, bytes)
        const x25519Shared =
          file === 'go1.24-nethttp.pcap' ? true : file === 'chromium156.pcap' ? false : undefined
        const kept = { bytes, circumstances: { ...wire.circumstances, x25519Shared } }
        expect(answerTo(kept)).to.deep.equal(answerTo(wire))
      }
  })

  it('names no application alone of a library whose applications are mostly unknown', async () => {
    for (const file of ['chromium156.pcap', 'firefox-esr153.pcap', 'thunderbird-sid-imaps.pcap'])
      for (const wire of await hellosOf(file)) {
        const { applications = [] } = answerTo(wire)
        expect(applications, file).to.include(OTHERS)
        expect(applications.length, file).to.be.above(1)
      }
    // one program was recorded of the library, or few of the version
    for (const file of ['mbedtls-trixie.pcap', 'botan-trixie.pcap'])
      for (const wire of await hellosOf(file))
        expect(answerTo(wire).applications ?? [], file).to.include(OTHERS)
  })

  it('says unknown of a hello that is like none', () => {
    const wire = {
      bytes: bareHello([0x00, 0x01, 0x00, 0x02]),
      circumstances: { proto: 'tcp', recordVersion: 0x0300, retry: false } as const,
    }
    const answer = answerTo(wire)
    expect(answer.library).to.equal('unknown')
    expect(answer).to.not.have.any.keys('versions', 'applications', 'confidence', 'basis')
    expect(answer.nearest).to.not.be.empty
  })

  it('answers any hello that can be parsed', async () => {
    const wires = [
      ...(await hellosOf('chromium156.pcap')).slice(0, 2),
      ...(await hellosOf('quic-firefox-esr153.pcap')).slice(0, 3),
      ...(await hellosOf('openssl-s_client3.0-tls13-resume.pcap')).slice(0, 3),
    ]
    const identifier = new Identifier(base, 3)
    const libraries = new Set([...base.families.map(({ name }) => name), 'unknown'])
    fc.assert(
      fc.property(
        fc.constantFrom(...wires),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 30 }),
        (wire, changes) => {
          const bytes = wire.bytes.slice()
          // the lengths of the message and of what stands before the extensions mostly stay
          for (const [at, value] of changes) bytes[39 + (at % (bytes.length - 39))] = value
          const hello = parsed({ ...wire, bytes })
          if (hello === undefined) return true
          const { library, confidence = 0 } = identifier.identify(hello, wire.circumstances)
          return libraries.has(library) && confidence >= 0 && confidence <= 1
        },
      ),
      { numRuns: 2000 },
    )
  })
})

describe('the knowledge base', () => {
  it('takes at most a megabyte', () => {
    expect(BASE_JSON.length).to.be.below(1_000_000)
  })

  it('states source and licence of every client', () => {
    const { clients, sources } = base.data
    for (const { source } of clients) expect(sources[source]?.licence).to.match(/\S/)
  })

  it('holds no client that imitates another', () => {
    const labels = base.data.clients.map(({ label }) => label)
    expect(labels).to.not.be.empty
    expect(labels.filter((label) => /^(wreq|impit|liar|cycletls|curl-impersonate)/.test(label))).to
      .be.empty
  })
})

/** A ClientHello without extensions. */
function bareHello(ciphers: readonly number[]): Uint8Array {
  const body = [3, 0, ...new Array<number>(32).fill(0), 0, 0, ciphers.length, ...ciphers, 1, 0]
  return Uint8Array.of(1, 0, 0, body.length, ...body)
}
