import * as crypto from 'node:crypto'
import type { Sighting, TlsFp } from '../model/sighting.js'
import { HASHED, addressBytes, addressKey, addressText } from './address.js'
import { communityId } from './community-id.js'
import { COLUMNS } from './schema.js'
import type { ColumnName } from './schema.js'
import { WireProfile, WireProfiles, sortedList } from './wire-order.js'
import type { SortedTexts } from './wire-order.js'

/** A sighting as a JSON line has it, with the keys that later stages add. */
export type SightingLine = Sighting & { readonly id?: string } & Readonly<Record<string, unknown>>

/** One value a column, by its place in COLUMNS. */
export type Row = unknown[]

/** Place of each column in a row. */
export const AT = Object.fromEntries(COLUMNS.map(({ name }, at) => [name, at])) as Readonly<
  Record<ColumnName, number>
>

/** Keys whose list becomes JSON. */
const LISTS: ReadonlySet<string> = new Set<ColumnName>(['alpn', 'quality', 'reasons'])
/** Columns that repeat what `implementation` says, to search by. */
const COPIES = ['library', 'library_version', 'application'] as const
/** Keys and columns that are made of others, or otherwise than by copying. */
const MADE: ReadonlySet<string> = new Set<string>([
  ...['time', 'id', 'src_key', 'src', 'dst', 'sensor', 'community_id', 'other'],
  ...['wire_order', 'ja3_string', 'ja4_ro', 'npf', 'tls_fp'],
  ...COPIES,
])

/** Microseconds since the epoch of an RFC 3339 time with six decimals; undefined for text that is none. */
export function microsOf(time: unknown): bigint | undefined {
  if (typeof time !== 'string' || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/.test(time))
    return undefined
  const millis = Date.parse(time)
  return Number.isNaN(millis) ? undefined : BigInt(millis) * 1000n + BigInt(time.slice(23, 26))
}

/** The RFC 3339 time of microseconds since the epoch. */
export function timeOf(micros: bigint): string {
  const millis = micros / 1000n
  const rest = Number(micros % 1000n)
  return `${new Date(Number(millis)).toISOString().slice(0, 23)}${String(rest).padStart(3, '0')}Z`
}

/** Addresses remembered: rows that are kept would hold 16 bytes and their object each. */
const MOST_ADDRESSES = 32_768

interface Address {
  readonly bytes: Uint8Array
  readonly key: bigint
}

const addresses = new Map<string, Address>()

function addressOf(text: string): Address | undefined {
  const known = addresses.get(text)
  if (known !== undefined) return known
  const bytes = addressBytes(text)
  if (bytes === undefined) return undefined
  if (addresses.size >= MOST_ADDRESSES) addresses.clear()
  const address = { bytes, key: addressKey(bytes) }
  addresses.set(text, address)
  return address
}

/** What a profile has besides its texts: tls_fp, its extensions sorted, as an object and as the JSON that is stored. */
interface SortedTlsFp {
  readonly fp: TlsFp | undefined
  readonly json: string | undefined
}

const profiles = new WireProfiles<SortedTlsFp>()

/** Where a key of a sighting goes: to a column as it is, or as JSON. */
const COLUMN_OF: ReadonlyMap<string, { readonly at: number; readonly isList: boolean }> = new Map(
  COLUMNS.filter(({ name }) => !MADE.has(name)).map(({ name }) => [
    name,
    { at: AT[name], isList: LISTS.has(name) },
  ]),
)

/** The row of a sighting; undefined if it has no time or addresses. What has no column stands in `other` as JSON. */
export function rowOf(sighting: SightingLine): Row | undefined {
  const micros = microsOf(sighting.time)
  const src = addressOf(sighting.src)
  const dst = addressOf(sighting.dst)
  if (micros === undefined || src === undefined || dst === undefined) return undefined
  const row: Row = new Array<unknown>(COLUMNS.length).fill(undefined)
  let other: Record<string, unknown> | undefined
  for (const key in sighting) {
    const column = COLUMN_OF.get(key)
    if (column === undefined) {
      if (!MADE.has(key) || isCopy(key)) (other ??= {})[key] = sighting[key]
    } else row[column.at] = column.isList ? JSON.stringify(sighting[key]) : sighting[key]
  }
  row[AT.time] = micros
  row[AT.id] = sighting.id ?? fallbackId(sighting)
  row[AT.src_key] = src.key
  row[AT.src] = src.bytes
  row[AT.dst] = dst.bytes
  const { srcport, dstport, proto, community_id } = sighting
  if (communityId(proto === 'tcp', src.bytes, srcport, dst.bytes, dstport) !== community_id)
    (other ??= {})['community_id'] = community_id ?? null
  putImplementation(row, sighting['implementation'])
  if (sighting.src.startsWith(HASHED)) (other ??= {})['src'] = HASHED
  other = putWireTexts(sighting, row, other)
  if (other !== undefined) row[AT.other] = JSON.stringify(other)
  return row
}

function isCopy(key: string): boolean {
  return (COPIES as readonly string[]).includes(key)
}

function putImplementation(row: Row, implementation: unknown): void {
  if (typeof implementation !== 'object' || implementation === null) return
  const { library, versions, applications } = implementation as Readonly<Record<string, unknown>>
  if (typeof library === 'string') row[AT.library] = library
  if (typeof versions === 'string') row[AT.library_version] = versions
  if (Array.isArray(applications)) row[AT.application] = JSON.stringify(applications)
}

/** Stores the texts in the wire's order by their profile and the order, or in `other` what these do not make again. */
function putWireTexts(
  sighting: SightingLine,
  row: Row,
  before: Record<string, unknown> | undefined,
): Record<string, unknown> | undefined {
  let other = before
  const { tls_fp, ja3_string, ja4_ro, npf } = sighting
  const found = profiles.find(
    sighting.ja4 ?? sighting.ja3n_string,
    sighting,
    ({ fp }) => isSameBut(tls_fp, fp),
    () => {
      const { ja3n_string, ja4_r, npf1 } = sighting
      const fp = tls_fp && { ...tls_fp, extensions: sortedList(tls_fp.extensions) }
      return {
        sorted: { ja3n_string, ja4_r, npf1, extensions: fp?.extensions },
        extra: { fp, json: fp && JSON.stringify(fp) },
      }
    },
  )
  const order = found?.profile.orderOf(sighting)
  const texts = { ja3_string, ja4_ro, npf, extensions: tls_fp?.extensions }
  const made = order && found?.profile.made(order, texts)
  if (found !== undefined && made?.ja3_string === true) {
    row[AT.wire_order] = order
    // the profile's own texts, which are hashed already
    const { sorted } = found.profile
    row[AT.ja3n_string] = sorted.ja3n_string
    row[AT.ja4_r] = sorted.ja4_r
    row[AT.npf1] = sorted.npf1
    row[AT.tls_fp] = found.extra.json
    if (!made.ja4_ro) (other ??= {})['ja4_ro'] = ja4_ro ?? null
    if (!made.npf) (other ??= {})['npf'] = npf ?? null
    if (!made.extensions) (other ??= {})['tls_fp'] = tls_fp ?? null
    return other
  }
  for (const [key, value] of Object.entries({ ja3_string, ja4_ro, npf, tls_fp }))
    if (value !== undefined) (other ??= {})[key] = value
  return other
}

/** Whether two tls_fp are the same, their extensions aside, which may be in another order but are as long. */
function isSameBut(a: TlsFp | undefined, b: TlsFp | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  return (
    a.ciphers === b.ciphers &&
    a.signature_algorithms === b.signature_algorithms &&
    a.supported_groups === b.supported_groups &&
    a.extensions.length === b.extensions.length &&
    a.client_hello_version === b.client_hello_version &&
    a.record_version === b.record_version &&
    a.ec_point_formats === b.ec_point_formats
  )
}

/** The sighting of a row by column name, with the contract's names; `sensor` comes from the path. */
export function sightingOf(
  row: Readonly<Partial<Record<ColumnName | 'sensor', unknown>>>,
): SightingLine {
  const result: Record<string, unknown> = {}
  for (const { name } of COLUMNS) {
    const value = row[name]
    if (value === undefined || value === null) continue
    if (name === 'time') {
      result['time'] = timeOf(value as bigint)
      if (typeof row.sensor === 'string') result['sensor'] = row.sensor
    } else if (name === 'src' || name === 'dst') result[name] = addressText(value as Uint8Array)
    else if (LISTS.has(name)) result[name] = JSON.parse(value as string) as unknown
    else if (name === 'wire_order') addWireTexts(result, value as Uint8Array, row)
    else if (!MADE.has(name) || name === 'id') result[name] = value
  }
  result['community_id'] = communityId(
    row.proto === 'tcp',
    row.src as Uint8Array,
    row.srcport as number,
    row.dst as Uint8Array,
    row.dstport as number,
  )
  if (typeof row.other === 'string')
    for (const [key, value] of Object.entries(JSON.parse(row.other) as Record<string, unknown>))
      if (key === 'src') result['src'] = HASHED + Buffer.from(row.src as Uint8Array).toString('hex')
      else if (value === null) Reflect.deleteProperty(result, key)
      else result[key] = value
  return result as unknown as SightingLine
}

function addWireTexts(
  result: Record<string, unknown>,
  order: Uint8Array,
  row: Readonly<Partial<Record<ColumnName, unknown>>>,
): void {
  const fp = typeof row.tls_fp === 'string' ? (JSON.parse(row.tls_fp) as TlsFp) : undefined
  const { ja3n_string, ja4_r, npf1 } = row as SortedTexts
  const sorted = {
    ja3n_string: ja3n_string ?? undefined,
    ja4_r: ja4_r ?? undefined,
    npf1: npf1 ?? undefined,
    extensions: fp?.extensions,
  }
  const { extensions, ...texts } = WireProfile.of(sorted)?.texts(order) ?? {}
  for (const [key, text] of Object.entries(texts)) if (text !== undefined) result[key] = text
  if (fp !== undefined) result['tls_fp'] = { ...fp, extensions }
}

/** An id for a line that has none: the same flow and hello within a minute. */
function fallbackId(sighting: SightingLine): string {
  const { proto, src, srcport, dst, dstport, time, hello_len, sha3_384 = '', ja3 = '' } = sighting
  const text = [
    proto,
    src,
    srcport,
    dst,
    dstport,
    time.slice(0, 16),
    hello_len,
    sha3_384,
    ja3,
  ].join(' ')
  return crypto.hash('sha1', text).slice(0, 16)
}
