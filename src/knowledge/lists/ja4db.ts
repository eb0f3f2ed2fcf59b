// ja4db.com: an array of objects, or a table with the same names (csv-lists.ts). Only JA4 itself is taken.

import type { Gathering } from './entry.js'

/** Columns that a label is made of, in order; those of FoxIO's mapping have the same names. */
const LABEL = ['application', 'library', 'device', 'os'] as const

/** One record, whether of JSON or of a table. */
export function ja4dbRow(
  line: number,
  row: string,
  record: Readonly<Record<string, unknown>>,
  to: Gathering,
): void {
  const text = (name: string) => {
    const value = record[name]
    return typeof value === 'string' ? value.trim() : ''
  }
  const fingerprint = text('ja4_fingerprint') || text('ja4')
  if (fingerprint === '') {
    to.reject(line, 'has no JA4', row)
    return
  }
  const label = LABEL.map(text).filter((word) => word !== '')
  const userAgent = text('user_agent_string')
  if (label.length === 0 && userAgent === '') {
    to.reject(line, 'does not say what the fingerprint is', row)
    return
  }
  to.take(line, row, {
    fingerprint,
    label: label.join(', ') || userAgent,
    notes: [label.length === 0 ? '' : userAgent, text('notes')]
      .filter((word) => word !== '')
      .join('; '),
  })
}

/** An array of records, each on lines of its own or not. A broken one spoils no other. */
export function readJa4dbJson(text: string, to: Gathering): void {
  for (const { line, value } of objectsIn(text)) {
    const record = parsed(value)
    if (record === undefined) to.reject(line, 'is no JSON object', value)
    else ja4dbRow(line, value, record, to)
  }
}

/** A JSON object; undefined where the text is none. */
export function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}

/** The texts of the objects directly in an array, with the lines they begin on. */
function* objectsIn(text: string): Generator<{ readonly line: number; readonly value: string }> {
  let line = 1
  let depth = 0
  let start = -1
  let startLine = 1
  let isText = false
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (character === '\n') {
      line++
      // JSON has no line end in a text: a quote was left open
      isText = false
    } else if (isText) {
      if (character === '\\') at++
      else if (character === '"') isText = false
    } else if (character === '"') isText = true
    else if (character === '{') {
      if (depth++ === 0) {
        start = at
        startLine = line
      }
    } else if (character === '}' && depth > 0 && --depth === 0)
      yield { line: startLine, value: text.slice(start, at + 1) }
  }
  if (depth > 0) yield { line: startLine, value: text.slice(start) }
}
