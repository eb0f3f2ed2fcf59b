// What a client is counted by: its fingerprint, its JA4, and each part of its hello.

import { hash } from 'node:crypto'
import { isGrease } from '../base/grease.js'
import type { Sighting } from '../model/sighting.js'
import { valueKey } from './values.js'

/** Parts of a hello that clients are counted by, as `tls_fp` and sightings name them. */
export const PARTS = [
  'ciphers',
  'extensions',
  'supported_groups',
  'signature_algorithms',
  'ec_point_formats',
  'alpn',
] as const
export type PartName = (typeof PARTS)[number]

/** A part and what one hello has there: its list, comma-joined, without GREASE; extensions sorted. */
export interface PartValue {
  readonly part: PartName
  readonly value: string
}

/** Extensions that a connection chooses: server_name, padding, session_ticket, pre_shared_key, early_data, cookie. */
const OF_CONNECTION = ['0', '21', '35', '41', '42', '44']
/** A GREASE name of ALPN as sightings print it (RFC 8701 §2). */
const GREASE_NAME = /^(?:\\x([0-9a-f]a)\\x\1|JJ|ZZ|jj|zz|\*\*|::)$/
/** Kinds of key; the rest are numbers of PARTS. */
const EVERYBODY = 'a'
const FINGERPRINT = 'f'
const JA4 = 'j'

/** The parts of a sighting's hello. */
export function partsOf({ tls_fp, ja3n_string, alpn }: Sighting): PartValue[] {
  // ja3n_string has values that tls_fp leaves out by their registry status
  const [, ciphers, extensions, groups] =
    ja3n_string?.split(',').map((list) => list.replaceAll('-', ',')) ?? []
  const lists: Readonly<Record<PartName, string | undefined>> = {
    ciphers: ciphers ?? tls_fp?.ciphers,
    extensions: sorted(extensions ?? tls_fp?.extensions),
    supported_groups: groups ?? tls_fp?.supported_groups,
    signature_algorithms: tls_fp?.signature_algorithms,
    ec_point_formats: tls_fp?.ec_point_formats,
    alpn: alpn?.join(','),
  }
  return PARTS.map((part) => ({ part, value: withoutGrease(lists[part] ?? '', part) }))
}

/** The key that all clients are counted under. */
export const EVERYBODY_KEY = EVERYBODY

/** The key of a fingerprint by its 8 bytes in latin1 (packed-row.ts). */
export function fingerprintKey(fingerprint: string): string {
  return FINGERPRINT + fingerprint
}

/** The key of a JA4. */
export function ja4Key(ja4: string): string {
  return JA4 + valueKey(ja4)
}

/** The key of a part. */
export function partKey({ part, value }: PartValue): string {
  const name = String(PARTS.indexOf(part))
  return name + hash('sha256', `${name} ${value}`, 'buffer').toString('latin1', 0, 8)
}

/** Every key that a sighting with this fingerprint is counted under, its fingerprint's first. */
export function keysOfSighting(fingerprint: string, sighting: Sighting): string[] {
  return [
    fingerprintKey(fingerprint),
    EVERYBODY_KEY,
    ...(sighting.ja4 === undefined ? [] : [ja4Key(sighting.ja4)]),
    ...partsOf(sighting).map(partKey),
  ]
}

/** Whether the first time of each client is remembered with a key. */
export function isFingerprintKey(key: string): boolean {
  return key.startsWith(FINGERPRINT)
}

function sorted(list: string | undefined): string {
  return (list ?? '')
    .split(',')
    .filter((id) => !OF_CONNECTION.includes(id))
    .sort((a, b) => Number(a) - Number(b))
    .join(',')
}

function withoutGrease(list: string, part: PartName): string {
  return list
    .split(',')
    .filter((id) => (part === 'alpn' ? !GREASE_NAME.test(id) : !isGrease(Number(id))))
    .join(',')
}
