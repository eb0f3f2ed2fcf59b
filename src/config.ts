// Every option has one name: a flag (--http-port), an environment variable (HELLOTAP_HTTP_PORT) and a key of the configuration
// file (http-port), in this precedence. Its default is in config/ and nowhere else. The merged options are validated together.

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type * as Yaml from 'yaml'
import type * as z from 'zod/mini'
import { reasonOf } from './base/error-reason.js'
import { DEDUPE_SECONDS } from './base/limits.js'
import { unknownName } from './base/nearest.js'
import { ConfigError } from './config/config-error.js'
import type { Option } from './config/option.js'
import type { OptionName } from './config/options.js'
import { OPTIONS } from './config/options.js'
import { portsText } from './model/ports.js'

/** Ports watched live without --ports: HTTPS, and the default --https-port of the API. */
export const LIVE_PORTS: readonly number[] = [443, 8443]

/** All options, validated. */
export type Config = { readonly [Name in OptionName]: z.output<(typeof OPTIONS)[Name]['schema']> }

/** Values by option name, not yet validated. */
export type RawConfig = Readonly<Record<string, unknown>>

const PREFIX = 'HELLOTAP_'

/** `HELLOTAP_HTTP_PORT` for `http-port`. */
export function environmentName(name: string): string {
  return `${PREFIX}${name.toUpperCase().replaceAll('-', '_')}`
}

/**
 * Reads a YAML or JSON file of options. `loadConfig` validates them.
 * @throws ConfigError with the file and each syntax error
 */
export function readConfigFile(path: string): RawConfig {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    throw new ConfigError(`cannot read the configuration file ${path}: ${reasonOf(cause)}`, {
      cause,
    })
  }
  // Loaded only for a file: 30 ms.
  const { parseDocument } = createRequire(import.meta.url)('yaml') as typeof Yaml
  const document = parseDocument(text)
  if (document.errors.length > 0)
    throw new ConfigError(
      document.errors
        .map(
          ({ message }) =>
            `${path} is neither YAML nor JSON: ${message.trim().replace(/\n\s*\n/g, '\n')}`,
        )
        .join('\n'),
    )
  let value: unknown
  try {
    value = document.toJS()
  } catch (cause) {
    throw new ConfigError(`${path} cannot be resolved: ${reasonOf(cause)}`, { cause })
  }
  if (value === null || value === undefined) return {}
  if (typeof value !== 'object' || Array.isArray(value))
    throw new ConfigError(
      `${path} must hold options as "name: value" lines, such as "http-port: 8080"`,
    )
  return value as RawConfig
}

/** Variable with the configuration for the process that `up` starts, as JSON. */
const HANDED = 'HELLOTAP_HANDED'

/** Environment variables that are no options: the path of the file, and variables for child processes. */
const OTHER_VARIABLES = new Set([
  ...['HELLOTAP_CONFIG', 'HELLOTAP_LAUNCHER', 'HELLOTAP_CAPTURE'],
  HANDED,
])

/** Whether Kubernetes set the variable: it sets such variables in every pod if a service is named "hellotap". */
const isOfKubernetes = (name: string, text: string) =>
  /^HELLOTAP_(SERVICE_|PORT_\d)/.test(name) ||
  (name === 'HELLOTAP_PORT' && /^(tcp|udp):/.test(text))

/** The options in the environment, as text, also unknown ones: `loadConfig` reports those. */
export function environmentConfig(env: Readonly<Record<string, string | undefined>>): RawConfig {
  const raw: [string, string][] = []
  for (const [variable, text = ''] of Object.entries(env)) {
    if (!variable.startsWith(PREFIX) || OTHER_VARIABLES.has(variable)) continue
    if (isOfKubernetes(variable, text)) continue
    const name = variable.slice(PREFIX.length).toLowerCase().replaceAll('_', '-')
    if (text !== '' || !isOption(name)) raw.push([name, text])
  }
  return Object.fromEntries(raw)
}

/**
 * Merges flags over environment over file over defaults, and validates the result.
 * @throws ConfigError with a line for each mistake, with the source of the value
 */
export function loadConfig(flags: RawConfig, env: RawConfig, file: RawConfig): Config {
  const names = Object.keys(OPTIONS) as OptionName[]
  const config: Record<string, unknown> = {}
  const mistakes = [
    ...unknownOf(env).map((name) =>
      unknownName('environment variable', environmentName(name), names.map(environmentName)),
    ),
    ...unknownOf(file).map(
      (name) => `${unknownName('option', name, names)} (in the configuration file)`,
    ),
  ]
  for (const name of names) {
    const option: Option = OPTIONS[name]
    const from =
      flags[name] !== undefined
        ? { value: flags[name], source: `--${name}` }
        : env[name] !== undefined
          ? { value: env[name], source: environmentName(name) }
          : { value: file[name] ?? option.default, source: `${name} in the configuration file` }
    const checked = option.schema.safeParse(fromText(option, from.value))
    if (checked.success) {
      config[name] = checked.data
      continue
    }
    const issue = checked.error.issues[0]
    const shown = at(fromText(option, from.value), issue?.path[0])
    mistakes.push(`${from.source} ${plain(issue?.message, option)}, not ${JSON.stringify(shown)}`)
  }
  if (mistakes.length > 0) throw new ConfigError(mistakes.join('\n'))
  return Object.freeze(config) as Config
}

/** The environment of a child process, from which `handedConfig` reads `config`. */
export function handConfig(config: Config): Record<string, string | undefined> {
  return { ...process.env, [HANDED]: JSON.stringify(config, asRanges) }
}

/** Ports as ranges: an environment variable holds 128 KiB, and a list of all ports is longer. */
function asRanges(name: string, value: unknown): unknown {
  const arePorts = name.endsWith('ports') && Array.isArray(value) && value.length > 0
  return arePorts ? portsText(value as number[]) : value
}

/** The configuration from the parent process; undefined if the parent is not `up`. */
export function handedConfig(): Config | undefined {
  const text = process.env[HANDED]
  return text === undefined ? undefined : loadConfig(JSON.parse(text) as RawConfig, {}, {})
}

/** Whether `name` names an option; `constructor` and `__proto__` do not. */
const isOption = (name: string) => Object.hasOwn(OPTIONS, name)

const unknownOf = (raw: RawConfig) => Object.keys(raw).filter((name) => !isOption(name))

/** Text from flags and environment as the option's type. Other text stays as it is, and the schema rejects it. */
function fromText(option: Option, value: unknown): unknown {
  if (value === undefined) return undefined
  if (option.type === 'list') {
    const items: readonly unknown[] = Array.isArray(value) ? value : [value]
    return items.flatMap((item) =>
      typeof item === 'string' ? item.split(',').map((part) => part.trim()) : [item],
    )
  }
  if (option.type === 'number' && typeof value === 'string' && /^\d+$/.test(value.trim()))
    return Number(value)
  if (option.type === 'boolean' && typeof value === 'string')
    return /^(1|true|yes|on)$/i.test(value) || (/^(0|false|no|off)$/i.test(value) ? false : value)
  return value
}

function at(value: unknown, index: PropertyKey | undefined): unknown {
  return Array.isArray(value) && typeof index === 'number' ? value[index] : value
}

const PLAIN_TYPE: Readonly<Record<Option['type'], string>> = {
  string: 'a string',
  number: 'a whole number',
  boolean: 'true or false',
  list: 'a list of values',
}

/** The message of an issue; zod's messages about a wrong type are replaced by plainer ones. */
function plain(message: string | undefined, option: Option): string {
  if (message !== undefined && !message.startsWith('Invalid')) return message
  return `must be ${PLAIN_TYPE[option.type]}`
}

/** The configured limits of a store. */
export function storeLimits(config: {
  ttl: number
  remember: number
  'per-ip': number
  spool: number
  retention?: number | undefined
  dedupe?: boolean
  'store-size'?: number | undefined
}) {
  const ttlSeconds = Math.min(config.ttl, config.retention ?? Infinity)
  const mib = config['store-size']
  return {
    ttlSeconds,
    rememberSeconds: Math.max(ttlSeconds, Math.min(config.remember, config.retention ?? Infinity)),
    perIp: config['per-ip'],
    spool: config.spool,
    ...(mib === undefined ? {} : { mib }),
    ...(config.dedupe === true ? { dedupeSeconds: DEDUPE_SECONDS } : {}),
  }
}

/** The limits of a store that this process writes to. They include the spool on disk, which only one process may use. */
export function writerLimits(
  config: Parameters<typeof storeLimits>[0] & {
    'spool-dir'?: string | undefined
    'spool-size': number
  },
) {
  const folder = config['spool-dir']
  const spool = folder === undefined ? {} : { spoolDir: folder, spoolMib: config['spool-size'] }
  return { ...storeLimits(config), ...spool }
}
