import { QueryError } from './query-error.js'

/** Characters of a query, and comparisons in it. */
export const MAX_QUERY_LENGTH = 16_384
export const MAX_QUERY_TERMS = 512
/** Parentheses and `not` inside one another. */
export const MAX_QUERY_DEPTH = 64

export interface Token {
  readonly kind: 'word' | 'quoted' | 'operator' | 'open' | 'close' | 'comma' | 'end'
  readonly text: string
  /** From 1. */
  readonly column: number
}

const OPERATOR = /(!=|!~|<=|>=|[=~<>])/y
const WORD = /[^\s()",=~<>!]+/y
/** What stands behind an operator runs to the next blank, so that `sni=a=b` is no mistake. */
const VALUE = /[^\s()",]+/y

/** The tokens of a query, `end` last. @throws QueryError */
export function tokensOf(query: string): Token[] {
  if (query.length > MAX_QUERY_LENGTH)
    throw new QueryError(
      `the query has ${query.length} characters, more than ${MAX_QUERY_LENGTH}: ask for fewer values, or several times`,
    )
  const tokens: Token[] = []
  let at = 0
  const match = (pattern: RegExp) => {
    pattern.lastIndex = at
    return pattern.exec(query)?.[0]
  }
  while (at < query.length) {
    const character = query[at] ?? ''
    const column = at + 1
    const add = (kind: Token['kind'], text: string, length = text.length) => {
      tokens.push({ kind, text, column })
      at += length
    }
    const isValue = tokens.at(-1)?.kind === 'operator'
    if (/\s/.test(character)) at++
    else if (character === '(') add('open', character)
    else if (character === ')') add('close', character)
    else if (character === ',') add('comma', character)
    else if (character === '"') {
      const { text, length } = quoted(query, at)
      add('quoted', text, length)
    } else {
      const value = isValue ? match(VALUE) : undefined
      const operator = value === undefined ? match(OPERATOR) : undefined
      const word = value ?? (operator === undefined ? match(WORD) : undefined)
      if (operator !== undefined) add('operator', operator)
      else if (word !== undefined) add('word', word)
      else throw new QueryError(`unexpected ${JSON.stringify(character)}`, column)
    }
  }
  tokens.push({ kind: 'end', text: '', column: query.length + 1 })
  return tokens
}

/** The text in quotes from `at` on; \" and \\ stand for themselves. */
function quoted(query: string, at: number): { readonly text: string; readonly length: number } {
  let text = ''
  for (let i = at + 1; i < query.length; i++) {
    const character = query[i] ?? ''
    if (character === '"') return { text, length: i + 1 - at }
    const next = query[i + 1]
    if (character === '\\' && (next === '"' || next === '\\')) {
      text += next
      i++
    } else text += character
  }
  throw new QueryError('the quote has no end: add "', at + 1)
}
