// Rows of CSV (RFC 4180) with the numbers of their lines. A quote that does not end breaks its own row only.

/** A row: its fields, the line it begins on, and its text. */
export interface CsvRow {
  readonly line: number
  readonly fields: readonly string[]
  readonly text: string
  /** Whether a quoted field does not end, or goes on behind its quote. */
  readonly isBroken: boolean
}

/** Lines that a quoted field may span: one that does not end takes no more with it. */
const MAX_SPAN = 20

/** The rows of `text`; lines that begin with `#` and empty ones are left out. */
export function* csvRows(text: string): Generator<CsvRow> {
  const lines = text.split(/\r\n|\n|\r/)
  for (let at = 0; at < lines.length; at++) {
    const first = lines[at] ?? ''
    if (first.trim() === '' || first.startsWith('#')) continue
    let whole = first
    let fields = fieldsOf(whole)
    let next = at
    while (fields === undefined && next - at < MAX_SPAN && next + 1 < lines.length) {
      next++
      whole += `\n${lines[next] ?? ''}`
      fields = fieldsOf(whole)
    }
    const isBroken = fields === undefined
    yield {
      line: at + 1,
      fields: fields ?? first.split(','),
      text: isBroken ? first : whole,
      isBroken,
    }
    if (!isBroken) at = next
  }
}

/** The fields of one row; undefined where a quote is open. */
function fieldsOf(row: string): string[] | undefined {
  const fields: string[] = []
  let at = 0
  for (;;) {
    while (row[at] === ' ') at++
    if (row[at] === '"') {
      let field = ''
      let from = at + 1
      for (;;) {
        const quote = row.indexOf('"', from)
        if (quote < 0) return undefined
        field += row.slice(from, quote)
        if (row[quote + 1] !== '"') {
          at = quote + 1
          break
        }
        field += '"'
        from = quote + 2
      }
      const comma = row.indexOf(',', at)
      const rest = row.slice(at, comma < 0 ? undefined : comma)
      if (rest.trim() !== '') return undefined
      fields.push(field)
      if (comma < 0) return fields
      at = comma + 1
    } else {
      const comma = row.indexOf(',', at)
      fields.push(row.slice(at, comma < 0 ? undefined : comma).trim())
      if (comma < 0) return fields
      at = comma + 1
    }
  }
}
