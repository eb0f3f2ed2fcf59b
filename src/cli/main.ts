// The command line, by yargs: help, faults of usage, and the choice of the command.

import yargs from 'yargs'
import { unknownName } from '../base/nearest.js'
import { OPTIONS } from '../config/options.js'
import { log } from '../telemetry/log.js'
import { version } from '../telemetry/version.js'
import { FILE_COMMANDS } from './file-commands.js'
import { LOOKUP_COMMANDS } from './lookup-commands.js'
import { PARSER_CONFIGURATION } from './options.js'
import { SENSOR_COMMANDS } from './sensor-commands.js'
import { hideWords, showWords } from './quick-args.js'

const COMMANDS = [...SENSOR_COMMANDS, ...FILE_COMMANDS, ...LOOKUP_COMMANDS]
const NAMES = COMMANDS.map(({ words }) => words.split(' ')[0] ?? '')

const ALIASES: Readonly<Record<string, string>> = {
  help: 'h',
  ...Object.fromEntries(
    Object.entries(OPTIONS).flatMap(([name, option]) =>
      'alias' in option ? [[name, option.alias]] : [],
    ),
  ),
}

/**
 * The chosen command with its arguments. The handler throws it, since yargs composes the command's help after a handler
 * that returns, which takes 35 ms.
 */
class Chosen extends Error {
  readonly run: () => Promise<number>

  constructor(run: () => Promise<number>) {
    super()
    this.run = run
  }
}

class UsageError extends Error {}

/** The actual third argument of `fail`; the types of yargs declare the parser. */
interface Usage {
  getDescriptions(): Readonly<Record<string, unknown>>
}

/**
 * @param words the command line after the program's name
 * @returns the command to run; the exit code if help, the version or a fault was printed
 */
export async function choose(words: readonly string[]): Promise<(() => Promise<number>) | number> {
  const parser = newParser(words)
  const [first] = words
  if (first === undefined) {
    log(await parser.getHelp())
    log('\nhellotap: a command is missing: start with `hellotap up`')
    return 2
  }
  if (!first.startsWith('-') && !NAMES.includes(first)) {
    usageFault(words, [unknownName('command', first, NAMES), `commands: ${NAMES.join(', ')}`])
    return 2
  }
  try {
    await parser.parseAsync()
  } catch (error) {
    if (error instanceof Chosen) return error.run
    if (error instanceof UsageError) return 2
    throw error
  }
  return 0
}

function newParser(words: readonly string[]) {
  const parser = yargs(hideWords(words))
    .scriptName('hellotap')
    .usage(
      '$0 <command>\n\nFingerprints every TLS ClientHello on the wire and identifies its client.',
    )
    .parserConfiguration(PARSER_CONFIGURATION)
  for (const { words, purpose, options, load } of COMMANDS)
    parser.command(words, purpose, options, (args) => {
      throw new Chosen(async () => (await load())(showWords(args)))
    })
  return parser
    .strict()
    .version(version)
    .describe('version', 'print the version')
    .help()
    .describe('help', 'print this help')
    .alias('h', 'help')
    .wrap(Math.min(100, process.stdout.columns || 100))
    .epilogue(
      'Each option can also be set as HELLOTAP_NAME in the environment, or as "name: value" in the file of --config. A flag overrides the environment, and the environment overrides the file.\nExit codes: 0 done, 1 failed, 2 bad usage.',
    )
    .exitProcess(false)
    .fail((message: string | null, error: Error | undefined, usage) => {
      if (error !== undefined && message === null) throw error
      // An unknown flag consumes the next word, so it is the better explanation of a missing argument.
      const names = Object.keys((usage as unknown as Usage).getDescriptions())
      const unknown = unknownFlags(words, names)
      usageFault(words, unknown.length > 0 ? unknown : [plainFault(message ?? 'bad usage', words)])
      throw new UsageError()
    })
}

/** A fault of usage in other words than those of yargs, which name the parser's terms. */
function plainFault(message: string, words: readonly string[]): string {
  const name = words.find((word) => NAMES.includes(word))
  const synopsis = COMMANDS.find((command) => command.words.split(' ')[0] === name)?.words
  const [, unexpected] = /^Unknown arguments?: (.*)/.exec(message) ?? []
  if (unexpected !== undefined) return `unexpected argument: ${unexpected}`
  const [, valueless] = /^Not enough arguments following: (.*)/.exec(message) ?? []
  if (valueless !== undefined) return `--${valueless} needs a value`
  const [, absent] = /^Missing required arguments?: (.*)/.exec(message) ?? []
  if (absent !== undefined) return `missing option: --${absent.replaceAll(', ', ', --')}`
  const [, argument = '', given, choices = ''] =
    /Argument: (.*), Given: (.*), Choices: (.*)/.exec(message) ?? []
  if (given !== undefined) {
    const shown = synopsis?.includes(`<${argument}>`) === true ? argument : `--${argument}`
    return `${shown} must be one of ${choices.replaceAll('"', '')}, not ${given}`
  }
  return message.startsWith('Not enough') ? `missing argument: hellotap ${synopsis ?? ''}` : message
}

/** A sentence for each flag among `words` that is neither in `names` nor an alias of one. */
function unknownFlags(words: readonly string[], names: readonly string[]): string[] {
  const known = names.flatMap((name) => [name, ALIASES[name] ?? name])
  const end = words.indexOf('--')
  const flags = words.slice(0, end < 0 ? words.length : end).flatMap((word) => {
    const [, name = word[1] ?? ''] = /^--([^=]+)/.exec(word) ?? []
    return /^-[^\d-]|^--[^=]/.test(word) ? [name] : []
  })
  const isKnown = (name: string) => known.includes(name.replace(/^no-/, '')) || known.includes(name)
  const long = known.filter((name) => name.length > 1)
  const flagNames = long.flatMap((name) => [`--${name}`, `--no-${name}`])
  return [...new Set(flags)]
    .filter((name) => !isKnown(name))
    .map((name) =>
      name.length === 1 ? `unknown option -${name}` : unknownName('option', `--${name}`, flagNames),
    )
}

function usageFault(words: readonly string[], sentences: readonly string[]): void {
  const command = words.find((word) => NAMES.includes(word))
  for (const sentence of sentences) log(`hellotap: ${sentence}`)
  log(`Try: hellotap ${command === undefined ? '' : `${command} `}--help`)
}
