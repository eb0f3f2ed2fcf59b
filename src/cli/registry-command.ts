import { ConfigError } from '../config/config-error.js'
import { IANA_SNAPSHOT } from '../tls/registry.js'
import type { RegistryName, RegistryRow } from '../tls/registry-names.js'
import { listRegistry, REGISTRY_NAMES, registrySource } from '../tls/registry-names.js'
import { log } from '../telemetry/log.js'
import { columns } from '../output/columns.js'
import { print } from '../output/print.js'
import { compareTables } from '../doctor/registry-tables.js'

/**
 * `registry [NAME] [VALUE]`: the IANA registries that name values in answers. Exit 0; with `--check` 1 if they differ from
 * their source tables.
 */
export async function registry(args: Readonly<Record<string, unknown>>): Promise<number> {
  const name = args['name'] as string | undefined
  const value = args['value'] as string | undefined
  if (args['check'] === true)
    return check(name === undefined ? REGISTRY_NAMES : [registryNamed(name)])
  print(registryText(name, value, args['json'] === true))
  return 0
}

/**
 * The output of the command: the list of registries, one registry, or its rows for one value.
 * @throws ConfigError on an unknown registry or value
 */
export function registryText(
  word: string | undefined,
  value: string | undefined,
  json: boolean,
): string {
  if (word === undefined) return json ? toJson(REGISTRY_NAMES.map(summaryOf)) : listing()
  const name = registryNamed(word)
  const rows = value === undefined ? listRegistry(name) : rowsOf(name, value)
  if (!json) return table(name, rows)
  const shown = rows.map((row) => jsonOf(name, row))
  return toJson(value === undefined ? { ...summaryOf(name), rows: shown } : shown)
}

function registryNamed(word: string): RegistryName {
  const name = REGISTRY_NAMES.find((known) => known === word)
  if (name === undefined)
    throw new ConfigError(
      `unknown registry ${JSON.stringify(word)}: choose one of ${REGISTRY_NAMES.join(', ')}`,
    )
  return name
}

async function check(names: readonly RegistryName[]): Promise<number> {
  const faults = await compareTables(names)
  for (const fault of faults) log(`hellotap: ${fault}`)
  if (faults.length > 0) return 1
  const rows = names.reduce((count, name) => count + listRegistry(name).length, 0)
  print(
    `${names.length === 1 ? '1 registry' : `${names.length} registries`} of ${IANA_SNAPSHOT}, ${rows.toLocaleString('en')} rows: as in the tables\n`,
  )
  return 0
}

/**
 * The rows for `text`: a number in decimal or hex, an ALPN id, or a name.
 * @throws ConfigError if no row matches
 */
function rowsOf(name: RegistryName, text: string): RegistryRow[] {
  const rows = listRegistry(name)
  const number = /^(0x[0-9a-f]+|\d+)$/i.test(text) ? Number(text) : NaN
  const wanted = text.toLowerCase()
  const found = rows.filter(
    ({ value, first, last, description, used_as }) =>
      (first <= number && number <= last) ||
      [value, description, used_as].some((word) => word.toLowerCase() === wanted),
  )
  if (found.length > 0) return found
  const [first, last] = [rows[0], rows.at(-1)]
  throw new ConfigError(
    name === 'alpn' || name === 'quic-transport-parameters'
      ? `${name} lists nothing under ${JSON.stringify(text)}`
      : `${name} has no ${JSON.stringify(text)}: values go from ${first?.first} to ${last?.last}, in decimal or as 0x1301`,
  )
}

/** A row as JSON, with the same keys for every registry. */
function jsonOf(name: RegistryName, row: RegistryRow) {
  const { value, first, last, description, status, reference, used_as } = row
  return {
    value,
    ...(Number.isNaN(first) ? {} : { first, last }),
    ...(isDecimal(row) ? { hex: hexOf(name, row) } : {}),
    name: description,
    status,
    ...(reference === '' ? {} : { reference }),
    ...(used_as === '' ? {} : { used_as }),
  }
}

function summaryOf(name: RegistryName) {
  const rows = listRegistry(name)
  return {
    registry: name,
    ...registrySource(name),
    snapshot: IANA_SNAPSHOT,
    row_count: rows.length,
    assigned_count: rows.filter(({ status }) => status === 'assigned').length,
  }
}

function listing(): string {
  const summaries = REGISTRY_NAMES.map(summaryOf)
  return columns([
    ['registry', 'snapshot', 'rows', 'assigned', 'title'],
    ...summaries.map(({ registry, snapshot, row_count, assigned_count, title }) => [
      registry,
      snapshot,
      String(row_count),
      String(assigned_count),
      title,
    ]),
  ])
}

function table(name: RegistryName, rows: readonly RegistryRow[]): string {
  const decimal = rows.some(isDecimal)
  return columns([
    decimal
      ? ['value', 'hex', 'name', 'status', 'reference']
      : ['value', 'name', 'status', 'reference'],
    ...rows.map((row) => [
      row.value,
      ...(decimal ? [hexOf(name, row)] : []),
      row.used_as === '' ? row.description : `${row.description} (used as ${row.used_as})`,
      row.status,
      row.reference,
    ]),
  ])
}

/** Whether the value is a decimal number or range. Values of QUIC are hex, and those of ALPN are text. */
function isDecimal({ value }: RegistryRow): boolean {
  return /^\d+(-\d+)?$/.test(value)
}

/** `0x1301`, `0x005d-0x006e`. */
function hexOf(name: RegistryName, { first, last }: RegistryRow): string {
  const digits = (listRegistry(name).at(-1)?.last ?? 0) < 256 ? 2 : 4
  const hex = (value: number) => `0x${value.toString(16).padStart(digits, '0')}`
  return first === last ? hex(first) : `${hex(first)}-${hex(last)}`
}

function toJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}
