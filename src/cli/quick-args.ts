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
  const parsed = parser.detailed(words.slice(1).map(hideStdin), {
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
  return isOrdinary ? showStdin({ ...options, file: file.map(String) }) : undefined
}

// yargs drops a "-" among several positional words, so the parser gets a word that cannot be a file name.
const STDIN_WORD = '\0stdin'

/** A word for the parser. */
export function hideStdin(word: string): string {
  return word === '-' ? STDIN_WORD : word
}

/** The parser's arguments, with "-" restored. */
export function showStdin(args: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const shown = (value: unknown) => (value === STDIN_WORD ? '-' : value)
  return Object.fromEntries(
    Object.entries(args).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.map(shown) : shown(value),
    ]),
  )
}
