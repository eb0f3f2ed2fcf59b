import type { Response } from 'express'

/** `value` as the API prints it: keys sorted by code unit at every depth, 2 spaces, a newline at the end. */
export function sortedJson(value: unknown): string {
  return `${JSON.stringify(sorted(value), null, 2)}\n`
}

/** Answers with JSON as the API prints it. */
export function sendJson(res: Response, status: number, body: object): void {
  res.status(status).type('application/json').send(sortedJson(body))
}

/** Answers with text that is printed already. */
export function sendPrinted(res: Response, text: string): void {
  res.setHeader('Content-Type', 'application/json; charset=utf-8')
  res.setHeader('Content-Length', Buffer.byteLength(text))
  res.end(text)
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const keys = Object.keys(value).sort()
  // fromEntries defines own properties: a key `__proto__` stays a key.
  return Object.fromEntries(
    keys.map((key) => [key, sorted((value as Record<string, unknown>)[key])]),
  )
}
