// query      = or
// or         = and { "or" and }
// and        = not { [ "and" ] not }
// not        = "not" not | "(" or ")" | comparison
// comparison = field operator value | field [ "not" ] "in" ( value | "(" value { "," value } ")" )
// operator   = "=" | "!=" | "~" | "!~" | "<" | "<=" | ">" | ">="

import { FIELDS, NOT_STORED } from './fields.js'
import type { Field } from './fields.js'
import { MAX_QUERY_DEPTH, MAX_QUERY_TERMS, tokensOf } from './lexer.js'
import type { Token } from './lexer.js'
import { QueryError } from './query-error.js'

export type Operator = '=' | '!=' | '~' | '!~' | '<' | '<=' | '>' | '>=' | 'in'

/** One comparison; `in` has one value or more, all others one. */
export interface Comparison {
  readonly kind: 'comparison'
  readonly name: string
  readonly field: Field
  readonly operator: Operator
  readonly values: readonly { readonly text: string; readonly column: number }[]
  readonly column: number
}

export type Expression =
  | Comparison
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Expression[] }
  | { readonly kind: 'not'; readonly part: Expression }

/** The expression of a query; undefined for an empty one, which matches everything. @throws QueryError with the column */
export function parseQuery(query: string): Expression | undefined {
  const parser = new Parser(tokensOf(query))
  return parser.isAtEnd ? undefined : parser.whole()
}

class Parser {
  readonly #tokens: readonly Token[]
  #at = 0
  #terms = 0
  #depth = 0

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  get isAtEnd(): boolean {
    return this.#token.kind === 'end'
  }

  whole(): Expression {
    const expression = this.#or()
    if (!this.isAtEnd) throw this.#unexpected('"and", "or" or the end')
    return expression
  }

  get #token(): Token {
    return this.#tokens[this.#at] ?? { kind: 'end', text: '', column: 1 }
  }

  #or(): Expression {
    const parts = [this.#and()]
    while (this.#takeWord('or')) parts.push(this.#and())
    return oneOf('or', parts)
  }

  #and(): Expression {
    const parts = [this.#not()]
    while (this.#takeWord('and') || this.#beginsTerm()) parts.push(this.#not())
    return oneOf('and', parts)
  }

  #not(): Expression {
    const { column } = this.#token
    if (++this.#depth > MAX_QUERY_DEPTH)
      throw new QueryError(`more than ${MAX_QUERY_DEPTH} parentheses inside one another`, column)
    let expression: Expression
    if (this.#takeWord('not')) expression = { kind: 'not', part: this.#not() }
    else if (this.#take('open')) {
      expression = this.#or()
      if (!this.#take('close')) throw this.#unexpected('")"')
    } else expression = this.#comparison()
    this.#depth--
    return expression
  }

  #comparison(): Expression {
    const token = this.#token
    if (token.kind !== 'word') throw this.#unexpected('a field')
    const name = token.text.toLowerCase().replaceAll('-', '_')
    const field = Object.hasOwn(FIELDS, name) ? FIELDS[name] : undefined
    this.#at++
    if (field === undefined) {
      const isCompared = this.#token.kind === 'operator' || this.#token.text === 'in'
      throw unknownField(name, isCompared ? undefined : meantBy(token.text), token.column)
    }
    if (++this.#terms > MAX_QUERY_TERMS)
      throw new QueryError(`more than ${MAX_QUERY_TERMS} comparisons`, token.column)
    const common = { kind: 'comparison', name, field, column: token.column } as const
    const isNot = this.#takeWord('not')
    if (this.#takeWord('in')) {
      const within: Expression = { ...common, operator: 'in', values: this.#values() }
      return isNot ? { kind: 'not', part: within } : within
    }
    if (isNot || this.#token.kind !== 'operator')
      throw this.#unexpected('an operator: = != ~ !~ < <= > >= in')
    const operator = this.#token.text as Operator
    this.#at++
    return { ...common, operator, values: [this.#value()] }
  }

  #values() {
    if (!this.#take('open')) return [this.#value()]
    const values = [this.#value()]
    while (this.#take('comma')) {
      if (++this.#terms > MAX_QUERY_TERMS)
        throw new QueryError(`more than ${MAX_QUERY_TERMS} values`, this.#token.column)
      values.push(this.#value())
    }
    if (!this.#take('close')) throw this.#unexpected('"," or ")"')
    return values
  }

  #value() {
    const { kind, text, column } = this.#token
    if (kind !== 'word' && kind !== 'quoted') throw this.#unexpected('a value')
    this.#at++
    return { text, column }
  }

  #beginsTerm(): boolean {
    const { kind, text } = this.#token
    return kind === 'open' || (kind === 'word' && text.toLowerCase() !== 'or')
  }

  #take(kind: Token['kind']): boolean {
    if (this.#token.kind !== kind) return false
    this.#at++
    return true
  }

  #takeWord(word: string): boolean {
    const { kind, text } = this.#token
    if (kind !== 'word' || text.toLowerCase() !== word) return false
    this.#at++
    return true
  }

  #unexpected(wanted: string): QueryError {
    const { kind, text, column } = this.#token
    const found = kind === 'end' ? 'the end' : JSON.stringify(text)
    return new QueryError(`expected ${wanted}, found ${found}`, column)
  }
}

function oneOf(kind: 'and' | 'or', parts: Expression[]): Expression {
  const [only] = parts
  return parts.length === 1 && only !== undefined ? only : { kind, parts }
}

function unknownField(name: string, meant: string | undefined, column: number): QueryError {
  if (meant !== undefined)
    return new QueryError(
      `${JSON.stringify(name.slice(0, 64))} is no field: write ${meant}`,
      column,
    )
  const instead = Object.hasOwn(NOT_STORED, name) ? NOT_STORED[name] : undefined
  return new QueryError(
    instead === undefined
      ? `unknown field ${JSON.stringify(name.slice(0, 64))}. Fields: ${Object.keys(FIELDS).join(', ')}`
      : `${name} cannot be searched: ${instead}`,
    column,
  )
}

/** The comparison that a value by itself is likely meant as. */
function meantBy(value: string): string | undefined {
  const text = value.slice(0, 200)
  if (/^[\d.]+\.\d+(\/\d+)?$|^[0-9a-f:]*:[0-9a-f:]*(\/\d+)?$/i.test(text)) return `src=${text}`
  if (/^[tqd]\w{9}_[0-9a-f]{12}_[0-9a-f]{12}$|^([0-9a-f]{32}|[0-9a-f]{96})$/i.test(text))
    return `fingerprint=${text}`
  return /^[*\w-]+(\.[*\w-]+)+$/.test(text) ? `sni=${text}, or sni~"*.${text}"` : undefined
}
