import parser from 'yargs-parser'
import { OPTIONS } from '../config/options.js'
import { PARSER_CONFIGURATION, READ } from './options.js'
import { STDIN_WORD } from './stdin-word.js'

/**
 * The arguments of `read` as yargs would give them.
 * @param words the command line after the program's name
 * @returns undefined for another command, for help, and for every mistake: yargs explains those
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
  const parsed = parser.detailed(
    words.slice(1).map((word) => (word === '-' ? STDIN_WORD : word)),
    {
      string,
      boolean,
      alias,
      narg: Object.fromEntries(string.map((name) => [name, 1])),
      configuration: PARSER_CONFIGURATION,
    },
  )
  const { _: file, ...options } = parsed.argv
  const known = new Set([...string, ...boolean, ...Object.keys(alias)])
  const isOrdinary =
    parsed.error === null &&
    file.length > 0 &&
    Object.keys(options).every((name) => known.has(name))
  return isOrdinary ? { ...options, file: file.map(String) } : undefined
}
