import parser from 'yargs-parser'
import { OPTIONS } from '../config/options.js'
import { PARSER_CONFIGURATION, READ } from './options.js'

/**
 * The arguments of `read` as yargs returns them. Parsing without yargs starts faster.
 * @param words the command line after the program's name
 * @returns undefined for other commands, for help, and for mistakes, which yargs reports
 */
export function quickReadArgs(words: readonly string[]): Record<string, unknown> | undefined {
  if (words[0] !== 'read') return undefined
  const string: string[] = ['config']
  const boolean: string[] = []
  const alias: Record<string, string> = {}
  for (const name of READ) {
    const option = OPTIONS[name]
    if (option.type === 'boolean') boolean.push(name)
    else string.push(name)
    if ('alias' in option) alias[option.alias] = name
  }
  const parsed = parser.detailed(hideWords(words.slice(1)), {
    string,
    boolean,
    alias,
    narg: Object.fromEntries(string.map((name) => [name, 1])),
    configuration: PARSER_CONFIGURATION,
  })
  const { _: file, ...options } = parsed.argv
  const known = new Set([...string, ...boolean, ...Object.keys(alias)])
  const isOrdinary =
    parsed.error === null &&
    file.length > 0 &&
    Object.keys(options).every((name) => known.has(name))
  return isOrdinary ? showWords({ ...options, file: file.map(String) }) : undefined
}

// yargs drops a "-" among several positional words, and does not take words behind "--" for a command's. No word of a command
// line has the character NUL.
const HIDDEN = '\0'

/** The words for the parser: "-" and the words behind "--" as positional words that it takes like any other. */
export function hideWords(words: readonly string[]): string[] {
  const end = words.includes('--') ? words.indexOf('--') : words.length
  return words
    .map((word, at) => (word === '-' || at > end ? HIDDEN + word : word))
    .filter((_, at) => at !== end)
}

/** The parser's arguments, with these words as they were. */
export function showWords(args: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const shown = (value: unknown) =>
    typeof value === 'string' && value.startsWith(HIDDEN) ? value.slice(HIDDEN.length) : value
  return Object.fromEntries(
    Object.entries(args).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.map(shown) : shown(value),
    ]),
  )
}
