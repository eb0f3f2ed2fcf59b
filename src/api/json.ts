import type { Response } from 'express'

/** Characters of text after which it becomes bytes: long strings built of short ones burden the garbage collector. */
const PART_LEN = 16_384

/** `value` as the API prints it: keys sorted by code unit at every depth, 2 spaces, a newline at the end. */
export function sortedJson(value: unknown): string {
  const printer = new JsonPrinter()
  printer.print(value, '\n')
  const { parts, text } = printer
  return parts.length === 0 ? `${text}\n` : `${Buffer.concat(parts).toString()}${text}\n`
}

/**
 * The same in parts, without the newline at the end.
 * @param newline a newline and the indentation of the line that the value stands in
 */
export function printJson(value: unknown, newline = '\n'): Buffer[] {
  const printer = new JsonPrinter()
  printer.print(value, newline)
  return [...printer.parts, Buffer.from(printer.text)]
}

/**
 * The same of an object, a step for each member and for each item of a list in it.
 * @param newline as of printJson
 */
export function* printSteps(object: object, newline = '\n'): Generator<undefined, Buffer[]> {
  const printer = new JsonPrinter()
  const inner = `${newline}  `
  let before = '{'
  for (const [key, value] of membersOf(object)) {
    printer.text += `${before}${inner}${JSON.stringify(key)}: `
    before = ','
    if (Array.isArray(value) && value.length > 0) {
      const item = `${inner}  `
      for (let i = 0; i < value.length; i++) {
        printer.text += (i === 0 ? '[' : ',') + item
        printer.print(value[i], item)
        yield undefined
      }
      printer.text += `${inner}]`
    } else printer.print(value, inner)
    yield undefined
  }
  printer.text += before === '{' ? '{}' : `${newline}}`
  return [...printer.parts, Buffer.from(printer.text)]
}

/** Answers with JSON as the API prints it. */
export function sendJson(res: Response, status: number, body: object): void {
  res.statusCode = status
  sendPrinted(res, sortedJson(body))
}

/** Answers with JSON that is printed already. */
export function sendPrinted(res: Response, text: string | Buffer): void {
  res.setHeader('Content-Type', 'application/json; charset=utf-8')
  res.setHeader('Content-Length', Buffer.byteLength(text))
  res.end(text)
}

/** Prints straight from the value: a sorted copy of a large answer costs more than its text. */
class JsonPrinter {
  readonly parts: Buffer[] = []
  text = ''

  /** What JSON does not print is null, as in a list. */
  print(value: unknown, newline: string): void {
    if (typeof value === 'string') this.text += JSON.stringify(value)
    else if (typeof value === 'number') this.text += Number.isFinite(value) ? String(value) : 'null'
    else if (typeof value === 'boolean') this.text += String(value)
    else if (typeof value !== 'object' || value === null) this.text += 'null'
    else if (Array.isArray(value)) this.#printArray(value, newline)
    else this.#printObject(value, newline)
    if (this.text.length > PART_LEN) {
      this.parts.push(Buffer.from(this.text))
      this.text = ''
    }
  }

  #printArray(values: readonly unknown[], newline: string): void {
    if (values.length === 0) {
      this.text += '[]'
      return
    }
    const inner = `${newline}  `
    this.text += '['
    for (let i = 0; i < values.length; i++) {
      this.text += i === 0 ? inner : `,${inner}`
      this.print(values[i], inner)
    }
    this.text += `${newline}]`
  }

  #printObject(object: object, newline: string): void {
    const inner = `${newline}  `
    let before = '{'
    for (const [key, value] of membersOf(object)) {
      this.text += `${before}${inner}${JSON.stringify(key)}: `
      before = ','
      this.print(value, inner)
    }
    this.text += before === '{' ? '{}' : `${newline}}`
  }
}

/** The members that are printed, by their keys. */
function membersOf(object: object): [string, unknown][] {
  const members: [string, unknown][] = []
  for (const key of Object.keys(object).sort()) {
    const value: unknown = object[key as keyof typeof object]
    if (value !== undefined) members.push([key, value])
  }
  return members
}
