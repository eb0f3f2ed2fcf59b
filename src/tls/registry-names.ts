// Names and statuses of the values in hellos, as IANA lists them (registry/*.csv). A registry is unpacked
// when it is first asked.

import { isGrease } from '../base/grease.js'
import { REGISTRY_TEXT } from './registry-data.js'

export type RegistryName = keyof typeof REGISTRY_TEXT

/** The status of a value at IANA. `other Reserved` is any longer wording than "Reserved", except private use. */
export type RegistryStatus =
  'assigned' | 'Reserved' | 'Unassigned' | 'Private Use' | 'other Reserved'

/** One row of a registry: a value or a range of them. */
export interface RegistryRow {
  /** A number, `93-95`, hex for a QUIC transport parameter, or the bytes of an ALPN id. */
  readonly value: string
  /** First and last value of the row; NaN where values are not numbers. */
  readonly first: number
  readonly last: number
  /** IANA's wording. */
  readonly description: string
  readonly status: RegistryStatus
  /** RFC or draft; empty where there is none. */
  readonly reference: string
  /** A name met in the field for a value without one; empty where there is none. */
  readonly used_as: string
}

/** The registries, by name. */
export const REGISTRY_NAMES = Object.keys(REGISTRY_TEXT) as readonly RegistryName[]

const STATUS: Readonly<Record<string, RegistryStatus>> = {
  a: 'assigned',
  r: 'Reserved',
  u: 'Unassigned',
  p: 'Private Use',
  o: 'other Reserved',
}
const unpacked = new Map<RegistryName, readonly RegistryRow[]>()

/** All rows of a registry, lowest value first where values are numbers. */
export function listRegistry(name: RegistryName): readonly RegistryRow[] {
  let rows = unpacked.get(name)
  if (rows === undefined)
    unpacked.set(name, (rows = REGISTRY_TEXT[name].rows.split('\n').map(unpack)))
  return rows
}

/** IANA's title of a registry and where it stands. */
export function registrySource(name: RegistryName): { title: string; source: string } {
  const { title, source } = REGISTRY_TEXT[name]
  return { title, source }
}

/** IANA's status of a number in a registry; a number without a row is unassigned. */
export function statusOf(name: RegistryName, value: number): RegistryStatus {
  return find(name, value)?.status ?? 'Unassigned'
}

/** `TLS_AES_128_GCM_SHA256`, `GREASE (0x0a0a)`, `unassigned (0x1234)`, `private use (0xff00)`, `reserved (0x0047)`. */
export function cipherSuiteName(value: number): string {
  return nameOf16('cipher-suites', value)
}

/** Name of an ExtensionType, written as cipherSuiteName writes. */
export function extensionName(value: number): string {
  return nameOf16('extensions', value)
}

/** Name of a NamedGroup. */
export function groupName(value: number): string {
  return nameOf16('supported-groups', value)
}

/** Name of a SignatureScheme. */
export function signatureSchemeName(value: number): string {
  return nameOf16('signature-schemes', value)
}

/** Name of a CertificateCompressionAlgorithm. */
export function certificateCompressionName(value: number): string {
  return nameOf16('certificate-compression', value)
}

/** Name of an ECPointFormat. */
export function pointFormatName(value: number): string {
  return nameOf('point-formats', value, 2)
}

/** Name of a PskKeyExchangeMode. Its eight GREASE values are of one byte (RFC 8701 §2). */
export function pskKeyExchangeModeName(value: number): string {
  if (statusOf('psk-key-exchange-modes', value) === 'Reserved') return `GREASE (${hex(value, 2)})`
  return nameOf('psk-key-exchange-modes', value, 2)
}

/** Name of a QUIC transport parameter, whose id may use 62 bits (RFC 9000 §18). */
export function quicTransportParameterName(id: bigint): string {
  if (id % 31n === 27n) return `GREASE (0x${id.toString(16)})`
  const text = `0x${id.toString(16).padStart(2, '0')}`
  const row = listRegistry('quic-transport-parameters').find(({ value }) => value === text)
  if (row === undefined) return `unassigned (${text})`
  return row.used_as || row.description
}

/** What is wrong with a registry's rows, a sentence each: a row out of order, a value left out or listed twice. */
export function checkRegistry(name: RegistryName): string[] {
  const faults: string[] = []
  const seen = new Set<string>()
  let next = 0
  for (const row of listRegistry(name)) {
    if (seen.has(row.value)) faults.push(`${name} lists ${row.value} twice`)
    seen.add(row.value)
    if (isSparse(name)) continue
    if (row.first !== next) faults.push(`${name} has ${row.value} where ${next} should follow`)
    if (!(row.last >= row.first)) faults.push(`${name} has the empty range ${row.value}`)
    next = row.last + 1
  }
  if (!isSparse(name) && next !== 256 && next !== 65_536) faults.push(`${name} ends before ${next}`)
  return faults
}

/** Whether a registry has rows for assigned values only. */
function isSparse(name: RegistryName): boolean {
  return name === 'alpn' || name === 'quic-transport-parameters'
}

function unpack(line: string): RegistryRow {
  const [value = '', description = '', status = '', reference = '', used_as = ''] = line.split('|')
  const range = /^(\d+)(?:-(\d+))?$/.exec(value)
  const first = range === null ? Number(value) : Number(range[1])
  const last = range?.[2] === undefined ? first : Number(range[2])
  return {
    value,
    first,
    last,
    description: description || 'Unassigned',
    status: STATUS[status] ?? 'Unassigned',
    reference,
    used_as,
  }
}

function find(name: RegistryName, value: number): RegistryRow | undefined {
  const rows = listRegistry(name)
  let low = 0
  let high = rows.length - 1
  while (low <= high) {
    const middle = (low + high) >> 1
    const row = rows[middle]
    if (row === undefined) return undefined
    if (value < row.first) high = middle - 1
    else if (value > row.last) low = middle + 1
    else return row
  }
  return undefined
}

function nameOf16(name: RegistryName, value: number): string {
  return isGrease(value) ? `GREASE (${hex(value, 4)})` : nameOf(name, value, 4)
}

function nameOf(name: RegistryName, value: number, digits: number): string {
  const row = find(name, value)
  if (row?.status === 'assigned') return row.description
  if (row !== undefined && row.used_as !== '') return row.used_as
  const kind = row?.status === 'other Reserved' ? 'reserved' : (row?.status ?? 'unassigned')
  return `${kind.toLowerCase()} (${hex(value, digits)})`
}

function hex(value: number, digits: number): string {
  return `0x${value.toString(16).padStart(digits, '0')}`
}
