import { open } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Worker } from 'node:worker_threads'
import { addressText } from '../history/address.js'
import { historyFiles } from '../history/folder.js'
import type { HistoryFile } from '../history/folder.js'
import { rowOf, sightingOf, timeOf } from '../history/row.js'
import type { Row, SightingLine } from '../history/row.js'
import { SCHEMA_KEY, SCHEMA_VERSION } from '../history/schema.js'
import { planSearch } from './plan.js'
import type { SearchOptions } from './plan.js'
import { SearchError } from './search-error.js'
import type { FromSearch, SearchJob, Value } from './worker-messages.js'

/** Bytes DuckDB may take; the program's own come to it. */
const MEMORY_BYTES = 700_000_000
/** Milliseconds a search may take unless the caller says otherwise. */
const TIMEOUT_MILLIS = 600_000
/** Bytes at a file's end that tell whether it is whole, and of which version. */
const TAIL_BYTES = 512

/** Where a search looks. */
export interface SearchSources {
  /** Folder of a history. */
  readonly folder?: string | undefined
  /** Sightings of the hot store. */
  readonly hot?: readonly SightingLine[] | undefined
}

export interface SearchLimits {
  readonly memoryBytes?: number
  readonly timeoutMillis?: number
  readonly signal?: AbortSignal
  /** Takes a sentence about each file that is left out. */
  readonly onSkipped?: (reason: string) => void
  /** Milliseconds since the epoch. */
  readonly now?: number
}

/** A row of an answer: a sighting with the contract's names, or counts by the names of the fields asked for. */
export type SearchRow = Readonly<Record<string, unknown>>

/**
 * Searches a history and the hot store together. Rows stream: the next ones are made when the caller takes them, and a
 * caller that stops ends the search.
 * @throws QueryError, SearchError
 */
export async function* search(
  options: SearchOptions,
  { folder, hot = [] }: SearchSources,
  limits: SearchLimits = {},
): AsyncGenerator<SearchRow, void, undefined> {
  const { now = Date.now(), onSkipped = () => undefined } = limits
  // a fault of the query is reported before any file is read
  const { from, to } = planSearch(options, { hasFiles: true, hasHot: true, isDoubled: true }, now)
  const root = folder === undefined ? undefined : resolve(folder)
  const files = root === undefined ? [] : await wholeFiles(root, hoursOf(from, to), onSkipped)
  const rows = hot.map(hotRow).filter((row) => row !== undefined)
  const sensors = new Set(files.map(({ sensor }) => sensor))
  const source = {
    hasFiles: files.length > 0,
    hasHot: rows.length > 0,
    isDoubled: sensors.size > 1 || (files.length > 0 && rows.length > 0),
  }
  const { sql, parameters, isSightings } = planSearch(options, source, now)
  const job: SearchJob = {
    sql,
    parameters,
    folder: root,
    files: files.map(({ path }) => path),
    hot: rows,
    memoryBytes: limits.memoryBytes ?? MEMORY_BYTES,
    timeoutMillis: limits.timeoutMillis ?? TIMEOUT_MILLIS,
  }
  for await (const named of runJob(job, limits.signal, onSkipped))
    yield isSightings ? { ...sightingOf(named) } : countRow(named)
}

function hoursOf(from: number | undefined, to: number | undefined) {
  const hour = (millis: number) => new Date(millis).toISOString().slice(0, 13)
  return {
    from: from === undefined ? undefined : hour(from),
    to: to === undefined ? undefined : hour(to),
  }
}

/** The files of these hours that are whole and of our version; the others are reported. @throws SearchError */
async function wholeFiles(
  folder: string,
  hours: Parameters<typeof historyFiles>[1],
  onSkipped: (reason: string) => void,
): Promise<HistoryFile[]> {
  let files: HistoryFile[]
  try {
    files = await historyFiles(folder, hours)
  } catch (cause) {
    throw new SearchError(`the history ${folder} cannot be read: ${(cause as Error).message}`, {
      cause,
    })
  }
  const kept: HistoryFile[] = []
  for (const file of files) {
    const reason = await whatIsWrong(file)
    if (reason === undefined) kept.push(file)
    else onSkipped(`${file.path} is left out: ${reason}`)
  }
  return kept
}

async function whatIsWrong({ path, bytes }: HistoryFile): Promise<string | undefined> {
  const tail = Buffer.alloc(Math.min(TAIL_BYTES, bytes))
  try {
    const handle = await open(path, 'r')
    try {
      await handle.read(tail, 0, tail.length, bytes - tail.length)
    } finally {
      await handle.close()
    }
  } catch (error) {
    return (error as Error).message
  }
  if (tail.length < 12 || tail.toString('latin1', tail.length - 4) !== 'PAR1')
    return 'it is no whole Parquet file'
  // Thrift's compact protocol: the key, then the header of the value's field, its length, the value
  const at = tail.lastIndexOf(SCHEMA_KEY)
  if (at < 0) return 'it is no file of a hellotap history'
  const value = at + SCHEMA_KEY.length
  const version = tail.toString('latin1', value + 2, value + 2 + (tail[value + 1] ?? 0))
  return version === String(SCHEMA_VERSION)
    ? undefined
    : `it has schema version ${version}, this program reads ${SCHEMA_VERSION}`
}

function hotRow(sighting: SightingLine): Row | undefined {
  const row = rowOf(sighting)
  row?.push(sighting.sensor)
  return row
}

/** Runs a job in a thread of its own. */
async function* runJob(
  job: SearchJob,
  signal: AbortSignal | undefined,
  onSkipped: (reason: string) => void,
): AsyncGenerator<Readonly<Record<string, Value>>, void, undefined> {
  const worker = new Worker(new URL(import.meta.resolve('#package/dist/search/search-worker.js')), {
    workerData: job,
  })
  const messages: FromSearch[] = []
  let wake: () => void = () => undefined
  const push = (message: FromSearch) => {
    messages.push(message)
    wake()
  }
  worker.on('message', push)
  worker.on('error', (error) => push({ kind: 'error', message: error.message, isOperators: false }))
  worker.on('exit', () => push({ kind: 'error', message: 'its thread ended', isOperators: false }))
  const stop = () => push({ kind: 'done' })
  signal?.addEventListener('abort', stop, { once: true })
  let names: readonly string[] = []
  try {
    for (;;) {
      const message = messages.shift()
      if (message === undefined) {
        await new Promise<void>((resolve) => (wake = resolve))
        continue
      }
      if (message.kind === 'done') return
      if (message.kind === 'columns') names = message.names
      else if (message.kind === 'skipped') message.reasons.forEach(onSkipped)
      else if (message.kind === 'error')
        throw new SearchError(
          message.isOperators ? message.message : `the search failed: ${message.message}`,
        )
      else {
        for (const row of message.rows)
          yield Object.fromEntries(row.map((value, at) => [names[at] ?? '', value]))
        worker.postMessage('more')
      }
    }
  } finally {
    signal?.removeEventListener('abort', stop)
    await worker.terminate()
  }
}

/** Counts as JSON has them: times as text, addresses as text, whole numbers as numbers, no empty values. */
function countRow(named: Readonly<Record<string, Value>>): SearchRow {
  const row: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(named)) {
    if (value === null) continue
    row[name] =
      value instanceof Uint8Array
        ? addressText(value)
        : typeof value !== 'bigint'
          ? value
          : TIMES.has(name)
            ? timeOf(value)
            : Number(value)
  }
  return row
}

const TIMES: ReadonlySet<string> = new Set(['time', 'first_seen', 'last_seen'])
