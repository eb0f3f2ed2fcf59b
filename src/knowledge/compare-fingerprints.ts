// How two fingerprints differ that say themselves what they are made of: JA3 strings, JA4 and its raw forms.

import {
  cipherSuiteName,
  extensionName,
  groupName,
  signatureSchemeName,
} from '../tls/registry-names.js'

/** Values of one list that are named; the rest are counted. */
const MAX_NAMED = 6

const TRANSPORTS: Readonly<Record<string, string>> = { t: 'TCP', q: 'QUIC', d: 'DTLS' }
/** Of JA4's two characters; DTLS of the same digits begins with `d`. */
const VERSIONS: Readonly<Record<string, string>> = {
  '13': 'TLS 1.3',
  '12': 'TLS 1.2',
  '11': 'TLS 1.1',
  '10': 'TLS 1.0',
  s3: 'SSL 3.0',
  d1: 'DTLS 1.0',
  d2: 'DTLS 1.2',
  d3: 'DTLS 1.3',
}

/**
 * How fingerprint `a` differs from `b`, a phrase each; empty where they are the same. Undefined where their kinds tell
 * nothing, or are not the same.
 */
export function compareFingerprints(a: string, b: string): string[] | undefined {
  const [one, other] = [ja4Of(a), ja4Of(b)]
  if (one !== undefined && other !== undefined) return ja4Phrases(one, other)
  const [first, second] = [ja3Of(a), ja3Of(b)]
  if (first === undefined || second === undefined) return undefined
  return [
    ...(first.version === second.version
      ? []
      : [`legacy_version ${first.version}, not ${second.version}`]),
    ...listPhrases('cipher suite', first.ciphers, second.ciphers, cipherSuiteName),
    ...listPhrases('extension', first.extensions, second.extensions, extensionName),
    ...listPhrases('group', first.groups, second.groups, groupName),
    ...listPhrases('point format', first.formats, second.formats, String),
  ]
}

interface Ja4 {
  readonly head: readonly string[]
  /** Hashes, or the lists themselves in the raw forms. */
  readonly ciphers: string
  readonly extensions: string
  readonly schemes: string
  readonly isRaw: boolean
}

function ja4Of(text: string): Ja4 | undefined {
  const [, head = '', ciphers = '', extensions = '', schemes = ''] =
    /^([tqd](?:[0-9]{2}|s[0-9]|d[0-9])[di]\d{4}[0-9A-Za-z]{2})_([0-9a-f,]*)_([0-9a-f,]*)(?:_([0-9a-f,]*))?$/.exec(
      text,
    ) ?? []
  if (head === '') return undefined
  const parts = [head[0], head.slice(1, 3), head[3], head.slice(4, 6), head.slice(6, 8)]
  return {
    head: [...parts.map((part) => part ?? ''), head.slice(8)],
    ...{ ciphers, extensions, schemes },
    isRaw: !/^[0-9a-f]{12}$/.test(ciphers),
  }
}

function ja4Phrases(a: Ja4, b: Ja4): string[] | undefined {
  if (a.isRaw !== b.isRaw) return undefined
  const phrases: string[] = []
  const differ = (index: number, phrase: (one: string, other: string) => string) => {
    const [one = '', other = ''] = [a.head[index], b.head[index]]
    if (one !== other) phrases.push(phrase(one, other))
  }
  differ(0, (one, other) => `over ${TRANSPORTS[one] ?? one}, not ${TRANSPORTS[other] ?? other}`)
  differ(1, (one, other) => {
    const name = (digits: string) => VERSIONS[digits] ?? `version ${digits}`
    return `up to ${name(one)}, not ${name(other)}`
  })
  differ(2, (one) => (one === 'd' ? 'with a server name' : 'without a server name'))
  differ(3, (one, other) => `${Number(one)} cipher suites, not ${Number(other)}`)
  differ(4, (one, other) => `${Number(one)} extensions, not ${Number(other)}`)
  differ(5, (one, other) => `ALPN ${alpn(one)}, not ${alpn(other)}`)
  if (!a.isRaw) {
    if (a.ciphers !== b.ciphers) phrases.push('other cipher suites')
    if (a.extensions !== b.extensions) phrases.push('other extensions or signature algorithms')
    return phrases
  }
  const hex = (list: string) =>
    list === '' ? [] : list.split(',').map((value) => parseInt(value, 16))
  return [
    ...phrases,
    ...listPhrases('cipher suite', hex(a.ciphers), hex(b.ciphers), cipherSuiteName),
    ...listPhrases('extension', hex(a.extensions), hex(b.extensions), extensionName),
    ...listPhrases('signature scheme', hex(a.schemes), hex(b.schemes), signatureSchemeName),
  ]
}

/** The first and last character of the first ALPN name; `00` for none. */
function alpn(ends: string): string {
  return ends === '00' ? 'absent' : ends
}

interface Ja3 {
  readonly version: string
  readonly ciphers: readonly number[]
  readonly extensions: readonly number[]
  readonly groups: readonly number[]
  readonly formats: readonly number[]
}

function ja3Of(text: string): Ja3 | undefined {
  if (!/^\d{1,5}(?:,(?:\d{1,5}(?:-\d{1,5})*)?){4}$/.test(text)) return undefined
  const [version = '', ...lists] = text.split(',')
  const [ciphers = [], extensions = [], groups = [], formats = []] = lists.map((list) =>
    list === '' ? [] : list.split('-').map(Number),
  )
  return { version, ciphers, extensions, groups, formats }
}

function listPhrases(
  what: string,
  a: readonly number[],
  b: readonly number[],
  name: (value: number) => string,
): string[] {
  const phrase = (word: string, values: readonly number[]) => {
    if (values.length === 0) return []
    const rest = values.length - MAX_NAMED
    const shown = values.slice(0, rest > 0 ? MAX_NAMED : undefined).map(name)
    const more = rest > 0 ? ` and ${rest} more` : ''
    return [`${word} ${what}${values.length === 1 ? '' : 's'} ${shown.join(', ')}${more}`]
  }
  const minus = b.filter((value) => !a.includes(value))
  const plus = a.filter((value) => !b.includes(value))
  const isMoved =
    minus.length === 0 && plus.length === 0 && a.some((value, index) => value !== b[index])
  return [
    ...phrase('without', minus),
    ...phrase('plus', plus),
    ...(isMoved ? [`another order of ${what}s`] : []),
  ]
}
