// What a fingerprint's value is found by: 8 bytes of it. Hashes are their own key; any other value is hashed.
//
// Methods that are hashes of another are found by that: ja3_string by its MD5, ja4_r and ja4_ro by the JA4 they make.

import { hash } from 'node:crypto'
import type { FingerprintName } from '../model/sighting.js'

const KEY_LEN = 8
const QUOTE = '"'
/** Methods whose value does not depend on the order of extensions: the fingerprint's own first. */
const SORTED: readonly FingerprintName[] = ['sha3_384_stable', 'ja3n', 'ja4', 'npf1']
const IN_ORDER: readonly FingerprintName[] = ['sha3_384', 'ja3', 'ja4_o', 'npf']
const MARKS = new Map([...SORTED, ...IN_ORDER].map((name) => [name, `"${name}":"`]))
const HASH = /^(?:[0-9a-f]{32}|[0-9a-f]{96})$/

/** Keys of the values in a line's profile that do not depend on the order of extensions. */
export function sortedValues(profile: Buffer): readonly string[] {
  const text = profile.toString('latin1')
  return SORTED.map((name) => keyIn(text, name))
}

/** Keys of the values that do. */
export function orderValues(profile: Buffer): readonly string[] {
  const text = profile.toString('latin1')
  const keys: string[] = []
  for (const name of IN_ORDER) {
    const key = keyIn(text, name)
    if (key !== '') keys.push(key)
  }
  return keys
}

/** 8 bytes in latin1; "" where the line has no such value. */
function keyIn(profile: string, name: FingerprintName): string {
  const mark = MARKS.get(name) ?? ''
  const found = profile.indexOf(mark)
  if (found < 0) return ''
  const off = found + mark.length
  return valueKey(profile.slice(off, profile.indexOf(QUOTE, off)))
}

/** The key of a value. */
export function valueKey(value: string): string {
  if (!HASH.test(value)) return hash('sha256', value, 'binary').slice(0, KEY_LEN)
  let key = ''
  for (let i = 0; i < 2 * KEY_LEN; i += 2)
    key += String.fromCharCode((digit(value, i) << 4) | digit(value, i + 1))
  return key
}

/** The value of a lower-case hexadecimal digit. */
function digit(text: string, at: number): number {
  const code = text.charCodeAt(at)
  return code < 0x3a ? code - 0x30 : code - 0x57
}

/** The values that an asked one may be found by, itself first. */
export function valuesFoundBy(value: string): string[] {
  const values = [value]
  if (/^\d+,[\d-]*,[\d-]*,[\d-]*,[\d-]*$/.test(value)) values.push(hash('md5', value))
  const raw = /^([tqd][0-9a-z]{9})_([0-9a-f,]*)_(.*)$/.exec(value)
  if (raw !== null) {
    const [, head = '', ciphers = '', rest = ''] = raw
    values.push(`${head}_${ja4Hash(ciphers)}_${ja4Hash(rest)}`)
  }
  return values
}

function ja4Hash(list: string): string {
  return list === '' ? '000000000000' : hash('sha256', list).slice(0, 12)
}
