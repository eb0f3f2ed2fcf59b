// The fingerprints once more, as short as their definitions allow and sharing nothing with src/: strings, arrays,
// Node's hashes. Slow, and what the quick ones are held against.

import { createHash } from 'node:crypto'
import { sha3_384 } from 'js-sha3'

type Item = [type: number, body: Buffer]

/** A ClientHello taken apart without looking out for malformed ones. */
export interface NaiveHello {
  legacyVersion: number
  ciphers: number[]
  extensions: Item[]
}

const grease = (value: number) => /^(.a)\1$/.test(value.toString(16).padStart(4, '0'))
const numbers = (bytes: Buffer) =>
  Array.from({ length: bytes.length >> 1 }, (_, i) => bytes.readUInt16BE(2 * i))
const four = (value: number) => value.toString(16).padStart(4, '0')
const md5 = (text: string) => createHash('md5').update(text).digest('hex')
const sha12 = (text: string) =>
  text === '' ? '000000000000' : createHash('sha256').update(text).digest('hex').slice(0, 12)

/** Parses a well-formed ClientHello. */
export function naiveParse(data: Uint8Array): NaiveHello {
  const bytes = Buffer.from(data)
  let at = 38
  at += 1 + bytes.readUInt8(at)
  const ciphers = numbers(bytes.subarray(at + 2, at + 2 + bytes.readUInt16BE(at)))
  at += 2 + bytes.readUInt16BE(at)
  at += 1 + bytes.readUInt8(at)
  const extensions: Item[] = []
  for (at += 2; at < bytes.length; at += 4 + bytes.readUInt16BE(at + 2)) {
    const length = bytes.readUInt16BE(at + 2)
    extensions.push([bytes.readUInt16BE(at), bytes.subarray(at + 4, at + 4 + length)])
  }
  return { legacyVersion: bytes.readUInt16BE(4), ciphers, extensions }
}

/** Every fingerprint of a hello over TCP that the definitions give without a registry. */
export function naiveFingerprints(bytes: Uint8Array): Record<string, string> {
  const { legacyVersion, ciphers, extensions } = naiveParse(bytes)
  const body = (type: number) => extensions.find(([each]) => each === type)?.[1] ?? Buffer.alloc(0)
  const plain = (list: number[]) => list.filter((value) => !grease(value))
  const types = plain(extensions.map(([type]) => type))
  const sortedTypes = types.toSorted((a, b) => a - b)
  const groups = plain(numbers(body(10).subarray(2)))
  const formats = [...body(11).subarray(1)]
  const schemes = plain(numbers(body(13).subarray(2)))
  const offered = plain(numbers(body(43).subarray(1)))
  const protocols = body(16)

  const ja3 = (list: number[]) =>
    [[legacyVersion], plain(ciphers), list, groups, formats].map((part) => part.join('-')).join(',')

  const version = offered.length > 0 ? Math.max(...offered) : legacyVersion
  const code = {
    ...{ 0x304: '13', 0x303: '12', 0x302: '11', 0x301: '10', 0x300: 's3', 2: 's2' },
    ...{ 0xfeff: 'd1', 0xfefd: 'd2', 0xfefc: 'd3' },
  }[version]
  const first = protocols.length > 3 ? protocols.subarray(3, 3 + protocols.readUInt8(2)) : protocols
  const text = first.toString('latin1')
  const shown = /^[0-9A-Za-z](.*[0-9A-Za-z])?$/s.test(text) ? text : first.toString('hex')
  const count = (list: number[]) => String(Math.min(list.length, 99)).padStart(2, '0')
  const a =
    `t${code ?? '00'}${types.includes(0) ? 'd' : 'i'}${count(plain(ciphers))}${count(types)}` +
    (first.length === 0 ? '00' : `${shown.at(0) ?? ''}${shown.at(-1) ?? ''}`)
  const b = plain(ciphers).map(four).toSorted().join(',')
  const bo = plain(ciphers).map(four).join(',')
  const tail = schemes.length > 0 ? `_${schemes.map(four).join(',')}` : ''
  const c = sortedTypes
    .filter((type) => type !== 0 && type !== 16)
    .map(four)
    .join(',')
  const co = types.map(four).join(',')

  const fold = (list: number[]) =>
    list.map((value) => (grease(value) ? '0a0a' : four(value))).join('')
  const whole = [1, 5, 7, 8, 9, 10, 11, 13, 15, 16, 17, 24, 27, 28, 43, 45, 50, 0x5500]
  const elements = extensions.map(([type, bytes]) => {
    if (grease(type)) return '(0a0a)'
    if (!whole.includes(type)) return `(${four(type)})`
    let hex = bytes.toString('hex')
    if (type === 10) hex = hex.slice(0, 4) + fold(numbers(bytes.subarray(2)))
    if (type === 43) hex = hex.slice(0, 2) + fold(numbers(bytes.subarray(1)))
    return `(${four(type)}${four(bytes.length)}${hex})`
  })
  const head = `(${four(legacyVersion)})(${fold(ciphers)})`

  const stable = JSON.stringify({
    ciphers: plain(ciphers).join(','),
    client_hello_version: versionWords(legacyVersion),
    ec_point_formats: formats.join(','),
    extensions: sortedTypes.filter((type) => ![0, 21, 35, 41, 42, 44].includes(type)).join(','),
    signature_algorithms: schemes.join(','),
    supported_groups: groups.join(','),
  })
  return {
    sha3_384_stable: sha3_384(stable),
    ja3: md5(ja3(types)),
    ja3_string: ja3(types),
    ja3n: md5(ja3(sortedTypes)),
    ja3n_string: ja3(sortedTypes),
    ja4: `${a}_${sha12(b)}_${sha12(c === '' ? '' : c + tail)}`,
    ja4_r: `${a}_${b}_${c}${tail}`,
    ja4_o: `${a}_${sha12(bo)}_${sha12(c === '' ? '' : co + tail)}`,
    ja4_ro: `${a}_${bo}_${co}${tail}`,
    npf: `tls/${head}(${elements.join('')})`,
    npf1: `tls/1/${head}[${elements.toSorted().join('')}]`,
  }
}

function versionWords(version: number): string {
  const minor = version - 0x0301
  if (version === 0x0300) return 'SSL 3.0'
  return minor >= 0 && minor <= 3 ? `TLS 1.${minor}` : `0x${four(version)}`
}
