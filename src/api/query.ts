import type { Request, Response } from 'express'
import * as z from 'zod/mini'
import { canonicalAddress } from './address.js'
import { parsePort } from './forwarded.js'
import { sendProblem } from './problem.js'

/** A switch of the classic API: a bare key or 1 is on, 0 or false or no key is off. */
export const flag = z._default(
  z.pipe(
    z.enum(['', '1', '0', 'false'], { error: 'is a bare key, 1, 0 or false' }),
    z.transform((text) => text === '' || text === '1'),
  ),
  false,
)

/** A key of the classic API's clients that says nothing: they add it to get past caches, as jQuery does. */
export const CACHE_BUSTER = { _: z.optional(z.unknown()) }

/** A whole number from `least` to `most`, `otherwise` where the key is absent. */
export function whole(least: number, most: number, otherwise: number) {
  const error = `is a whole number from ${least} to ${most}`
  return z._default(
    z.pipe(
      z.string({ error }).check(z.regex(/^\d{1,9}$/, { error })),
      z.pipe(
        z.transform((text: string) => Number(text)),
        z.number().check(z.minimum(least, { error }), z.maximum(most, { error })),
      ),
    ),
    otherwise,
  )
}

/** An IP address, given on in canonical form. */
export const address = z.pipe(
  z
    .string({ error: 'is an IP address' })
    .check(z.refine((text) => canonicalAddress(text) !== undefined, { error: 'is an IP address' })),
  z.transform((text) => canonicalAddress(text) ?? ''),
)

/** A TCP or UDP port. */
export const port = z.pipe(
  z
    .string({ error: 'is a port from 1 to 65535' })
    .check(
      z.refine((text) => parsePort(text) !== undefined, { error: 'is a port from 1 to 65535' }),
    ),
  z.transform((text) => parsePort(text) ?? 0),
)

/** The query of `req` by `schema`, or a sentence for each mistake in it. */
export function parseQuery<T extends z.ZodMiniType>(
  schema: T,
  req: Request,
): { readonly value: z.output<T> } | { readonly mistakes: string } {
  const result = schema.safeParse({ ...req.query })
  if (result.success) return { value: result.data }
  const mistakes = result.error.issues.map((issue) =>
    issue.code === 'unrecognized_keys'
      ? `unknown: ${issue.keys.map((key) => `"${key}"`).join(', ')}`
      : `"${issue.path.join('.')}" ${issue.message}`,
  )
  return { mistakes: `The query is wrong: ${mistakes.join('; ')}.` }
}

/** The query of `req` by `schema`; where it is wrong the answer is given, 400 with a problem document, and undefined returned. */
export function queryOrProblem<T extends z.ZodMiniType>(
  schema: T,
  req: Request,
  res: Response,
): z.output<T> | undefined {
  const query = parseQuery(schema, req)
  if ('value' in query) return query.value
  sendProblem(res, 400, query.mistakes)
  return undefined
}
