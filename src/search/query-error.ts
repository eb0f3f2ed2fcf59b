/** What is wrong with a query, and where. */
export class QueryError extends Error {
  override readonly name = 'QueryError'
  /** Place in the query, from 1; undefined for a fault of the whole. */
  readonly column: number | undefined

  constructor(message: string, column?: number) {
    super(column === undefined ? message : `column ${column}: ${message}`)
    this.column = column
  }
}
