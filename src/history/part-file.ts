import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { ByteWriter, ParquetWriter } from 'hyparquet-writer'
import type { ColumnSource } from 'hyparquet-writer'
import type { Row } from './row.js'
import { COLUMNS, PARQUET_SCHEMA, SCHEMA_KEY, SCHEMA_VERSION } from './schema.js'
import type { ColumnSpec } from './schema.js'
import type { Compressors } from './zstd.js'

/** Rows of one row group: what a reader that skips row groups reads at least. */
export const ROW_GROUP_ROWS = 16_384
/** Distinct texts of a column remembered to share them between rows. */
const MOST_SHARED = 4_096
/** How a file is called until it is whole. */
export const UNFINISHED = '.tmp'

/** One Parquet file that is being made: in memory by row group, compressed; on the disk once it is whole. */
export class PartFile {
  rows = 0
  readonly #compressors: Compressors
  readonly #bytes = new ByteWriter()
  readonly #writer: ParquetWriter
  #columns: unknown[][] = COLUMNS.map(() => [])
  /** One of each text, for the columns that repeat: rows that are kept would hold a copy each. */
  readonly #shared = COLUMNS.map(({ kind }) =>
    kind === 'repeated' ? new Map<unknown, unknown>() : undefined,
  )

  constructor(compressors: Compressors) {
    this.#compressors = compressors
    this.#writer = new ParquetWriter({
      writer: this.#bytes,
      schema: PARQUET_SCHEMA,
      codec: 'ZSTD',
      compressors: this.#compressors,
      kvMetadata: [{ key: SCHEMA_KEY, value: String(SCHEMA_VERSION) }],
      createdBy: 'hellotap',
    })
  }

  add(row: Row): void {
    for (let at = 0; at < row.length; at++) {
      const shared = this.#shared[at]
      const value = row[at]
      this.#columns[at]?.push(
        shared === undefined || value === undefined ? value : one(shared, value),
      )
    }
    if (++this.rows % ROW_GROUP_ROWS === 0) this.#writeGroup()
  }

  /**
   * Ends the file, writes it beside `path` and renames it: readers of the folder see all of it or nothing.
   * @returns its bytes @throws NodeJS.ErrnoException, and nothing is left behind
   */
  finish(path: string): number {
    this.#writeGroup()
    void this.#writer.finish()
    const bytes = this.#bytes.getBytes()
    const aside = `${path}${UNFINISHED}`
    mkdirSync(dirname(path), { recursive: true })
    try {
      const fd = openSync(aside, 'w', 0o640)
      try {
        for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at)
        fsyncSync(fd)
      } finally {
        closeSync(fd)
      }
      renameSync(aside, path)
    } catch (error) {
      rmSync(aside, { force: true })
      throw error
    }
    return bytes.length
  }

  #writeGroup(): void {
    if ((this.#columns[0]?.length ?? 0) === 0) return
    const columnData = COLUMNS.map((spec: ColumnSpec, at): ColumnSource => {
      const { name, kind } = spec
      return {
        name,
        data: (this.#columns[at] ?? []) as ColumnSource['data'],
        ...(kind === 'time' ? { encoding: 'DELTA_BINARY_PACKED' } : {}),
        // what nobody filters by needs no bounds; with them a day's files have megabytes of footers
        statistics: kind === 'time' || kind === 'key',
        offsetIndex: false,
      }
    })
    void this.#writer.write({ columnData, rowGroupSize: ROW_GROUP_ROWS, pageSize: 1 << 20 })
    this.#columns = COLUMNS.map(() => [])
  }
}

function one(shared: Map<unknown, unknown>, value: unknown): unknown {
  const known = shared.get(value)
  if (known !== undefined) return known
  if (shared.size >= MOST_SHARED) shared.clear()
  shared.set(value, value)
  return value
}
