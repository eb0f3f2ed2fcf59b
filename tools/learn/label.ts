// What a labelled capture says about its client, as the knowledge base words it.

import { readVersion, versionText } from '../../src/knowledge/identify/version.js'

/** One line of captures/clients/labels.jsonl, as far as learning asks. */
export interface Label {
  readonly file: string
  readonly label: string
  readonly library: string
  readonly library_version: string
  readonly client: string
  readonly client_version?: string
  /** What is set otherwise than by default. */
  readonly configuration?: string
  readonly impersonates?: string
  readonly notes?: string
  readonly recorded?: string
}

/** Libraries whose label begins with another word than their name. */
const FAMILY: Readonly<Record<string, string>> = {
  'libcurl/GnuTLS': 'GnuTLS',
  'Go crypto/tls': 'Go',
  'Erlang/OTP ssl': 'Erlang',
  'Mbed TLS': 'Mbed TLS',
}
/** Numbers that count of a library's version: the patch level changes no hello. */
const NUMBERS: Readonly<Record<string, number>> = { JSSE: 1, Erlang: 1 }
const BROWSERS: Readonly<Record<string, RegExp>> = {
  BoringSSL: /(?:chrom(?:e|ium)[ /]|^)(\d{2,3})\./i,
  NSS: /(?:firefox[ /]|^)(\d{2,3})\./i,
}
const APPLICATIONS: readonly (readonly [RegExp, string])[] = [
  [/^headless_shell|^chromium/i, 'Chromium'],
  [/^firefox/i, 'Firefox'],
]

/** Name of the library: `OpenSSL (node bundled)` is OpenSSL, `NSS QUIC (neqo)` is NSS. */
export function familyOf({ library }: Label): string {
  return (
    FAMILY[library] ??
    library
      .replace(/[ /]*(\(| QUIC\b).*$/, '')
      .replace(/ QUIC$/, '')
      .trim()
  )
}

/** Version as answers word it; empty where the label has none that can be ordered. */
export function versionOf(label: Label): string {
  const family = familyOf(label)
  const text = label.library_version
  const browser = BROWSERS[family]?.exec(text)
  if (browser !== undefined && browser !== null)
    return `${family === 'NSS' ? 'firefox' : 'chromium'} ${browser[1] ?? ''}`
  if (family === 'BoringSSL') return ''
  const numbers = /^(?:.*\/)?(?:\d+:)?[^\d]*(\d+(?:\.\d+)*)/.exec(text)?.[1]?.split('.').map(Number)
  if (numbers === undefined) return ''
  const isOpenssl1 = family === 'OpenSSL' && (numbers[0] ?? 0) < 3
  const version = { scheme: '', numbers: numbers.slice(0, isOpenssl1 ? 3 : (NUMBERS[family] ?? 2)) }
  return readVersion(versionText(version)) === undefined ? '' : versionText(version)
}

/** Name of the application, without options and remarks. */
export function applicationOf({ client }: Label): string {
  for (const [pattern, name] of APPLICATIONS) if (pattern.test(client)) return name
  const name = client
    .replace(/\s*\(.*$/, '')
    .replace(/\s+--.*$/, '')
    .trim()
  return name === '' ? client : name
}

/** What the client imitates, or the claim that its User-Agent makes falsely; undefined of an honest one. */
export function imitationOf({ impersonates, notes = '' }: Label): string | undefined {
  if (impersonates !== undefined && impersonates !== '') return impersonates
  return /\bLIAR\b/.test(notes) ? 'another User-Agent' : undefined
}
