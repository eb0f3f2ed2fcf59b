// A server's certificate (RFC 5280 §4.1) as members of a sighting. OpenSSL parses it, through node:crypto.

import { X509Certificate, hash } from 'node:crypto'
import type { Counters } from '../base/counters.js'
import { CERTIFICATE_TEXTS_BYTES } from '../base/limits.js'
import { ADDRESS_TEXT_MAX, putAddress } from '../fingerprint/address-text.js'

const ENCODER = new TextEncoder()
const DECODER = new TextDecoder()
const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec'

/** Certificates as text, cached: a server sends the same certificate to all clients. */
export class CertificateText {
  readonly #counters: Counters
  readonly #texts = new Map<string, Uint8Array>()
  #bytes = 0

  constructor(counters: Counters) {
    this.#counters = counters
  }

  /**
   * `,"cert_subject":…,"cert_sha256":"…"` of the certificate in `bytes[off, off + len)`; only `cert_sha256` if it cannot be
   * parsed.
   */
  of(bytes: Uint8Array, off: number, len: number): Uint8Array {
    const der = bytes.subarray(off, off + len)
    const sha256 = hash('sha256', der, 'hex')
    const known = this.#texts.get(sha256)
    if (known !== undefined) return known
    const members = readCertificate(der)
    if (members === undefined) this.#counters.certificate_unreadable++
    const text = ENCODER.encode(membersText({ ...members, cert_sha256: sha256 }))
    // Many different certificates (forged ones) empty the cache at times and cost no more.
    if (this.#bytes + text.length > CERTIFICATE_TEXTS_BYTES) {
      this.#texts.clear()
      this.#bytes = 0
    }
    this.#texts.set(sha256, text)
    this.#bytes += text.length
    return text
  }
}

interface CertificateMembers {
  readonly cert_subject?: string | undefined
  readonly cert_san?: readonly string[] | undefined
  readonly cert_issuer?: string | undefined
  readonly cert_not_before?: string | undefined
  readonly cert_not_after?: string | undefined
  readonly cert_sha256?: string
}

function readCertificate(der: Uint8Array): CertificateMembers | undefined {
  try {
    const certificate = new X509Certificate(der)
    // X509Certificate also accepts PEM inside the bytes, and bytes after the certificate.
    if (!isSame(certificate.raw, der)) return undefined
    // All three can be undefined, which the types of Node deny.
    const { subject, subjectAltName, issuer } = certificate as Partial<X509Certificate>
    const names = subjectAltName === undefined ? [] : alternativeNames(subjectAltName)
    return {
      cert_subject: distinguishedName(subject),
      cert_san: names.length === 0 ? undefined : names,
      cert_issuer: distinguishedName(issuer),
      cert_not_before: timeText(certificate.validFrom),
      cert_not_after: timeText(certificate.validTo),
    }
  } catch {
    return undefined
  }
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false
  for (let i = 0; i < one.length; i++) if (one[i] !== other[i]) return false
  return true
}

function membersText(members: CertificateMembers): string {
  let text = ''
  for (const [name, value] of Object.entries(members))
    if (value !== undefined) text += `,"${name}":${JSON.stringify(value)}`
  return text
}

/** The name as RFC 4514 writes it, the last part first; OpenSSL gives a part a line, the first one first. */
function distinguishedName(lines: string | undefined): string | undefined {
  return lines === undefined || lines === '' ? undefined : lines.split('\n').reverse().join(',')
}

/** The names of a kind that needs no explanation: DNS, IP address, e-mail, URI. A value with odd bytes comes quoted. */
function alternativeNames(text: string): string[] {
  const names: string[] = []
  for (const match of text.matchAll(
    /(?:^|, )(DNS|IP Address|email|URI):("(?:[^"\\]|\\.)*"|[^,]*)/g,
  )) {
    const [, kind = '', value = ''] = match
    const name = value.startsWith('"') ? (JSON.parse(value) as string) : value
    if (name !== '') names.push(kind === 'IP Address' ? addressText(name) : name)
  }
  return names
}

/** An address in its canonical form; OpenSSL writes eight groups in capitals. */
function addressText(text: string): string {
  const groups = text.split(':')
  if (groups.length !== 8) return text
  const address = new Uint8Array(16)
  for (let i = 0; i < 8; i++) {
    const group = Number.parseInt(groups[i] ?? '', 16)
    address[2 * i] = group >> 8
    address[2 * i + 1] = group & 0xff
  }
  const into = new Uint8Array(ADDRESS_TEXT_MAX)
  return DECODER.decode(into.subarray(0, putAddress(address, 0, 6, into, 0)))
}

/** RFC 3339 of what OpenSSL writes as `Nov 22 21:56:30 2026 GMT`. */
function timeText(text: string): string | undefined {
  const match = /^([A-Z][a-z]{2}) +(\d+) (\d\d:\d\d:\d\d) (\d{4}) GMT$/.exec(text)
  if (match === null) return undefined
  const [, name = '', day = '', time = '', year = ''] = match
  const month = MONTHS.indexOf(name) / 3 + 1
  return `${year}-${String(month).padStart(2, '0')}-${day.padStart(2, '0')}T${time}Z`
}
