import { COLUMNS } from '../history/schema.js'
import { compileQuery } from './compile.js'
import type { Parameter } from './compile.js'
import { FIELDS } from './fields.js'
import { parseQuery } from './parser.js'
import { QueryError } from './query-error.js'

/** What is asked for. */
export interface SearchOptions {
  readonly query: string
  /** Fields to count by; undefined: the sightings themselves. */
  readonly by?: readonly string[] | undefined
  /** Rows at most; undefined: all of them. */
  readonly limit?: number | undefined
  /** Of counts: only values that no more clients than this have. */
  readonly rare?: number | undefined
  /** The changes of each client's fingerprint instead of sightings. */
  readonly changes?: boolean | undefined
  /** Where the page before ended, as its last sighting's time and id: `sightings` come newest first then. */
  readonly after?: { readonly micros: bigint; readonly id: string } | undefined
}

/** SQL to run. */
export interface Plan {
  readonly sql: string
  readonly parameters: readonly Parameter[]
  readonly from: number | undefined
  readonly to: number | undefined
  /** Whether the rows are sightings; otherwise they are as the SQL names them. */
  readonly isSightings: boolean
}

/** What each search reads: files of the history, and rows of the hot store. */
export interface Source {
  readonly hasFiles: boolean
  readonly hasHot: boolean
  /** Whether one sighting may be there twice. */
  readonly isDoubled: boolean
}

const NAMES = [...COLUMNS.map(({ name }) => name), 'sensor'].join(', ')
const FILES = `SELECT ${NAMES} FROM read_parquet(getvariable('files'), hive_partitioning = true, hive_types_autocast = false)`
const HOT = `SELECT ${NAMES} FROM hot`

/** What can be counted by beside fields: spans of time, UTC, as texts that the query language reads. */
const SPANS: Readonly<Record<string, string>> = {
  day: `strftime(make_timestamp(epoch_us(time)), '%Y-%m-%d')`,
  hour: `strftime(make_timestamp(epoch_us(time)), '%Y-%m-%dT%H:00')`,
}

/** Plans a search. @param now milliseconds since the epoch @throws QueryError */
export function planSearch(options: SearchOptions, source: Source, now: number): Plan {
  const { query, by, limit, rare, changes = false, after } = options
  const parts = [...(source.hasFiles ? [FILES] : []), ...(source.hasHot ? [HOT] : [])]
  const all = `(${parts.length === 0 ? HOT : parts.join(' UNION ALL ')})`
  const { where, parameters, from, to } = compileQuery(parseQuery(query), now, all)
  const bind = (parameter: Parameter) => `$${parameters.push(parameter)}::${parameter.type}`
  const limited =
    limit === undefined ? '' : ` LIMIT ${bind({ type: 'BIGINT', value: BigInt(limit) })}`
  const once = source.isDoubled
    ? ' QUALIFY row_number() OVER (PARTITION BY id ORDER BY time) = 1'
    : ''
  const bounds = { parameters, from, to }
  if (changes) return { ...bounds, isSightings: false, sql: changesOf(all, where + once) + limited }
  if (by !== undefined) {
    const having = rare === undefined ? '' : bind({ type: 'BIGINT', value: BigInt(rare) })
    return { ...bounds, isSightings: false, sql: countsOf(by, all, where + once, having) + limited }
  }
  if (rare !== undefined) throw new QueryError('rare values are counted: say by what, such as ja4')
  const page =
    after === undefined
      ? ''
      : ` AND (time, id) < (${bind({ type: 'TIMESTAMPTZ', value: after.micros })}, ${bind({ type: 'VARCHAR', value: after.id })})`
  const order = limit === undefined ? '' : ' ORDER BY time DESC, id DESC'
  const sql = `SELECT ${NAMES} FROM ${all} WHERE ${where}${page}${once}${order}${limited}`
  return { ...bounds, isSightings: true, sql }
}

/** How often each value was seen, by how many clients, and when. */
function countsOf(by: readonly string[], all: string, where: string, rare: string): string {
  const columns = by.map((name) => (Object.hasOwn(SPANS, name) ? name : columnOf(name)))
  const named = columns.map((column) => (SPANS[column] ? `${SPANS[column]} AS ${column}` : column))
  // a course over time is read in its order
  const order = by.some((name) => Object.hasOwn(SPANS, name)) ? '' : 'sightings DESC, '
  // clients of a client are one; what it has several of is fingerprints
  const others = columns.includes('src')
    ? 'count(DISTINCT sha3_384_stable) AS fingerprints'
    : 'count(DISTINCT src) AS clients'
  const having = rare === '' ? '' : ` HAVING count(DISTINCT src) <= ${rare}`
  return (
    `SELECT ${named.join(', ')}, count(*) AS sightings, ${others}, min(time) AS first_seen, max(time) AS last_seen ` +
    `FROM (SELECT * FROM ${all} WHERE ${where}) GROUP BY ${columns.join(', ')}${having} ` +
    `ORDER BY ${order}${columns.join(', ')}`
  )
}

/** Where a client's fingerprint is another than at the sighting before. */
function changesOf(all: string, where: string): string {
  return (
    'SELECT time, src, previous_ja4, ja4, previous, sha3_384_stable, sni FROM (SELECT *, ' +
    'lag(sha3_384_stable) OVER client AS previous, lag(ja4) OVER client AS previous_ja4 ' +
    `FROM (SELECT * FROM ${all} WHERE sha3_384_stable IS NOT NULL AND ${where}) WINDOW client AS (PARTITION BY src ORDER BY time, id)) ` +
    'WHERE previous <> sha3_384_stable ORDER BY src, time'
  )
}

function columnOf(name: string): string {
  const field = Object.hasOwn(FIELDS, name) ? FIELDS[name] : undefined
  const [column, ...more] = field?.columns ?? []
  if (column === undefined || more.length > 0)
    throw new QueryError(
      `${JSON.stringify(name.slice(0, 64))} is no field to count by; day and hour are`,
    )
  return column
}
