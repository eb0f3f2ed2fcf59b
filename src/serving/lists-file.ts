// The file of imported lists: JSON lines of entries, read by the API, written by `knowledge import`.

import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ConfigError } from '../config/config-error.js'
import { dataDir } from '../config/data-dir.js'
import { importList } from '../knowledge/lists/import.js'
import type { Imported, ListEntry } from '../knowledge/lists/entry.js'
import type { Listed } from '../knowledge/lists/listed.js'
import { ListIndex } from '../knowledge/lists/listed.js'

/** Milliseconds between two looks whether the file changed. */
const LOOK_MILLIS = 1_000

interface ListsConfig {
  readonly lists?: string | undefined
  readonly 'data-dir'?: string | undefined
}

/** Where the file is. */
export function listsPath(config: ListsConfig): string {
  return config.lists ?? join(dataDir(config), 'lists.jsonl')
}

/** Today, `YYYY-MM-DD`, UTC. */
export function today(): string {
  return new Date().toISOString().slice(0, 10)
}

/** What the file has; nothing where it does not exist. @throws ConfigError where it cannot be read */
export function readLists(path: string): Imported {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return { entries: [], rejected: [] }
    throw new ConfigError(`cannot read the lists in ${path}: ${(cause as Error).message}`, {
      cause,
    })
  }
  return importList(text, 'hellotap', { today: today() })
}

/**
 * Adds entries to the file; one of the same source for the same fingerprint takes the place of that before.
 * @returns how many are new. @throws ConfigError where the file cannot be read or written
 */
export function addToLists(path: string, entries: readonly ListEntry[]): number {
  const keyOf = ({ source, list, fingerprint, label }: ListEntry) =>
    JSON.stringify([source, list, fingerprint, label])
  const all = new Map(readLists(path).entries.map((entry) => [keyOf(entry), entry]))
  const before = all.size
  for (const entry of entries) all.set(keyOf(entry), entry)
  try {
    mkdirSync(dirname(path), { recursive: true })
    const made = `${path}.${process.pid}.new`
    writeFileSync(made, [...all.values()].map((entry) => `${JSON.stringify(entry)}\n`).join(''))
    renameSync(made, path)
  } catch (cause) {
    throw new ConfigError(`cannot write the lists to ${path}: ${(cause as Error).message}`, {
      cause,
    })
  }
  return all.size - before
}

/** Finds fingerprints in the file as it is now; `onError` is told why it cannot be read, and the lists before stay. */
export function liveLists(
  path: string,
  onError: (error: unknown) => void,
): (values: readonly string[]) => Listed {
  let index = new ListIndex([])
  let looked = -Infinity
  let version = ''
  return (values) => {
    const now = performance.now()
    if (now - looked >= LOOK_MILLIS) {
      looked = now
      const stat = statSync(path, { throwIfNoEntry: false })
      const current = stat === undefined ? '' : `${stat.mtimeMs} ${stat.size} ${stat.ino}`
      if (current !== version) {
        version = current
        try {
          index = new ListIndex(readLists(path).entries)
        } catch (error) {
          onError(error)
        }
      }
    }
    return index.find(values)
  }
}
