// A query as a condition of SQL. Of the query's text nothing gets into the SQL: names of columns come from our own list,
// every value is a bound parameter.

import { addressBytes, addressKey, addressRange } from '../history/address.js'
import type { Comparison, Expression } from './parser.js'
import { QueryError } from './query-error.js'
import { timeBounds } from './time-bounds.js'
import { dayEndOf, millisOf } from './times.js'

/** A value for a parameter, with the type it is cast to. */
export type Parameter =
  | { readonly type: 'VARCHAR'; readonly value: string }
  | { readonly type: 'BIGINT' | 'UBIGINT'; readonly value: bigint }
  | { readonly type: 'BLOB'; readonly value: Uint8Array }
  /** Microseconds since the epoch. */
  | { readonly type: 'TIMESTAMPTZ'; readonly value: bigint }

/** Wildcards of one pattern. */
const MAX_WILDCARDS = 16

/** A condition with its parameters, which are numbered from 1. */
export interface Compiled {
  readonly where: string
  readonly parameters: Parameter[]
  /** Bounds of time that every match is within, milliseconds; for the choice of files. */
  readonly from: number | undefined
  readonly to: number | undefined
}

/**
 * Compiles an expression.
 * @param now milliseconds since the epoch
 * @param source the SQL of all sightings, for what is new
 * @throws QueryError
 */
export function compileQuery(
  expression: Expression | undefined,
  now: number,
  source: string,
): Compiled {
  const compiler = new Compiler(now, source)
  const where = expression === undefined ? 'true' : compiler.condition(expression)
  const { from, to } = timeBounds(expression, now)
  return { where, parameters: compiler.parameters, from, to }
}

class Compiler {
  readonly parameters: Parameter[] = []
  readonly #now: number
  readonly #source: string

  constructor(now: number, source: string) {
    this.#source = source
    this.#now = now
  }

  condition(expression: Expression): string {
    switch (expression.kind) {
      case 'and':
      case 'or':
        return `(${expression.parts.map((part) => this.condition(part)).join(` ${expression.kind} `)})`
      case 'not':
        return `(not coalesce(${this.condition(expression.part)}, false))`
      case 'comparison':
        return this.#comparison(expression)
    }
  }

  #comparison(comparison: Comparison): string {
    const { name, field, operator } = comparison
    if (name === 'new_since') return this.#newSince(comparison)
    if (operator === '!=' || operator === '!~') {
      const positive = { ...comparison, operator: operator === '!=' ? '=' : '~' } as const
      return `(not coalesce(${this.#comparison(positive)}, false))`
    }
    switch (field.kind) {
      case 'text':
        return this.#text(comparison)
      case 'list':
        return this.#list(comparison)
      case 'address':
        return this.#address(comparison)
      case 'integer':
        return this.#ordered(comparison, (text, column) => this.#integer(text, column))
      case 'time':
        if (operator === '=') return this.#timeIs(comparison)
        return this.#ordered(comparison, (text, column) => this.#time(text, column))
      case 'boolean':
        return this.#boolean(comparison)
    }
  }

  #text(comparison: Comparison): string {
    const { field, operator, values } = comparison
    only(comparison, ['=', '~', 'in'])
    const { columns, isFolded = false } = field
    const conditions = columns.flatMap((column) =>
      values.map((value) => {
        const text = operator === '~' ? likeOf(value) : value.text
        const bound = this.#bind({ type: 'VARCHAR', value: isFolded ? text.toLowerCase() : text })
        const folded = isFolded ? `lower(${column})` : column
        return operator === '~' ? `${folded} LIKE ${bound} ESCAPE '\\'` : `${folded} = ${bound}`
      }),
    )
    return anyOf(conditions)
  }

  /** A list is JSON text; its elements are compared. */
  #list(comparison: Comparison): string {
    const { field, operator, values } = comparison
    only(comparison, ['=', '~', 'in'])
    const [column = ''] = field.columns
    const elements = `from_json(${column}, '["VARCHAR"]')`
    return anyOf(
      values.map((value) =>
        operator === '~'
          ? `len(list_filter(${elements}, lambda x: x LIKE ${this.#bind({ type: 'VARCHAR', value: likeOf(value) })} ESCAPE '\\')) > 0`
          : `list_contains(${elements}, ${this.#bind({ type: 'VARCHAR', value: value.text })})`,
      ),
    )
  }

  /** An address or a network: a range of bytes; for the source a range of its key first, which skips row groups. */
  #address(comparison: Comparison): string {
    const { field, values } = comparison
    only(comparison, ['=', 'in'])
    const [column = ''] = field.columns
    return anyOf(
      values.map(({ text, column: at }) => {
        const exact = addressBytes(text)
        const range = exact === undefined ? addressRange(text) : { first: exact, last: exact }
        if (range === undefined)
          throw new QueryError(
            `${JSON.stringify(text.slice(0, 64))} is no address or network such as 10.1.2.0/24`,
            at,
          )
        const bytes = (value: Uint8Array) => this.#bind({ type: 'BLOB', value })
        const key = (value: Uint8Array) => this.#bind({ type: 'UBIGINT', value: addressKey(value) })
        const within = `${column} BETWEEN ${bytes(range.first)} AND ${bytes(range.last)}`
        return column === 'src' && addressKey(range.first) <= addressKey(range.last)
          ? `(src_key BETWEEN ${key(range.first)} AND ${key(range.last)} AND ${within})`
          : `(${within})`
      }),
    )
  }

  #ordered(comparison: Comparison, bind: (text: string, column: number) => string): string {
    const { field, operator, values } = comparison
    only(comparison, ['=', '<', '<=', '>', '>=', 'in'])
    const sql = operator === 'in' ? '=' : operator
    return anyOf(
      field.columns.flatMap((column) =>
        values.map((value) => `${column} ${sql} ${bind(value.text, value.column)}`),
      ),
    )
  }

  #boolean(comparison: Comparison): string {
    const { field, values } = comparison
    only(comparison, ['='])
    const [{ text, column } = { text: '', column: comparison.column }] = values
    if (text !== 'true' && text !== 'false')
      throw new QueryError(`${JSON.stringify(text.slice(0, 64))} is neither true nor false`, column)
    // absent is false, as in the JSON lines
    return `(coalesce(${field.columns.join('')}, false) = ${text})`
  }

  /** Sightings since then whose fingerprint was not seen before. */
  #newSince(comparison: Comparison): string {
    only(comparison, ['='])
    const [{ text, column } = { text: '', column: comparison.column }] = comparison.values
    const since = this.#time(text, column)
    return (
      `(time >= ${since} AND sha3_384_stable NOT IN ` +
      `(SELECT DISTINCT sha3_384_stable FROM ${this.#source} WHERE time < ${since} AND sha3_384_stable IS NOT NULL))`
    )
  }

  /** A day is all of its time. */
  #timeIs({ values }: Comparison): string {
    return anyOf(
      values.map(({ text, column }) => {
        const from = this.#time(text, column)
        const end = dayEndOf(text, column, this.#now)
        if (end === undefined) return `time = ${from}`
        return `(time >= ${from} AND time < ${this.#micros(end)})`
      }),
    )
  }

  #time(text: string, column: number): string {
    return this.#micros(millisOf(text, column, this.#now))
  }

  #micros(millis: number): string {
    return this.#bind({ type: 'TIMESTAMPTZ', value: BigInt(Math.trunc(millis)) * 1000n })
  }

  #integer(text: string, column: number): string {
    if (!/^\d{1,15}$/.test(text))
      throw new QueryError(`${JSON.stringify(text.slice(0, 64))} is no whole number`, column)
    return this.#bind({ type: 'BIGINT', value: BigInt(text) })
  }

  #bind(parameter: Parameter): string {
    this.parameters.push(parameter)
    return `$${this.parameters.length}::${parameter.type}`
  }
}

function anyOf(conditions: readonly string[]): string {
  return conditions.length === 1 ? (conditions[0] ?? '') : `(${conditions.join(' or ')})`
}

function only({ name, field, operator, column }: Comparison, operators: readonly string[]): void {
  if (!operators.includes(operator))
    throw new QueryError(
      `${name} is of kind ${field.kind}, which has no ${operator}: use ${operators.join(' ')}`,
      column,
    )
}

/** A pattern with `*` and `?` as LIKE has it. @throws QueryError */
function likeOf({ text, column }: { readonly text: string; readonly column: number }): string {
  const wildcards = text.match(/[*?]/g)?.length ?? 0
  if (wildcards > MAX_WILDCARDS)
    throw new QueryError(`more than ${MAX_WILDCARDS} of * and ? in one pattern`, column)
  return text.replace(/[\\%_*?]/g, (character) =>
    character === '*' ? '%' : character === '?' ? '_' : `\\${character}`,
  )
}
