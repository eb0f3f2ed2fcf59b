// The columns of a history file, version 1. docs/history.md describes them for readers with other programs; a change that
// such a reader would notice gets a new version.

import type { SchemaElement } from 'hyparquet'

/** Stands in each file's metadata under `hellotap.schema`. */
export const SCHEMA_VERSION = 1
export const SCHEMA_KEY = 'hellotap.schema'

/** How a column is stored. `repeated` texts have few values and are kept once; `unique` ones differ from row to row. */
export type ColumnKind =
  'time' | 'address' | 'key' | 'integer' | 'port' | 'boolean' | 'repeated' | 'unique' | 'bytes'

export interface ColumnSpec {
  readonly name: string
  readonly kind: ColumnKind
  readonly isRequired?: boolean
}

/** In the order of the file. The sensor stands in the path (`sensor=NAME`). */
export const COLUMNS = [
  { name: 'time', kind: 'time', isRequired: true },
  { name: 'id', kind: 'unique', isRequired: true },
  { name: 'src_key', kind: 'key', isRequired: true },
  { name: 'src', kind: 'address', isRequired: true },
  { name: 'srcport', kind: 'port', isRequired: true },
  { name: 'dst', kind: 'address', isRequired: true },
  { name: 'dstport', kind: 'port', isRequired: true },
  { name: 'proto', kind: 'repeated', isRequired: true },
  { name: 'file', kind: 'repeated' },
  { name: 'interface', kind: 'repeated' },
  { name: 'vlan', kind: 'port' },
  { name: 'tunnel', kind: 'repeated' },
  { name: 'sni', kind: 'unique' },
  { name: 'alpn', kind: 'repeated' },
  { name: 'record_version', kind: 'repeated' },
  { name: 'quic_version', kind: 'repeated' },
  { name: 'client_hello_version', kind: 'repeated' },
  { name: 'tls_version', kind: 'repeated' },
  { name: 'sha3_384', kind: 'unique' },
  { name: 'sha3_384_stable', kind: 'repeated' },
  { name: 'ja3', kind: 'unique' },
  { name: 'ja3n', kind: 'repeated' },
  { name: 'ja3n_string', kind: 'repeated' },
  { name: 'ja4', kind: 'repeated' },
  { name: 'ja4_r', kind: 'repeated' },
  { name: 'ja4_o', kind: 'unique' },
  { name: 'npf1', kind: 'repeated' },
  { name: 'tls_fp', kind: 'repeated' },
  { name: 'wire_order', kind: 'bytes' },
  { name: 'iana', kind: 'repeated' },
  { name: 'ech', kind: 'boolean' },
  { name: 'hello_len', kind: 'integer', isRequired: true },
  { name: 'quality', kind: 'repeated' },
  { name: 'confirmed', kind: 'boolean' },
  { name: 'ja3s', kind: 'repeated' },
  { name: 'server_version', kind: 'repeated' },
  { name: 'cipher_name', kind: 'repeated' },
  { name: 'user_agent', kind: 'repeated' },
  { name: 'library', kind: 'repeated' },
  { name: 'library_version', kind: 'repeated' },
  { name: 'application', kind: 'repeated' },
  { name: 'verdict', kind: 'repeated' },
  { name: 'reasons', kind: 'repeated' },
  { name: 'other', kind: 'unique' },
] as const satisfies readonly ColumnSpec[]

export type ColumnName = (typeof COLUMNS)[number]['name']

const TEXT = {
  type: 'BYTE_ARRAY',
  converted_type: 'UTF8',
  logical_type: { type: 'STRING' },
} as const
const TYPES = {
  time: {
    type: 'INT64',
    converted_type: 'TIMESTAMP_MICROS',
    logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MICROS' },
  },
  address: { type: 'FIXED_LEN_BYTE_ARRAY', type_length: 16 },
  key: { type: 'INT64', converted_type: 'UINT_64' },
  integer: { type: 'INT32' },
  port: { type: 'INT32', converted_type: 'UINT_16' },
  boolean: { type: 'BOOLEAN' },
  repeated: TEXT,
  unique: TEXT,
  bytes: { type: 'BYTE_ARRAY' },
} as const satisfies Record<ColumnKind, Partial<SchemaElement>>

/** The schema as Parquet's metadata writes it. */
export const PARQUET_SCHEMA: SchemaElement[] = [
  { name: 'sighting', num_children: COLUMNS.length },
  ...COLUMNS.map(({ name, kind, ...rest }): SchemaElement => ({
    ...TYPES[kind],
    name,
    repetition_type: 'isRequired' in rest ? 'REQUIRED' : 'OPTIONAL',
  })),
]
