import { ConfigError } from '../config/config-error.js'
import { csvRecord } from '../output/csv-format.js'
import { formatOf } from '../output/formats.js'
import { tableOf } from '../output/table-format.js'
import type { Column } from '../output/table-format.js'
import { QueryError } from '../search/query-error.js'
import { search as run } from '../search/search.js'
import type { SearchRow } from '../search/search.js'
import { count, log } from '../telemetry/log.js'
import { configOf, wholeNumber } from './options.js'
import { print } from '../output/print.js'
import { stopSignal } from '../sensor/stop-signal.js'
import { isColoured, terminalWidth } from '../output/terminal.js'

/** Rows in one write to stdout. */
const BATCH_ROWS = 256
/** Maximum of --limit and --rare. */
const MAX_ROWS = 1_000_000_000

/**
 * `search QUERY`: sightings of the history, or counts of them. Exit 0 done, 1 failed, 2 on a mistake in the query.
 */
export async function search(args: Readonly<Record<string, unknown>>): Promise<number> {
  const config = configOf(args)
  if (config.history === undefined)
    throw new ConfigError('search needs --history FOLDER, where `up`, `capture` or `read` wrote')
  const query = ((args['query'] as string[] | undefined) ?? []).join(' ')
  const by = args['by'] as string | undefined
  const options = {
    query,
    by: by?.split(',').map((name) => name.trim()),
    limit: wholeNumber(args, 'limit', MAX_ROWS),
    rare: wholeNumber(args, 'rare', MAX_ROWS),
    changes: args['changes'] === true,
  }
  const signal = stopSignal()
  let skipped = 0
  try {
    const rows = run(
      options,
      { folder: config.history },
      {
        signal,
        onSkipped: (reason) => {
          skipped++
          log(reason)
        },
      },
    )
    const format = config.format ?? (process.stdout.isTTY ? 'table' : 'jsonl')
    if (format === 'parquet')
      throw new ConfigError('search prints jsonl, table, csv, eve, ecs or zeek')
    const printer =
      options.by === undefined && !options.changes
        ? formatOf(format, { terminal: terminal(), now: () => new Date() })
        : countFormat(format)
    await printRows(rows, printer)
  } catch (error) {
    if (!(error instanceof QueryError)) throw error
    throw new ConfigError(pointAt(query, error))
  }
  if (skipped > 0) log(`${count(skipped, 'file')} left out`)
  return signal.aborted ? 130 : 0
}

interface Printer {
  readonly head: () => string
  readonly row: (row: never) => string
  readonly tail: () => string
}

async function printRows(
  rows: AsyncIterable<SearchRow>,
  { head, row, tail }: Printer,
): Promise<void> {
  let text = head()
  let count = 0
  for await (const each of rows) {
    text += (row as (row: SearchRow) => string)(each)
    if (++count % BATCH_ROWS > 0) continue
    print(text)
    text = ''
  }
  print(text + tail())
}

/** The format of counts, whose columns are the keys of the first row. */
function countFormat(format: string): Printer {
  let names: string[] | undefined
  let table: ReturnType<typeof tableOf<SearchRow>> | undefined
  const row = (each: SearchRow): string => {
    if (format === 'jsonl') return `${JSON.stringify(each)}\n`
    const isFirst = names === undefined
    names ??= Object.keys(each)
    if (format === 'csv')
      return (isFirst ? csvRecord(names) : '') + csvRecord(names.map((name) => each[name]))
    if (format !== 'table')
      throw new ConfigError(`counts are printed as jsonl, table or csv, not as ${format}`)
    table ??= tableOf(names.map(columnOf), terminal())
    return (isFirst ? table.head : '') + table.row(each)
  }
  return { head: () => '', row, tail: () => '' }
}

function columnOf(name: string): Column<SearchRow> {
  const isCount = ['sightings', 'clients', 'fingerprints'].includes(name)
  const isTime = ['time', 'first_seen', 'last_seen'].includes(name)
  const value = (row: SearchRow) => {
    const text = shown(row[name])
    return isTime ? text.slice(0, 19).replace('T', ' ') : text
  }
  const length = isCount ? 12 : isTime ? 19 : 15
  return {
    title: name.toUpperCase(),
    least: length,
    usual: isCount || isTime ? length : 40,
    isRight: isCount,
    value,
  }
}

function shown(value: unknown): string {
  if (value === undefined) return '-'
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function terminal() {
  return { width: terminalWidth(), isColoured: isColoured() }
}

/** The message of a query error, with the query and a mark below the column. */
function pointAt(query: string, error: QueryError): string {
  if (error.column === undefined) return error.message
  const from = Math.max(0, error.column - 41)
  const shown = query.slice(from, from + 78).replace(/\s/g, ' ')
  return `${error.message}\n  ${shown}\n  ${' '.repeat(error.column - 1 - from)}^`
}
