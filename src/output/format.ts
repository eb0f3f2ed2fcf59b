import type { Sighting } from '../model/sighting.js'

/** Text formats of sightings; `parquet` makes a folder instead and is not among them. */
export const TEXT_FORMATS = ['jsonl', 'table', 'csv', 'eve', 'ecs', 'zeek'] as const
export type TextFormat = (typeof TEXT_FORMATS)[number]

/** Keys that a sighting of EAP over a LAN does not have. */
type FlowKeys = 'src' | 'srcport' | 'dst' | 'dstport'

/** Where a sighting came from and went to. */
type FlowOfSighting = { readonly [Key in FlowKeys]?: Sighting[Key] | undefined }

/** Keys that the row of a server whose client was not seen does not have. */
type ClientKeys = 'client_hello_version' | 'tls_version'

/** A sighting as an output prints it. */
export interface SightingRow
  extends
    Omit<Sighting, FlowKeys | ClientKeys>,
    FlowOfSighting,
    Partial<Pick<Sighting, ClientKeys>> {
  readonly id?: string
  readonly confirmed?: boolean
}

/** How sightings become text. Every part ends with its line end, or is empty. */
export interface Format {
  /** What stands before the first sighting of a file. */
  readonly head: () => string
  readonly row: (sighting: SightingRow) => string
  /** What stands after the last sighting of a file. */
  readonly tail: () => string
}

/** A format without head and tail. */
export function lineFormat(row: (sighting: SightingRow) => string): Format {
  return { head: () => '', row, tail: () => '' }
}

/** The object without its keys whose value is undefined, or an empty list or object: no format prints those. */
export function withoutEmpty(value: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const result: Record<string, unknown> = {}
  for (const [key, each] of Object.entries(value)) {
    const kept = isRecord(each) ? withoutEmpty(each) : each
    if (kept === undefined || kept === '') continue
    if (Array.isArray(kept) && kept.length === 0) continue
    if (isRecord(kept) && Object.keys(kept).length === 0) continue
    result[key] = kept
  }
  return result
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The numbers of a list of tls_fp; undefined for a list that is absent. */
export function numbersOf(list: string | undefined): number[] | undefined {
  return list === undefined || list === '' ? undefined : list.split(',').map(Number)
}

/** Seconds since the epoch of an RFC 3339 time, with its six decimals. */
export function epochSeconds(time: string): string {
  const seconds = Math.floor(Date.parse(time) / 1000)
  const micros = /\.(\d+)/.exec(time)?.[1] ?? ''
  return `${seconds}.${micros.padEnd(6, '0').slice(0, 6)}`
}

/** FNV-1a with 52 bits of the text: a number that JSON and JavaScript hold exactly. */
export function hash52(text: string): number {
  let low = 0x811c9dc5
  let high = 0xcbf29ce4
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    low = Math.imul(low ^ code, 0x01000193)
    high = Math.imul(high ^ code ^ (low >>> 13), 0x01000193)
  }
  return (high & 0xf_ffff) * 0x1_0000_0000 + (low >>> 0)
}

/** The flow of a sighting, the same text for both directions. */
export function flowKey({ proto, src, srcport, dst, dstport }: SightingRow): string {
  return [
    proto === 'tcp' ? 'tcp' : 'udp',
    ...[`${src} ${srcport}`, `${dst} ${dstport}`].sort(),
  ].join(' ')
}

/** What is hellotap's own in a record of another schema: it has no names for these. */
export function ownFields(sighting: SightingRow): Record<string, unknown> {
  return {
    sha3_384: sighting.sha3_384,
    sha3_384_stable: sighting.sha3_384_stable,
    ja3n: sighting.ja3n,
    ja4_r: sighting.ja4_r,
    ja4_o: sighting.ja4_o,
    npf: sighting.npf,
    npf_server: sighting.npf_server,
    side: sighting.side,
    tunnel: sighting.tunnel,
    ech: sighting.ech,
    hello_len: sighting.hello_len,
    quality: sighting.quality,
    confirmed: sighting.confirmed,
  }
}
