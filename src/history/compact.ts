import { rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { COMPACTED, historyFiles } from './folder.js'
import type { HistoryFile } from './folder.js'
import { PartFile } from './part-file.js'
import { BadHistoryFile, readFooter, readRows } from './read-part.js'
import type { NamedRow } from './read-part.js'
import type { Row } from './row.js'
import { COLUMNS } from './schema.js'
import { zstd } from './zstd.js'

const HOUR_MILLIS = 3_600_000
/** Milliseconds after an hour's end in which sightings of it may still come. */
const LATE_MILLIS = 600_000
/** Rows that are sorted in memory at one time, some 500 MB; an hour with more becomes several files. */
const SORT_ROWS = 262_144

/** What one run of compaction did. */
export interface Compaction {
  /** Files replaced, files made, files that could not be read and stay as they are. */
  readonly replaced: number
  readonly made: number
  readonly bad: readonly string[]
}

/**
 * Replaces the files of hours that are over by one an hour and sensor, sorted by source and time, each sighting once by
 * its id, so that the sightings of one client or network lie in few row groups. A run that is killed between the new file
 * and the removal of the old ones leaves sightings twice; the next run merges them again.
 */
export async function compact(folder: string, now: number): Promise<Compaction> {
  const groups = new Map<string, HistoryFile[]>()
  for (const file of await historyFiles(folder)) {
    const end = Date.parse(`${file.date}T${file.hour}:00:00Z`) + HOUR_MILLIS
    if (end + LATE_MILLIS > now) continue
    const key = dirname(file.path)
    groups.set(key, [...(groups.get(key) ?? []), file])
  }
  let replaced = 0
  let made = 0
  const bad: string[] = []
  for (const [partition, files] of groups) {
    if (files.every(({ isCompacted }) => isCompacted) && files.length <= 1) continue
    const readable: string[] = []
    let rows = 0
    for (const { path } of files)
      try {
        rows += Number((await readFooter(path)).num_rows)
        readable.push(path)
      } catch (error) {
        if (!(error instanceof BadHistoryFile)) throw error
        bad.push(error.message)
      }
    if (rows > SORT_ROWS && files.every(({ isCompacted }) => isCompacted)) continue
    if (readable.length === 0) continue
    const sorted = await sortFiles(partition, readable, rows, now)
    for (const path of readable) if (!sorted.includes(path)) await rm(path, { force: true })
    replaced += readable.length
    made += sorted.length
  }
  return { replaced, made, bad }
}

/** Writes the rows of `paths` in order, in as many files as their number asks for. @returns the files */
async function sortFiles(
  partition: string,
  paths: readonly string[],
  rows: number,
  now: number,
): Promise<string[]> {
  const { compressors } = await zstd()
  const bounds = await boundsOf(paths, Math.ceil(rows / SORT_ROWS))
  const made: { readonly path: string; readonly file: PartFile }[] = []
  for (const [at, from] of bounds.entries()) {
    const to = bounds[at + 1]
    const taken: NamedRow[] = []
    for (const path of paths)
      for (const row of await readRows(path)) {
        const key = row.src_key as bigint
        if (key >= from && (to === undefined || key < to)) taken.push(row)
      }
    taken.sort(bySourceAndTime)
    const file = new PartFile(compressors)
    const ids = new Set<unknown>()
    for (const row of taken) {
      if (ids.has(row.id)) continue
      ids.add(row.id)
      file.add(inOrder(row))
    }
    made.push({ path: join(partition, `${COMPACTED}${now.toString(36)}-${at}.parquet`), file })
  }
  for (const { path, file } of made) file.finish(path)
  return made.map(({ path }) => path)
}

/** Bounds of `count` ranges of source that have about as many rows each; the first is 0. */
async function boundsOf(paths: readonly string[], count: number): Promise<bigint[]> {
  if (count <= 1) return [0n]
  const keys: bigint[] = []
  for (const path of paths)
    for (const row of await readRows(path, ['src_key'])) keys.push(row.src_key as bigint)
  keys.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  const bounds = [0n]
  for (let i = 1; i < count; i++) {
    const bound = keys[Math.floor((i * keys.length) / count)] ?? 0n
    if (bound > (bounds.at(-1) ?? 0n)) bounds.push(bound)
  }
  return bounds
}

function bySourceAndTime(a: NamedRow, b: NamedRow): number {
  const order = Buffer.compare(a.src as Uint8Array, b.src as Uint8Array)
  if (order !== 0) return order
  return (a.time as bigint) < (b.time as bigint) ? -1 : 1
}

function inOrder(row: NamedRow): Row {
  return COLUMNS.map(({ name }) => row[name] ?? undefined)
}
