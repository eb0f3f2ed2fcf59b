// Lists in JSON lines: Mercury's fingerprint databases, and our own format.

import type { Gathering } from './entry.js'
import { parsed } from './ja4db.js'
import type { ListName } from './names.js'
import { LISTS } from './names.js'

interface Process {
  readonly process?: unknown
  readonly count?: unknown
  readonly malware?: unknown
  readonly os_info?: unknown
}

/**
 * Mercury `fingerprint_db.json`: `str_repr`, `process_info`, times. Its strings of 2020 lack the `tls/` in front; they are of
 * an older normalisation, so that hellos with GREASE do not match them. The most frequent process is the label.
 */
export function readMercury(text: string, to: Gathering): void {
  for (const { line, row, record } of linesIn(text, to)) {
    const written = record['str_repr']
    const processes = record['process_info']
    if (typeof written !== 'string' || !Array.isArray(processes)) {
      to.reject(line, 'has no "str_repr" with "process_info"', row)
      continue
    }
    const infos = (processes as readonly Process[])
      .filter((info) => typeof info === 'object' && (info as unknown) !== null)
      .sort((a, b) => number(b.count) - number(a.count))
    const names = infos.flatMap(({ process }) => (typeof process === 'string' ? [process] : []))
    const [label] = names
    if (label === undefined) {
      to.reject(line, 'names no process', row)
      continue
    }
    const isMalware = infos.some(({ malware }) => malware === true)
    const others = [...new Set(names)].slice(1, 4)
    to.take(line, row, {
      fingerprint: written.startsWith('(') ? `tls/${written}` : written,
      label,
      ...(isMalware ? { list: 'warning' } : {}),
      date: textOf(record['last_seen']),
      first_seen: textOf(record['first_seen']),
      notes: others.length === 0 ? undefined : `also ${others.join(', ')}`,
    })
  }
}

/** Our own: what `knowledge export --format jsonl` and the lists file have. Source, licence and date are its own. */
export function readOwn(text: string, to: Gathering): void {
  for (const { line, row, record } of linesIn(text, to)) {
    const { fingerprint, list = 'label', label = '' } = record
    if (typeof fingerprint !== 'string' || typeof label !== 'string' || !isList(list)) {
      to.reject(line, `has no "fingerprint", or its "list" is none of ${LISTS.join(', ')}`, row)
      continue
    }
    const before = to.entries.length
    to.take(line, row, {
      fingerprint,
      list,
      label,
      date: textOf(record['date']),
      first_seen: textOf(record['first_seen']),
      notes: textOf(record['notes']),
    })
    const entry = to.entries[before]
    if (entry === undefined) continue
    const { source, licence } = record
    to.entries[before] = {
      ...entry,
      ...(typeof source === 'string' ? { source } : {}),
      ...(typeof licence === 'string' ? { licence } : {}),
    }
  }
}

/** A fingerprint a line, words behind it are its label; `#` begins a comment. */
export function readPlain(text: string, to: Gathering): void {
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const [, fingerprint = '', label = ''] = /^\s*([^\s#]\S*)\s*#?\s*(.*)$/.exec(line) ?? []
    if (fingerprint !== '') to.take(index + 1, line, { fingerprint, label })
  }
}

function* linesIn(
  text: string,
  to: Gathering,
): Generator<{
  readonly line: number
  readonly row: string
  readonly record: Readonly<Record<string, unknown>>
}> {
  for (const [index, row] of text.split('\n').entries()) {
    if (row.trim() === '') continue
    const record = parsed(row)
    if (record === undefined) to.reject(index + 1, 'is no JSON object', row)
    else yield { line: index + 1, row, record }
  }
}

function isList(value: unknown): value is ListName {
  return LISTS.some((name) => name === value)
}

function number(value: unknown): number {
  return typeof value === 'number' ? value : 0
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
