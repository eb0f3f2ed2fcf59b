// What one profile has that another lacks, in the field's words.

import {
  cipherSuiteName,
  extensionName,
  groupName,
  listRegistry,
  signatureSchemeName,
} from '../../tls/registry-names.js'
import { versionName } from '../../tls/version-name.js'
import { KIND, MISC, bytesHash, kindOf, valueOf } from './token.js'

/** Words of one kind named one by one; the rest are counted. */
const MAX_NAMED = 4

interface Named {
  readonly kind: number
  /** What one of the kind is called, and several. */
  readonly one: string
  readonly many: string
  readonly name: (value: number) => string
}

/** Kinds whose members have names, in the order they are told. */
const NAMED: readonly Named[] = [
  { kind: KIND.version, one: 'version', many: 'versions', name: versionName },
  { kind: KIND.extension, one: 'extension', many: 'extensions', name: extensionName },
  { kind: KIND.cipher, one: 'cipher suite', many: 'cipher suites', name: cipherSuiteName },
  { kind: KIND.group, one: 'group', many: 'groups', name: groupName },
  {
    kind: KIND.scheme,
    one: 'signature scheme',
    many: 'signature schemes',
    name: signatureSchemeName,
  },
  { kind: KIND.alpn, one: 'ALPN', many: 'ALPN', name: alpnOf },
  {
    kind: KIND.keyShare,
    one: 'key share of',
    many: 'key shares of',
    name: (value) => groupName(value >>> 16),
  },
]

/** Lists whose order counts: kind of the whole, and its name. */
const ORDERED: readonly (readonly [number, number, string])[] = [
  [KIND.cipher, KIND.cipherList, 'cipher suites'],
  [KIND.group, KIND.groupList, 'groups'],
  [KIND.scheme, KIND.schemeList, 'signature schemes'],
]

const GREASE_IN: Readonly<Record<number, string>> = {
  [KIND.cipher]: 'cipher suites',
  [KIND.extension]: 'extensions',
  [KIND.group]: 'groups',
  [KIND.scheme]: 'signature schemes',
  [KIND.version]: 'versions',
  [KIND.keyShare]: 'key shares',
}

const MISC_WORDS: Readonly<Record<number, string>> = {
  [MISC.proto]: 'another transport',
  [MISC.legacyVersion]: 'another legacy_version',
  [MISC.recordVersion]: 'another record version',
  [MISC.sessionIdLen]: 'another length of legacy_session_id',
  [MISC.x25519Shared]: 'X25519 share reused otherwise',
  [MISC.scsvPlace]: 'renegotiation SCSV in another place',
}

/**
 * How profile `a` differs from profile `b`, a phrase each: `without session_ticket`, `plus signature schemes mldsa44`,
 * `another order of groups`. Empty where no difference has a word.
 */
export function differences(a: ReadonlySet<number>, b: ReadonlySet<number>): string[] {
  const plus = beyond(a, b)
  const minus = beyond(b, a)
  return [
    ...memberPhrases('without', minus),
    ...memberPhrases('plus', plus),
    ...greasePhrases('without', minus),
    ...greasePhrases('plus', plus),
    ...ORDERED.filter(
      ([member, whole]) =>
        has(plus, whole) && has(minus, whole) && !has(plus, member) && !has(minus, member),
    ).map(([, , name]) => `another order of ${name}`),
    ...bodyPhrases(plus, minus, a, b),
    ...miscPhrases(plus, minus),
  ]
}

/** The tokens of `a` that `b` lacks, in the order of their numbers: that of the wire may change from hello to hello. */
function beyond(a: ReadonlySet<number>, b: ReadonlySet<number>): number[] {
  return [...a].filter((token) => !b.has(token)).sort((one, other) => one - other)
}

function has(tokens: readonly number[], kind: number): boolean {
  return tokens.some((token) => kindOf(token) === kind)
}

function valuesOf(tokens: readonly number[], kind: number): number[] {
  return tokens.filter((token) => kindOf(token) === kind).map(valueOf)
}

function memberPhrases(verb: string, tokens: readonly number[]): string[] {
  return NAMED.flatMap(({ kind, one, many, name }) => {
    const names = [...new Set(valuesOf(tokens, kind).map(name))]
    if (names.length === 0) return []
    const rest = names.length - MAX_NAMED
    const shown = names.slice(0, rest > 0 ? MAX_NAMED : undefined).join(', ')
    return `${verb} ${names.length === 1 ? one : many} ${shown}${rest > 0 ? ` and ${rest} more` : ''}`
  })
}

function greasePhrases(verb: string, tokens: readonly number[]): string[] {
  const lists = valuesOf(tokens, KIND.grease).map((value) => GREASE_IN[value >> 2] ?? 'a list')
  return lists.length === 0 ? [] : [`${verb} GREASE in ${[...new Set(lists)].join(', ')}`]
}

/** Extensions both have, with another body. */
function bodyPhrases(
  plus: readonly number[],
  minus: readonly number[],
  a: ReadonlySet<number>,
  b: ReadonlySet<number>,
): string[] {
  const phrases: string[] = []
  if (has(plus, KIND.body) && has(minus, KIND.body) && a.size > 0 && b.size > 0)
    phrases.push('another body of an extension')
  if (has(plus, KIND.quicValue) || has(minus, KIND.quicValue))
    phrases.push('other QUIC transport parameters')
  return phrases
}

function miscPhrases(plus: readonly number[], minus: readonly number[]): string[] {
  const changed = new Set(valuesOf(plus, KIND.misc).map((value) => value >>> 16))
  return [...new Set(valuesOf(minus, KIND.misc).map((value) => value >>> 16))]
    .filter((name) => changed.has(name))
    .flatMap((name) => MISC_WORDS[name] ?? [])
}

let alpnNames: ReadonlyMap<number, string> | undefined

/** Name of an ALPN protocol by the hash that stands in its token. */
function alpnOf(value: number): string {
  alpnNames ??= new Map(
    listRegistry('alpn').map(({ value: id }) => {
      const bytes = Uint8Array.from(id, (character) => character.charCodeAt(0))
      return [bytesHash(bytes, 0, bytes.length), id]
    }),
  )
  return alpnNames.get(value) ?? (value === 0x0a0a ? 'GREASE' : 'of another name')
}
