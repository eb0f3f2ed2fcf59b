import type { ColumnName } from '../history/schema.js'

/** What can be asked of a field. */
export type FieldKind = 'text' | 'list' | 'address' | 'integer' | 'boolean' | 'time'

export interface Field {
  readonly kind: FieldKind
  /** Columns that hold it; any of them may match. */
  readonly columns: readonly (ColumnName | 'sensor')[]
  /** Whether case does not matter. */
  readonly isFolded?: boolean
}

const text = (...columns: (ColumnName | 'sensor')[]): Field => ({ kind: 'text', columns })
const integer = (...columns: ColumnName[]): Field => ({ kind: 'integer', columns })

/** Every field of the query language. */
export const FIELDS: Readonly<Record<string, Field>> = {
  time: { kind: 'time', columns: ['time'] },
  id: text('id'),
  sensor: text('sensor'),
  file: text('file'),
  interface: text('interface'),
  proto: text('proto'),
  src: { kind: 'address', columns: ['src'] },
  dst: { kind: 'address', columns: ['dst'] },
  srcport: integer('srcport'),
  dstport: integer('dstport'),
  vlan: integer('vlan'),
  tunnel: text('tunnel'),
  // names of the DNS, RFC 4343 §3
  sni: { ...text('sni'), isFolded: true },
  alpn: { kind: 'list', columns: ['alpn'] },
  record_version: text('record_version'),
  quic_version: text('quic_version'),
  client_hello_version: text('client_hello_version'),
  tls_version: text('tls_version'),
  sha3_384: text('sha3_384'),
  sha3_384_stable: text('sha3_384_stable'),
  ja3: text('ja3'),
  ja3n: text('ja3n'),
  ja3n_string: text('ja3n_string'),
  ja4: text('ja4'),
  ja4_r: text('ja4_r'),
  ja4_o: text('ja4_o'),
  npf1: text('npf1'),
  fingerprint: text('sha3_384', 'sha3_384_stable', 'ja3', 'ja3n', 'ja4', 'ja4_o', 'npf1'),
  ja3s: text('ja3s'),
  server_version: text('server_version'),
  cipher_name: text('cipher_name'),
  ech: { kind: 'boolean', columns: ['ech'] },
  confirmed: { kind: 'boolean', columns: ['confirmed'] },
  hello_len: integer('hello_len'),
  quality: { kind: 'list', columns: ['quality'] },
  user_agent: text('user_agent'),
  library: text('library'),
  library_version: text('library_version'),
  application: { kind: 'list', columns: ['application'] },
  verdict: text('verdict'),
  reasons: { kind: 'list', columns: ['reasons'] },
  new_since: { kind: 'time', columns: [] },
}

/** Fields that the history makes again for its answers, and what to ask for instead. */
export const NOT_STORED: Readonly<Record<string, string>> = {
  ja3_string: 'ask for ja3, its MD5, or for ja3n_string',
  ja4_ro: 'ask for ja4_o, or for ja4_r',
  npf: 'ask for npf1',
  community_id: 'ask for src, srcport, dst and dstport',
  tls_fp: 'ask for sha3_384',
}
