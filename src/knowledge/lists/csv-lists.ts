// Lists in CSV: abuse.ch SSLBL, salesforce/ja3, ja4db.com, FoxIO's mapping.

import { csvRows } from './csv.js'
import type { CsvRow } from './csv.js'
import type { Gathering } from './entry.js'
import { ja4dbRow } from './ja4db.js'

/** abuse.ch SSLBL: `ja3_md5,Firstseen,Lastseen,Listingreason`, comments with `#`. Every entry is a warning. */
export function readSslbl(text: string, to: Gathering): void {
  for (const row of csvRows(text)) {
    const [fingerprint = '', first_seen, date, label = ''] = row.fields
    if (fingerprint === 'ja3_md5') continue
    if (isWhole(row, 4, to))
      to.take(row.line, row.text, { fingerprint, first_seen, date, label, list: 'warning' })
  }
}

/** salesforce/ja3 `lists/*.csv`: `md5,"app"`; lines that begin otherwise are comments at the head. */
export function readSalesforce(text: string, to: Gathering): void {
  let isHead = true
  for (const row of csvRows(text)) {
    const [fingerprint = '', ...label] = row.fields
    if (isHead && !/^[0-9a-f]{32}$/i.test(fingerprint)) continue
    isHead = false
    if (isWhole(row, 2, to)) to.take(row.line, row.text, { fingerprint, label: label.join(',') })
  }
}

/** A table whose first row names its columns: ja4db.com, or FoxIO's `ja4plus-mapping.csv`. Only JA4 itself is taken. */
export function readJa4Table(text: string, to: Gathering): void {
  let names: readonly string[] | undefined
  for (const row of csvRows(text)) {
    if (names === undefined) {
      names = row.fields.map((name) => name.replace(/^\ufeff/, '').toLowerCase())
      continue
    }
    if (row.isBroken) to.reject(row.line, 'has a quote that does not end', row.text)
    else if (row.fields.length !== names.length)
      to.reject(row.line, `has ${row.fields.length} fields, not ${names.length}`, row.text)
    else {
      const entries = names.map((name, at): [string, string] => [name, row.fields[at] ?? ''])
      ja4dbRow(row.line, row.text, Object.fromEntries(entries), to)
    }
  }
}

function isWhole(row: CsvRow, fields: number, to: Gathering): boolean {
  if (row.isBroken) to.reject(row.line, 'has a quote that does not end', row.text)
  else if (row.fields.length < fields)
    to.reject(row.line, `has ${row.fields.length} fields, not ${fields}`, row.text)
  else return true
  return false
}
