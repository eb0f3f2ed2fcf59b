import type { Argv, Options } from 'yargs'
import type { Config, OptionName } from '../config.js'
import {
  ConfigError,
  OPTIONS,
  environmentConfig,
  environmentName,
  loadConfig,
  readConfigFile,
} from '../config.js'

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

/** Options of `read`. */
export const READ = [
  ...(['redis', 'ttl', 'per-ip', 'store-size', 'as-of', 'dedupe'] as const),
  ...(['privacy-address', 'privacy-sni', 'privacy-key'] as const),
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

/** How yargs and its parser take the words of a command line. */
export const PARSER_CONFIGURATION = {
  'camel-case-expansion': false,
  'boolean-negation': false,
} as const

/** Adds the named options to a command; values stay text, but for flags without one, `configOf` validates them. */
export function withOptions<T>(yargs: Argv<T>, names: readonly OptionName[]): Argv<T> {
  for (const name of names) {
    const option = OPTIONS[name]
    const settings: Options =
      option.type === 'boolean'
        ? { type: 'boolean', describe: option.describe }
        : { type: 'string', describe: option.describe, requiresArg: true }
    if ('alias' in option) settings.alias = option.alias
    // "-i eth0 lo": only a command without positionals can take words up to the next flag
    if (name === 'interface') settings.array = true
    const shown = option.type === 'boolean' ? '' : describeDefault(option.default)
    if (shown !== '') settings.defaultDescription = shown
    yargs.option(name, settings)
  }
  return yargs.option('config', {
    type: 'string',
    describe: 'YAML or JSON file of options by these names',
    requiresArg: true,
  })
}

function describeDefault(value: unknown): string {
  if (value === undefined) return ''
  if (Array.isArray(value)) return value.join(',')
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/**
 * The whole configuration: flags over environment over file over defaults.
 * @throws ConfigError
 */
export function configOf(args: Readonly<Record<string, unknown>>): Config {
  const file = args['config'] ?? process.env['HELLOTAP_CONFIG']
  if (Array.isArray(file))
    throw new ConfigError('--config is given twice: one file holds the options')
  refusePasswords(args)
  return loadConfig(
    args,
    environmentConfig(process.env),
    typeof file === 'string' && file !== '' ? readConfigFile(file) : {},
  )
}

/** Every user of a machine can read its command lines. @throws ConfigError where a Redis URL there holds a password */
function refusePasswords(args: Readonly<Record<string, unknown>>): void {
  for (const name of ['redis', 'output'] as const)
    if ([args[name]].flat().some((url) => /rediss?[+a-z]*:\/\/[^@/]*:[^@/]+@/.test(String(url))))
      throw new ConfigError(
        `--${name} holds a password, and every user of this machine can read command lines: put the URL into ` +
          `${environmentName(name)} or the configuration file`,
      )
}
