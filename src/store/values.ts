// What a fingerprint's value is found by: 8 bytes of it. Hashes are their own key; any other value is hashed.
//
// Methods that are hashes of another are found by that: ja3_string by its MD5, ja4_r and ja4_ro by the JA4 they make.

import { hash } from 'node:crypto'
import type { FingerprintName } from '../model/sighting.js'

const KEY_DIGITS = 16
const QUOTE = 0x22
/** Methods whose value does not depend on the order of extensions: the fingerprint's own first. */
const SORTED: readonly FingerprintName[] = ['sha3_384_stable', 'ja3n', 'ja4', 'npf1']
const IN_ORDER: readonly FingerprintName[] = ['sha3_384', 'ja3', 'ja4_o', 'npf']
const MARKS = new Map([...SORTED, ...IN_ORDER].map((name) => [name, Buffer.from(`"${name}":"`)]))

/** Keys of the values in a line's profile that do not depend on the order of extensions. */
export function sortedValues(profile: Buffer): readonly string[] {
  return SORTED.map((name) => keyIn(profile, name))
}

/** Keys of the values that do. */
export function orderValues(profile: Buffer): readonly string[] {
  return IN_ORDER.map((name) => keyIn(profile, name)).filter((key) => key !== '')
}

/** 8 bytes in latin1; "" where the line has no such value. */
function keyIn(profile: Buffer, name: FingerprintName): string {
  const mark = MARKS.get(name)
  const found = mark === undefined ? -1 : profile.indexOf(mark)
  if (mark === undefined || found < 0) return ''
  const off = found + mark.length
  return valueKey(profile.toString('latin1', off, profile.indexOf(QUOTE, off)))
}

/** The key of a value. */
export function valueKey(value: string): string {
  const isHash = (value.length === 32 || value.length === 96) && /^[0-9a-f]+$/.test(value)
  const digits = isHash ? value : hash('sha256', value)
  return Buffer.from(digits.slice(0, KEY_DIGITS), 'hex').toString('latin1')
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
