import { microsOf } from '../history/row.js'
import { QueryError } from './query-error.js'
import type { SearchOptions } from './plan.js'

/** Where a page ended, as text for the next request: time and id of its last sighting. */
export function cursorOf(row: { readonly time?: unknown; readonly id?: unknown }): string {
  return `${String(row.time)}_${String(row.id)}`
}

/** What a cursor says. @throws QueryError */
export function parseCursor(text: string): NonNullable<SearchOptions['after']> {
  const [, time, id] = /^([^_]{27})_([0-9a-f]{1,64})$/.exec(text) ?? []
  const micros = microsOf(time)
  if (micros === undefined || id === undefined)
    throw new QueryError('the cursor is not one of an answer: begin without it')
  return { micros, id }
}
