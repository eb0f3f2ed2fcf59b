import type { Argv, Options } from 'yargs'
import type { Config } from '../config.js'
import { ConfigError } from '../config/config-error.js'
import { environmentConfig, environmentName, loadConfig, readConfigFile } from '../config.js'
import { GROUP_NAMES } from '../config/option.js'
import type { OptionName } from '../config/options.js'
import { OPTIONS } from '../config/options.js'

/** A command without its code, which `load` imports: `read` must not wait for the packages of the API. */
export interface Command {
  /** Name and positional arguments, in the syntax of yargs. */
  readonly words: string
  /** Description in the list of commands. */
  readonly purpose: string
  /** Adds its options and examples to the help. */
  readonly options: (command: Argv) => Argv
  /** Loads its code: a function from arguments to the exit code. */
  readonly load: () => Promise<Run>
}

/** Runs a command. Exit codes: 0 done, 1 failed, 2 bad usage. */
export type Run = (args: Readonly<Record<string, unknown>>) => Promise<number> | number

/** Options of the history. */
export const HISTORY = ['history', 'history-days', 'history-size'] as const

/** Options of outputs other than JSON lines to stdout. */
export const OUTPUT = [
  'format',
  'output',
  'rotate-size',
  'rotate-every',
  'rotate-keep',
  ...HISTORY,
] as const

/** Options of the store. */
export const STORE = [
  'redis',
  'ttl',
  'remember',
  'per-ip',
  'spool',
  'spool-dir',
  'spool-size',
  'store-size',
  'dedupe',
  'retention',
] as const
/** Options of privacy. */
export const PRIVACY = ['privacy-address', 'privacy-sni', 'privacy-key'] as const
const CAPTURE = [
  'engine',
  'ring',
  'snaplen',
  'capture-timeout',
  'immediate',
  'fanout',
  'flow-limit',
] as const
/** Options of the sensor. */
export const SENSOR = [
  'interface',
  'ports',
  'http-ports',
  'tunnels',
  'tunnel-port',
  'sensor',
  'fingerprints',
  'server',
  ...CAPTURE,
] as const
/** Options of log lines. */
export const LOG = ['log-format', 'log-level'] as const
/** Options of the API. */
export const API = [
  'host',
  'http-port',
  'https-port',
  'public',
  'socket',
  'trusted-proxy',
  'access-log',
  'data-dir',
  'lists',
  'request-rate',
  'stats-floor',
] as const

/** Options of `read`. */
export const READ = [
  ...([
    'redis',
    'ttl',
    'remember',
    'per-ip',
    'store-size',
    'spool-dir',
    'spool-size',
    'as-of',
    'dedupe',
  ] as const),
  ...PRIVACY,
  'ports',
  'sensor',
  'fingerprints',
  'server',
  'hello',
  'identify',
  'knowledge',
  'jobs',
  'link',
  'follow',
  'quiet',
  ...OUTPUT,
  'append',
] as const

/** Settings of yargs and its parser. */
export const PARSER_CONFIGURATION = {
  'camel-case-expansion': false,
  'parse-numbers': false,
} as const

/** Defaults shown in the help of one command, where they differ. */
export type Defaults = Readonly<Partial<Record<OptionName, string>>>

/**
 * Adds the named options to a command, grouped. Values other than booleans stay text, since yargs converts words to numbers:
 * their type is part of the help text, and `configOf` validates them.
 */
export function withOptions<T>(
  yargs: Argv<T>,
  names: readonly OptionName[],
  defaults: Defaults = {},
): Argv<T> {
  // The help lists groups in the order of their first options.
  const rank = (name: OptionName) => GROUP_NAMES.indexOf(OPTIONS[name].group)
  for (const name of [...names].sort((one, other) => rank(one) - rank(other))) {
    const option: (typeof OPTIONS)[OptionName] & { shownDefault?: string } = OPTIONS[name]
    const { type } = option
    // The help of yargs shows the type of these two.
    const isMarked = type === 'boolean' || name === 'interface'
    const settings: Options = {
      describe: isMarked ? option.describe : `${option.describe} [${type}]`,
      group: `${option.group}:`,
      ...(type === 'boolean' ? { type } : { requiresArg: true }),
    }
    if ('alias' in option) settings.alias = option.alias
    // For "-i eth0 lo". Only commands without positional arguments have this option.
    if (name === 'interface') settings.array = true
    const shown = defaults[name] ?? option.shownDefault ?? describeDefault(option.default)
    if (shown !== '') settings.defaultDescription = shown
    yargs.option(name, settings)
  }
  return yargs.option('config', {
    describe: 'YAML or JSON file of options by these names [string]',
    requiresArg: true,
  })
}

function describeDefault(value: unknown): string {
  if (value === undefined || value === false) return ''
  if (Array.isArray(value)) return value.join(',')
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/**
 * The whole configuration: flags over environment over file over defaults.
 * @throws ConfigError
 */
export function configOf(args: Readonly<Record<string, unknown>>): Config {
  const path = args['config'] ?? process.env['HELLOTAP_CONFIG']
  if (Array.isArray(path)) throw new ConfigError('--config is given twice: name one file')
  const faults: string[] = []
  const gather = <T>(load: () => T): T | undefined => {
    try {
      return load()
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      faults.push(error.message)
      return undefined
    }
  }
  gather(() => refusePasswords(args))
  const file = typeof path === 'string' && path !== '' ? gather(() => readConfigFile(path)) : {}
  const config = gather(() => loadConfig(args, environmentConfig(process.env), file ?? {}))
  if (config === undefined || faults.length > 0) throw new ConfigError(faults.join('\n'))
  return config
}

/** @throws ConfigError if a flag has a Redis URL with a password: every user of a machine can read command lines */
function refusePasswords(args: Readonly<Record<string, unknown>>): void {
  for (const name of ['redis', 'output'] as const)
    if ([args[name]].flat().some((url) => /rediss?[+a-z]*:\/\/[^@/]*:[^@/]+@/.test(String(url))))
      throw new ConfigError(
        `--${name} holds a password, and every user of this machine can read command lines: put the URL into ` +
          `${environmentName(name)} or the configuration file`,
      )
}

/**
 * The whole number of an option outside the configuration; undefined if it is not given.
 * @throws ConfigError
 */
export function wholeNumber(
  args: Readonly<Record<string, unknown>>,
  name: string,
  most: number,
): number | undefined {
  const value = args[name]
  if (value === undefined) return undefined
  const number = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : 0
  if (number >= 1 && number <= most) return number
  throw new ConfigError(
    `--${name} must be a whole number from 1 to ${most}, not ${JSON.stringify(value)}`,
  )
}
