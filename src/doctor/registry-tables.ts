// Compares the registries of this program with their source tables (registry/*.csv), by a parser other than the generator.

import { readFile, readdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ConfigError } from '../config/config-error.js'
import { CIPHER_DROPPED, EXTENSION_DROPPED, GROUP_DROPPED, IANA_SNAPSHOT } from '../tls/registry.js'
import type { RegistryName, RegistryRow } from '../tls/registry-names.js'
import {
  checkRegistry,
  listRegistry,
  REGISTRY_NAMES,
  registrySource,
} from '../tls/registry-names.js'

const TABLES = dirname(fileURLToPath(import.meta.resolve('#package/registry/alpn.csv')))
const COLUMNS = ['value', 'description', 'status', 'reference', 'used_as'] as const
const DROPPED: Readonly<Partial<Record<RegistryName, Uint8Array>>> = {
  'cipher-suites': CIPHER_DROPPED,
  extensions: EXTENSION_DROPPED,
  'supported-groups': GROUP_DROPPED,
}

/** Maximum of differences printed for one registry; a table of another snapshot has hundreds. */
const MAX_FAULTS = 10

/**
 * The differences between the registries and the tables in `folder`, a sentence each.
 * @throws ConfigError if the tables cannot be read
 */
export async function compareTables(
  names: readonly RegistryName[],
  folder = TABLES,
): Promise<string[]> {
  const faults: string[] = []
  for (const file of await tableFiles(folder)) {
    const name = file.slice(0, -'.csv'.length)
    if (!(REGISTRY_NAMES as readonly string[]).includes(name))
      faults.push(`${file} is a table of no registry of this program`)
  }
  for (const name of names) {
    const own = [
      ...checkRegistry(name),
      ...compareTable(name, await readTable(folder, name)),
      ...compareDropped(name),
    ]
    faults.push(...own.slice(0, MAX_FAULTS))
    if (own.length > MAX_FAULTS) faults.push(`${name}: ${own.length - MAX_FAULTS} more`)
  }
  return faults
}

async function tableFiles(folder: string): Promise<string[]> {
  return guarded(folder, async () =>
    (await readdir(folder)).filter((file) => file.endsWith('.csv')).sort(),
  )
}

async function readTable(folder: string, name: string): Promise<string> {
  const path = `${folder}/${name}.csv`
  return guarded(path, () => readFile(path, 'utf8'))
}

async function guarded<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (cause) {
    throw new ConfigError(`cannot read ${path}, so there is nothing to check against`, { cause })
  }
}

function compareTable(name: RegistryName, text: string): string[] {
  const faults: string[] = []
  const lines = text.split('\n').filter((line) => line !== '')
  const said = (key: string) =>
    lines.find((line) => line.startsWith(`# ${key}: `))?.slice(key.length + 4)
  const { title, source } = registrySource(name)
  for (const [key, held] of [
    ['snapshot', IANA_SNAPSHOT],
    ['registry', title],
    ['source', source],
  ] as const)
    if (said(key) !== held)
      faults.push(`${name}: the table says ${key} ${said(key) ?? 'nothing'}, this program ${held}`)

  const [head, ...table] = lines.filter((line) => !line.startsWith('#')).map(cellsOf)
  if (head?.join() !== COLUMNS.join()) return [...faults, `${name}: the table has other columns`]
  const rows = listRegistry(name)
  if (rows.length !== table.length)
    faults.push(`${name}: the table has ${table.length} rows, this program ${rows.length}`)
  for (const [i, cells] of table.entries()) {
    const row = rows[i]
    if (row === undefined) break
    for (const [column, key] of COLUMNS.entries()) {
      const cell = key === 'value' ? valueOf(cells[0] ?? '', row) : cells[column]
      if (cell !== row[key])
        faults.push(
          `${name}: ${key} of ${cells[0] ?? ''} is ${JSON.stringify(cell)} in the table, ${JSON.stringify(row[key])} in this program`,
        )
    }
  }
  return faults
}

/** A value in the program's form, if it equals the row's: tables also have numbers in hex. */
function valueOf(cell: string, { value, first, last }: RegistryRow): string {
  const [from, to = from] = cell.split('-').map(Number)
  return from === first && to === last ? value : cell
}

/** The cells of a line of CSV (RFC 4180); no cell of these tables spans lines. */
function cellsOf(line: string): string[] {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '',
  )
}

/** `sha3_384` drops values listed as exactly Reserved or Unassigned, by a table of its own. */
function compareDropped(name: RegistryName): string[] {
  const dropped = DROPPED[name]
  if (dropped === undefined) return []
  const faults: string[] = []
  for (const { first, last, description } of listRegistry(name)) {
    const expected = description === 'Reserved' || description === 'Unassigned' ? 1 : 0
    for (let value = first; value <= last; value++)
      if (dropped[value] !== expected)
        faults.push(
          `${name}: the classic fingerprint ${expected === 1 ? 'keeps' : 'drops'} ${value}`,
        )
  }
  return faults
}
