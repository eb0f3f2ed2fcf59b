// A table for a terminal: aligned, cut to its width, coloured unless told otherwise. Rows come one by one, so that columns
// have widths of their own; where the terminal is narrow, the last ones are left out.

import type { Format, SightingRow } from './format.js'

/** One column of a table. */
export interface Column<Row> {
  readonly title: string
  /** Characters: the least it is worth showing with, and what most values take. */
  readonly least: number
  readonly usual: number
  /** SGR parameter of its colour (ECMA-48 §8.3.117). */
  readonly colour?: number
  readonly isRight?: boolean
  readonly value: (row: Row) => string
}

/** What a terminal is like. */
export interface Terminal {
  /** Characters a line has. */
  readonly width: number
  readonly isColoured: boolean
}

const GAP = '  '
// control characters, and those that change the direction of writing, would rewrite the terminal

const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

const SIGHTING: readonly Column<SightingRow>[] = [
  {
    title: 'TIME',
    least: 19,
    usual: 19,
    colour: 2,
    value: ({ time }) => time.slice(0, 19).replace('T', ' '),
  },
  {
    title: 'SOURCE',
    least: 15,
    usual: 21,
    colour: 36,
    value: ({ src, srcport, src_mac }) => endpoint(src ?? src_mac, srcport),
  },
  { title: 'JA4', least: 36, usual: 36, colour: 33, value: ({ ja4 }) => ja4 ?? '-' },
  { title: 'SNI', least: 12, usual: 28, colour: 32, value: ({ sni }) => sni ?? '-' },
  {
    title: 'DESTINATION',
    least: 15,
    usual: 21,
    value: ({ dst, dstport }) => endpoint(dst, dstport),
  },
  { title: 'PROTO', least: 5, usual: 5, value: ({ proto }) => proto },
  {
    title: 'VERSION',
    least: 8,
    usual: 8,
    value: ({ tls_version, server_version }) => tls_version ?? server_version ?? '',
  },
  { title: 'ALPN', least: 4, usual: 11, value: ({ alpn }) => alpn?.join(',') ?? '-' },
  {
    title: 'QUALITY',
    least: 7,
    usual: 10,
    colour: 31,
    value: ({ quality }) => quality?.join(',') ?? '',
  },
]

function endpoint(address = '-', port?: number): string {
  if (port === undefined) return address
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}

/** Sightings as a table. */
export function tableFormat(terminal: Terminal): Format {
  const rows = tableOf(SIGHTING, terminal)
  return { head: () => rows.head, row: (sighting) => rows.row(sighting), tail: () => '' }
}

/** Lines of a table of these columns: as many of them as fit, the widest value cut with an ellipsis. */
export function tableOf<Row>(
  columns: readonly Column<Row>[],
  { width, isColoured }: Terminal,
): { readonly head: string; readonly row: (row: Row) => string } {
  const shown = fit(columns, width)
  const paint = (text: string, colour: number | undefined) =>
    isColoured && colour !== undefined ? `\u001b[${colour}m${text}\u001b[0m` : text
  const line = (
    textOf: (column: Column<Row>) => string,
    colourOf: (column: Column<Row>) => number | undefined,
  ) =>
    `${shown
      .map(({ column, length }, at) => {
        const text = textOf(column).replace(UNPRINTABLE, '?')
        const cut = text.length > length ? `${text.slice(0, length - 1)}…` : text
        const isLast = at === shown.length - 1
        const padded = column.isRight ? cut.padStart(length) : isLast ? cut : cut.padEnd(length)
        return paint(padded, colourOf(column))
      })
      .join(GAP)
      .trimEnd()}\n`
  return {
    head: line(
      ({ title }) => title,
      () => 1,
    ),
    row: (row) =>
      line(
        ({ value }) => value(row),
        ({ colour }) => colour,
      ),
  }
}

/** The columns that fit, with their widths: the first ones before the others; what is left over goes to those that want more. */
function fit<Row>(
  columns: readonly Column<Row>[],
  width: number,
): { readonly column: Column<Row>; length: number }[] {
  const shown: { readonly column: Column<Row>; length: number }[] = []
  let left = width
  for (const column of columns) {
    const gap = shown.length > 0 ? GAP.length : 0
    if (column.least + gap > left && shown.length > 0) continue
    const length = Math.min(column.least, width)
    shown.push({ column, length })
    left -= length + gap
  }
  for (const each of shown) {
    const more = Math.min(each.column.usual - each.length, left)
    each.length += Math.max(0, more)
    left -= Math.max(0, more)
  }
  return shown
}
