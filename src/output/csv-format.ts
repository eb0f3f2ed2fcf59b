// Comma-separated values, RFC 4180. A cell that a spreadsheet would run as a formula is defused by an apostrophe.

import type { Format, SightingRow } from './format.js'

/** The columns of a sighting, always all of them, in this order. */
export const SIGHTING_COLUMNS = [
  'time',
  'id',
  'sensor',
  'file',
  'interface',
  'proto',
  'src',
  'srcport',
  'dst',
  'dstport',
  'vlan',
  'tunnel',
  'sni',
  'alpn',
  'record_version',
  'quic_version',
  'client_hello_version',
  'tls_version',
  'sha3_384',
  'sha3_384_stable',
  'ja3',
  'ja3n',
  'ja4',
  'ja4_r',
  'ja4_o',
  'ja4_ro',
  'ja3_string',
  'ja3n_string',
  'npf',
  'npf1',
  'ja3s',
  'server_version',
  'cipher_name',
  'community_id',
  'ech',
  'hello_len',
  'quality',
  'confirmed',
  'side',
  'npf_server',
] as const

/** First characters that make a spreadsheet take a cell for a formula (OWASP, "CSV Injection"). */
const FORMULA = /^[=+\-@\t\r]/
const NUMBER = /^-?\d+(\.\d+)?$/
const QUOTED = /[",\r\n]/

/** One cell: quoted where RFC 4180 §2 asks for it, and never a formula. */
export function csvCell(value: unknown): string {
  if (value === undefined || value === null) return ''
  const plain = Array.isArray(value)
    ? value.join(' ')
    : typeof value === 'string'
      ? value
      : JSON.stringify(value)
  const text = FORMULA.test(plain) && !NUMBER.test(plain) ? `'${plain}` : plain
  return QUOTED.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** One record with its line end, CRLF (RFC 4180 §2). */
export function csvRecord(values: readonly unknown[]): string {
  return `${values.map(csvCell).join(',')}\r\n`
}

/** Sightings as CSV with a header. */
export function csvFormat(): Format {
  return {
    head: () => csvRecord(SIGHTING_COLUMNS),
    row: (sighting: SightingRow) =>
      csvRecord(SIGHTING_COLUMNS.map((column) => sighting[column as keyof SightingRow])),
    tail: () => '',
  }
}
