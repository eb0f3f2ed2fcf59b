import { QueryError } from './query-error.js'

const UNITS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}
const DAY = 86_400_000
/** Years outside of these are a mistake, and would overflow microseconds in some reader. */
const FIRST_YEAR = 1970
const LAST_YEAR = 9999

/** Where the day ends that a time in a query names, as `today` and `2026-11-30` do; undefined of other times. */
export function dayEndOf(text: string, column: number, now: number): number | undefined {
  if (!/^(today|yesterday|\d{4}-\d\d-\d\d)$/.test(text)) return undefined
  return millisOf(text, column, now) + DAY
}

/**
 * Milliseconds since the epoch of a time in a query: `-24h` (also s, m, d, w), `now`, `today`, `yesterday`, `2026-11-30`,
 * `2026-11-30T14:00`, RFC 3339. What has no zone is UTC. @throws QueryError
 */
export function millisOf(text: string, column: number, now: number): number {
  const [, count, unit = ''] = /^-(\d{1,9})([smhdw])$/.exec(text) ?? []
  if (count !== undefined) return Math.max(0, now - Number(count) * (UNITS[unit] ?? 0))
  const midnight = now - (now % DAY)
  if (text === 'now') return now
  if (text === 'today') return midnight
  if (text === 'yesterday') return midnight - DAY
  const isDate = /^\d{4}-\d\d-\d\d$/.test(text)
  const isZoned = /(Z|[+-]\d\d:\d\d)$/.test(text)
  const isTime = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?$/.test(text)
  const millis =
    isDate || isTime ? Date.parse(isDate || isZoned ? text : `${text.replace(' ', 'T')}Z`) : NaN
  const year = Number.isNaN(millis) ? 0 : new Date(millis).getUTCFullYear()
  if (year < FIRST_YEAR || year > LAST_YEAR)
    throw new QueryError(
      `${JSON.stringify(text.slice(0, 64))} is no time: write -24h, today, 2026-11-30 or 2026-11-30T14:00:00Z`,
      column,
    )
  return millis
}
