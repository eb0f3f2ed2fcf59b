// The thread a search runs in: DuckDB, with bounds on memory and time, no access but to the files of the history, and no
// way to change that.

import { tmpdir } from 'node:os'
import { parentPort, workerData } from 'node:worker_threads'
import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api'
import { COLUMNS } from '../history/schema.js'
import type { ColumnKind } from '../history/schema.js'
import type { Parameter } from './compile.js'
import type { FromSearch, SearchJob, Value } from './worker-messages.js'

const job = workerData as SearchJob
const tell = (message: FromSearch) => parentPort?.postMessage(message)

const SQL_TYPES: Readonly<Record<ColumnKind, string>> = {
  time: 'TIMESTAMPTZ',
  address: 'BLOB',
  key: 'UBIGINT',
  integer: 'INTEGER',
  port: 'USMALLINT',
  boolean: 'BOOLEAN',
  repeated: 'VARCHAR',
  unique: 'VARCHAR',
  bytes: 'BLOB',
}

async function main(): Promise<void> {
  const duckdb = await import('@duckdb/node-api').catch(() => undefined)
  if (duckdb === undefined) {
    const message = 'search needs the package @duckdb/node-api: npm install @duckdb/node-api'
    tell({ kind: 'error', message, isOperators: true })
    return
  }
  const { blobValue, DuckDBInstance, DuckDBTimestampTZValue, listValue } = duckdb
  const instance = await DuckDBInstance.create(':memory:', {
    memory_limit: `${Math.floor(job.memoryBytes / 1_000_000)}MB`,
    temp_directory: tmpdir(),
  })
  const connection = await instance.connect()
  const toDuck = (parameter: Parameter): DuckDBValue => {
    if (parameter.type === 'BLOB') return blobValue(parameter.value)
    if (parameter.type === 'TIMESTAMPTZ') return new DuckDBTimestampTZValue(parameter.value)
    return parameter.value
  }
  await createHot(connection, toDuck)
  if (job.folder !== undefined)
    await connection.run(`SET allowed_directories = [${literal(`${job.folder}/`)}]`)
  await connection.run('SET enable_external_access = false')
  await connection.run('SET lock_configuration = true')
  const timer = setTimeout(() => connection.interrupt(), job.timeoutMillis)
  const skipped: string[] = []
  const values = job.parameters.map(toDuck)
  const useFiles = async (paths: readonly string[]) => {
    // a list without elements has no type
    if (paths.length === 0) return
    await connection.run('SET VARIABLE files = $1::VARCHAR[]', [listValue([...paths])])
  }
  let files = job.files
  for (;;) {
    try {
      // the time may be over already
      await useFiles(files)
      await stream(connection, values)
      break
    } catch (error) {
      const { message } = error as Error
      const isTold = /out of memory|memory limit|interrupt/i.test(message)
      const bad = isTold ? new Map<string, string>() : await unreadable(connection, files, useFiles)
      for (const [path, reason] of bad)
        skipped.push(`${path} is left out: it cannot be read: ${reason.split('\n')[0] ?? ''}`)
      if (bad.size === 0 || hasSent) {
        if (skipped.length > 0) tell({ kind: 'skipped', reasons: skipped })
        tell({ kind: 'error', ...explain(message) })
        return
      }
      files = files.filter((path) => !bad.has(path))
    }
  }
  clearTimeout(timer)
  if (skipped.length > 0) tell({ kind: 'skipped', reasons: skipped })
  tell({ kind: 'done' })
}

/** The files that cannot be read, with the reason. Not every error of DuckDB names its file. */
async function unreadable(
  connection: DuckDBConnection,
  files: readonly string[],
  useFiles: (files: readonly string[]) => Promise<unknown>,
): Promise<Map<string, string>> {
  const bad = new Map<string, string>()
  for (const path of files) {
    await useFiles([path])
    try {
      await connection.run(
        "SELECT count(COLUMNS(*)) FROM read_parquet(getvariable('files'), hive_partitioning = false)",
      )
    } catch (error) {
      bad.set(path, (error as Error).message)
    }
  }
  return bad
}

let hasSent = false

/** Runs the query and sends its rows, a chunk at a time as the reader asks for them. */
async function stream(connection: DuckDBConnection, values: DuckDBValue[]): Promise<void> {
  const result = await connection.stream(job.sql, values)
  for (let isFirst = true; ; isFirst = false) {
    const chunk = await result.fetchChunk()
    if (isFirst) tell({ kind: 'columns', names: result.columnNames() })
    if (chunk === null || chunk.rowCount === 0) return
    hasSent = true
    tell({ kind: 'rows', rows: chunk.getRows().map((row) => row.map(plain)) })
    await wanted()
  }
}

let want: (() => void) | undefined
let credit = 4
parentPort?.on('message', () => {
  credit++
  want?.()
})

/** Resolves when the reader has taken enough. */
async function wanted(): Promise<void> {
  credit--
  while (credit <= 0) await new Promise<void>((resolve) => (want = resolve))
}

/** DuckDB's values as they can be sent. */
function plain(value: DuckDBValue): Value {
  if (value === null || typeof value !== 'object') return value
  if ('micros' in value && typeof value.micros === 'bigint') return value.micros
  if ('bytes' in value && value.bytes instanceof Uint8Array) return Uint8Array.from(value.bytes)
  return String(value)
}

/** The table of the hot store's rows: empty if there is none. */
async function createHot(
  connection: DuckDBConnection,
  toDuck: (parameter: Parameter) => DuckDBValue,
): Promise<void> {
  const columns = [...COLUMNS, { name: 'sensor', kind: 'repeated' as const }]
  const definitions = columns.map(({ name, kind }) => `${name} ${SQL_TYPES[kind]}`)
  await connection.run(`CREATE TABLE hot (${definitions.join(', ')})`)
  if (job.hot.length === 0) return
  const places = columns.map(({ kind }, at) => `$${at + 1}::${SQL_TYPES[kind]}`)
  const insert = await connection.prepare(`INSERT INTO hot VALUES (${places.join(', ')})`)
  await connection.run('BEGIN')
  for (const row of job.hot) {
    insert.bind(
      columns.map(({ kind }, at): DuckDBValue => {
        const value = row[at]
        if (value === undefined || value === null) return null
        if (kind === 'time') return toDuck({ type: 'TIMESTAMPTZ', value: value as bigint })
        if (value instanceof Uint8Array) return toDuck({ type: 'BLOB', value })
        return value as DuckDBValue
      }),
    )
    await insert.run()
  }
  await connection.run('COMMIT')
}

/** What to tell an operator of DuckDB's errors. */
function explain(message: string): { readonly message: string; readonly isOperators: boolean } {
  if (/out of memory|memory limit/i.test(message))
    return {
      message: `the search needs more than ${Math.floor(job.memoryBytes / 1_000_000)} MB of memory: ask for a shorter time, or add --limit`,
      isOperators: true,
    }
  if (/interrupt/i.test(message))
    return {
      message: `the search took longer than ${job.timeoutMillis / 1000} s: ask for a shorter time`,
      isOperators: true,
    }
  return { message: message.split('\n')[0] ?? message, isOperators: false }
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

await main()
