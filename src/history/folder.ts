import { readdir, rm, rmdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { UNFINISHED } from './part-file.js'

/** One file of a history. */
export interface HistoryFile {
  readonly path: string
  /** `2026-11-30` and `14`, UTC. */
  readonly date: string
  readonly hour: string
  /** undefined for the sightings of a sensor without a name. */
  readonly sensor: string | undefined
  readonly bytes: number
  /** Whether compaction made it: one file an hour and sensor, sorted by source and time. */
  readonly isCompacted: boolean
}

/** What Hive calls a value that is absent, and DuckDB, Spark and pyarrow with it. */
const NO_SENSOR = '__HIVE_DEFAULT_PARTITION__'
/** How a file of compaction begins. */
export const COMPACTED = 'sorted-'
/** Milliseconds after which an unfinished file is a dead writer's. */
const ABANDONED_MILLIS = 3_600_000

/** The folder of an hour of a sensor within a history: `date=2026-11-30/hour=14/sensor=a`. */
export function partitionOf(hour: string, sensor: string | undefined): string {
  const name = sensor === undefined ? NO_SENSOR : encodeURIComponent(sensor)
  return `date=${hour.slice(0, 10)}/hour=${hour.slice(11, 13)}/sensor=${name}`
}

/**
 * The whole files of a history in the order of time; other files are left out.
 * @param hours bounds such as `2026-11-30T14`, both included
 * @throws NodeJS.ErrnoException if the folder cannot be read
 */
export async function historyFiles(
  folder: string,
  hours: { readonly from?: string | undefined; readonly to?: string | undefined } = {},
): Promise<HistoryFile[]> {
  const { from = '', to = '~' } = hours
  const files: HistoryFile[] = []
  for (const [date, datePath] of await partitions(folder, 'date', true)) {
    if (date < from.slice(0, 10) || date > to.slice(0, 10)) continue
    for (const [hour, hourPath] of await partitions(datePath, 'hour')) {
      const at = `${date}T${hour}`
      if (at < from.slice(0, 13) || at > to.slice(0, 13)) continue
      for (const [name, path] of await partitions(hourPath, 'sensor'))
        for (const entry of (await entries(path))
          .filter((each) => each.endsWith('.parquet'))
          .sort()) {
          const found = await stat(join(path, entry)).catch(() => undefined)
          if (found?.isFile() !== true) continue
          files.push({
            path: join(path, entry),
            date,
            hour,
            sensor: name === NO_SENSOR ? undefined : decodeURIComponent(name),
            bytes: found.size,
            isCompacted: entry.startsWith(COMPACTED),
          })
        }
    }
  }
  return files
}

/** Removes a file, and the folders it leaves empty. @throws NodeJS.ErrnoException */
export async function removeFile(folder: string, path: string): Promise<void> {
  await rm(path, { force: true })
  for (let parent = join(path, '..'); parent.length > folder.length; parent = join(parent, '..')) {
    const isRemoved = await rmdir(parent).then(
      () => true,
      () => false,
    )
    if (!isRemoved) break
  }
}

/** Removes the unfinished files of writers that died. @returns how many */
export async function removeAbandoned(folder: string, now: number): Promise<number> {
  let removed = 0
  for (const entry of await readdir(folder, { recursive: true }).catch(() => [])) {
    if (!entry.endsWith(`.parquet${UNFINISHED}`)) continue
    const path = join(folder, entry)
    const found = await stat(path).catch(() => undefined)
    if (found === undefined || now - found.mtimeMs < ABANDONED_MILLIS) continue
    await rm(path, { force: true })
    removed++
  }
  return removed
}

async function partitions(
  folder: string,
  key: string,
  isRequired = false,
): Promise<[name: string, path: string][]> {
  const found = isRequired ? await readdir(folder) : await entries(folder)
  return found
    .filter((entry) => entry.startsWith(`${key}=`))
    .sort()
    .map((entry) => [entry.slice(key.length + 1), join(folder, entry)])
}

/** A folder that is removed meanwhile has none. */
async function entries(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => [])
}
