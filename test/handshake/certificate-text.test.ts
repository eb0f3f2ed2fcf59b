// Certificates made by openssl, and told again by `openssl x509`.

import { expect } from 'chai'
import fc from 'fast-check'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { newCounters } from '../../src/base/counters.js'
import { CertificateText } from '../../src/handshake/certificate-text.js'

const decoder = new TextDecoder()

function textOf(der: Uint8Array, counters = newCounters()) {
  const text = decoder.decode(new CertificateText(counters).of(der, 0, der.length))
  return { said: JSON.parse(`{${text.slice(1)}}`) as Record<string, unknown>, counters }
}

describe('what a certificate says', () => {
  let folder: string
  before(() => (folder = mkdtempSync(join(tmpdir(), 'hellotap-x509-'))))
  after(() => rmSync(folder, { recursive: true, force: true }))

  let made = 0
  /** The DER of a self-signed certificate, and its PEM's path. */
  function certificate(subject: readonly string[], names: readonly string[] = []) {
    const path = join(folder, `${made++}`)
    writeFileSync(
      `${path}.cnf`,
      [
        ...['[req]', 'distinguished_name=dn', 'prompt=no', 'utf8=yes', 'string_mask=utf8only'],
        ...['x509_extensions=v3', '[dn]', ...subject, '[v3]', 'basicConstraints=CA:false'],
        ...(names.length === 0 ? [] : [`subjectAltName=${names.join(',')}`]),
        ...['[dir]', 'CN=elsewhere'],
      ].join('\n'),
    )
    openssl(
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'],
      ...['-keyout', `${path}.key`, '-out', path, '-days', '9000', '-config', `${path}.cnf`],
    )
    openssl('x509', '-in', path, '-outform', 'DER', '-out', `${path}.der`)
    return { der: new Uint8Array(readFileSync(`${path}.der`)), path }
  }
  const openssl = (...args: readonly string[]) =>
    execFileSync('openssl', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  const told = (path: string, ...args: readonly string[]) =>
    openssl('x509', '-in', path, '-noout', '-nameopt', 'RFC2253,utf8,-esc_msb', ...args)

  const SUBJECTS: Record<string, readonly string[]> = {
    plain: ['C=DE', 'O=Example', 'CN=www.example.org'],
    'signs that mean something': [String.raw`O=A, B + C; <D> \\ E`, String.raw`CN=\#1 = one`],
    'other scripts': ['O=Bäckerei Süß', 'CN=例え.テスト'],
    'two of a kind': ['0.OU=one', '1.OU=two', 'CN=x'],
    'an e-mail address': ['emailAddress=a@example.org', 'CN=x'],
  }
  for (const [what, subject] of Object.entries(SUBJECTS)) {
    it(`tells names as openssl does: ${what}`, () => {
      const { der, path } = certificate(subject)
      const { said } = textOf(der)
      expect(`subject=${said['cert_subject'] as string}`).to.equal(told(path, '-subject').trim())
      expect(`issuer=${said['cert_issuer'] as string}`).to.equal(told(path, '-issuer').trim())
    })
  }

  it('tells validity in RFC 3339', () => {
    const { der, path } = certificate(['CN=x'])
    const { said } = textOf(der)
    const dates = told(path, '-startdate', '-enddate', '-dateopt', 'iso_8601')
    const [start = '', end = ''] = dates.split('\n').map((line) => line.split('=')[1] ?? '')
    expect(said['cert_not_before']).to.equal(start.replace(' ', 'T'))
    expect(said['cert_not_after']).to.equal(end.replace(' ', 'T'))
    expect(said['cert_not_after']).to.match(/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  })

  it('lists names of hosts, addresses, mailboxes and URIs, and leaves others out', () => {
    const { der } = certificate(
      ['CN=x'],
      [
        ...['DNS:www.example.org', 'DNS:*.example.org', 'IP:192.0.2.1', 'IP:2001:db8::1'],
        ...['email:a@example.org', 'URI:https://example.org/x?y', 'RID:1.2.3', 'dirName:dir'],
        'otherName:1.2.3.4;UTF8:DNS:hidden.example.org',
      ],
    )
    expect(textOf(der).said['cert_san']).to.deep.equal([
      ...['www.example.org', '*.example.org', '192.0.2.1', '2001:db8::1'],
      ...['a@example.org', 'https://example.org/x?y'],
    ])
  })

  it('takes a name with a comma for one name', () => {
    const { der } = certificate(['CN=x'], ['URI:https://a/?DNS:b.example'])
    // openssl's own config cannot write this one: the question mark becomes a comma, the bytes after it stay
    const at = Buffer.from(der).indexOf('?DNS:')
    const { said } = textOf(der.with(at, 0x2c))
    expect(said['cert_san']).to.deep.equal(['https://a/,DNS:b.example'])
  })

  it('leaves out what is not there', () => {
    const { said } = textOf(certificate(['CN=x']).der)
    expect(Object.keys(said)).to.deep.equal([
      ...['cert_subject', 'cert_issuer', 'cert_not_before', 'cert_not_after', 'cert_sha256'],
    ])
  })

  it('tells of bytes that are no certificate their hash alone', () => {
    const { der, path } = certificate(['CN=x'])
    const pem = new Uint8Array(readFileSync(path))
    for (const bytes of [
      new Uint8Array(0),
      der.subarray(1),
      der.subarray(0, -1),
      Uint8Array.of(...der, 0),
      pem,
      Uint8Array.of(0x30, 0x0a, ...pem),
    ]) {
      const { said, counters } = textOf(bytes)
      expect(said).to.deep.equal({ cert_sha256: sha256(bytes) })
      expect(counters.certificate_unreadable).to.equal(1)
    }
  })

  it('is valid JSON, whatever one byte of a certificate becomes', () => {
    const { der } = certificate(['O=Bäcker', 'CN=x'], ['DNS:a.example', 'URI:https://b.example'])
    const texts = new CertificateText(newCounters())
    fc.assert(
      fc.property(fc.nat(der.length - 1), fc.nat(255), (at, byte) => {
        const changed = der.with(at, byte)
        const text = decoder.decode(texts.of(changed, 0, changed.length))
        const said = JSON.parse(`{${text.slice(1)}}`) as Record<string, unknown>
        expect(said['cert_sha256']).to.equal(sha256(changed))
      }),
      { numRuns: 2000 },
    )
  })

  it('remembers a certificate, and forgets when there are too many', () => {
    const { der } = certificate(['CN=x'], ['DNS:a.example'])
    const texts = new CertificateText(newCounters())
    const first = texts.of(der, 0, der.length)
    expect(texts.of(der, 0, der.length)).to.equal(first)
    const other = new Uint8Array(8)
    for (let i = 0; i < 60_000; i++) {
      new DataView(other.buffer).setUint32(0, i)
      texts.of(other, 0, other.length)
    }
    const again = texts.of(der, 0, der.length)
    expect(again).to.not.equal(first)
    expect(again).to.deep.equal(first)
  })
})

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
