import type { Request, Response } from 'express'
import express, { Router } from 'express'
import * as z from 'zod/mini'
import { cursorOf, parseCursor } from '../../search/cursor.js'
import { hotSightings } from '../../search/hot-sightings.js'
import { MAX_QUERY_LENGTH } from '../../search/lexer.js'
import type { SearchOptions } from '../../search/plan.js'
import { QueryError } from '../../search/query-error.js'
import { search } from '../../search/search.js'
import type { SearchRow } from '../../search/search.js'
import { SearchError } from '../../search/search-error.js'
import type { Store } from '../../store/contract.js'
import { need } from '../access.js'
import { sendJson } from '../json.js'
import { sendProblem } from '../problem.js'

/** Rows of one page, unless the caller says otherwise, and at most. A stream of JSON lines has no bound. */
const USUAL_ROWS = 100
const MOST_ROWS = 10_000
/** Searches at one time; a further one is refused. Each has a thread and up to 1 GiB. */
const AT_ONCE = 2
const TIMEOUT_MILLIS = 60_000
/** Milliseconds of sightings that may not be in the history yet. */
const UNROLLED_MILLIS = 900_000

const whole = z.union([
  z.int().check(z.minimum(1), z.maximum(MOST_ROWS)),
  z.pipe(
    z.string().check(z.regex(/^[1-9]\d{0,4}$/)),
    z.transform((text: string) => Number(text)),
  ),
])
const fields = z.union([
  z.array(z.string().check(z.maxLength(64))).check(z.minLength(1), z.maxLength(8)),
  z.pipe(
    z.string().check(z.maxLength(256)),
    z.transform((text: string) => text.split(',')),
  ),
])
const Body = z.strictObject({
  query: z._default(z.string().check(z.maxLength(MAX_QUERY_LENGTH)), ''),
  by: z.optional(fields),
  limit: z.optional(whole),
  rare: z.optional(whole),
  changes: z.optional(z.union([z.boolean(), z.literal('1')])),
  cursor: z.optional(z.string().check(z.maxLength(128))),
})

const WRONG: Readonly<Record<string, string>> = {
  query: `is text of at most ${MAX_QUERY_LENGTH} characters`,
  by: 'is fields joined by commas, at most eight',
  limit: `is a whole number from 1 to ${MOST_ROWS}`,
  rare: `is a whole number from 1 to ${MOST_ROWS}`,
  changes: 'is true, false or 1',
  cursor: 'is the cursor of an answer',
}

/** Where the routes search. */
export interface SearchRouteOptions {
  readonly store: Pick<Store, 'visit'>
  /** Folder of the history; absent, the hot store alone is searched. */
  readonly folder?: string | undefined
}

/**
 * `GET /api/v1/sightings?query=…` and `POST /api/v1/search` with the same keys as JSON: sightings of history and hot store,
 * newest first, or counts by fields. `Accept: application/x-ndjson` streams all of them, one JSON line each. For an analyst.
 */
export function searchRoute({ store, folder }: SearchRouteOptions): Router {
  let running = 0
  const handle = async (req: Request, res: Response, asked: unknown) => {
    const body = Body.safeParse(asked)
    if (!body.success) {
      const wrong = body.error.issues.map((issue) =>
        issue.code === 'unrecognized_keys'
          ? `unknown: ${issue.keys.join(', ')}`
          : `"${issue.path.join('.')}" ${WRONG[String(issue.path[0])] ?? issue.message}`,
      )
      sendProblem(res, 400, `The search is wrong: ${wrong.join('; ')}.`)
      return
    }
    if (running >= AT_ONCE) {
      res.set('Retry-After', '5')
      sendProblem(res, 503, `${AT_ONCE} searches are running: ask again when one is done.`)
      return
    }
    running++
    try {
      await answer(req, res, body.data)
    } catch (error) {
      if (res.headersSent) res.destroy()
      else if (error instanceof QueryError) sendProblem(res, 400, error.message)
      else if (error instanceof SearchError) sendProblem(res, 503, error.message)
      else throw error
    } finally {
      running--
    }
  }

  const answer = async (req: Request, res: Response, asked: z.output<typeof Body>) => {
    const { query, by, rare, changes, cursor } = asked
    const isStream = req.accepts(['json', 'application/x-ndjson']) === 'application/x-ndjson'
    const limit = asked.limit ?? (isStream ? undefined : USUAL_ROWS)
    const options: SearchOptions = {
      query,
      by,
      rare,
      changes: changes !== undefined && changes !== false,
      // one more tells whether there is a next page
      limit: limit === undefined || isStream ? limit : limit + 1,
      after: cursor === undefined ? undefined : parseCursor(cursor),
    }
    const controller = new AbortController()
    res.once('close', () => controller.abort())
    const skipped: string[] = []
    const hot = await hotSightings(store, folder === undefined ? 0 : Date.now() - UNROLLED_MILLIS)
    const rows = search(
      options,
      { folder, hot },
      {
        signal: controller.signal,
        timeoutMillis: TIMEOUT_MILLIS,
        onSkipped: (reason) => skipped.push(reason),
      },
    )
    if (isStream) {
      await stream(res, rows)
      return
    }
    const page: SearchRow[] = []
    for await (const row of rows) page.push(row)
    const isMore = limit !== undefined && page.length > limit
    if (isMore) page.pop()
    const last = page.at(-1)
    const isSightings = by === undefined && options.changes !== true
    sendJson(res, 200, {
      rows: page,
      ...(isMore ? { more: true } : {}),
      ...(isMore && isSightings && last !== undefined ? { cursor: cursorOf(last) } : {}),
      ...(skipped.length > 0 ? { files_left_out: skipped.length } : {}),
    })
  }

  return Router()
    .get('/api/v1/sightings', need('analyst'), (req, res) => handle(req, res, { ...req.query }))
    .post(
      '/api/v1/search',
      need('analyst'),
      express.json({ limit: '64kb', type: () => true }),
      (req, res) => handle(req, res, req.body ?? {}),
    )
}

/** Writes rows as they come; a slow reader holds the search up. */
async function stream(res: Response, rows: AsyncIterable<SearchRow>): Promise<void> {
  for await (const row of rows) {
    if (!res.headersSent) res.type('application/x-ndjson')
    if (!res.write(`${JSON.stringify(row)}\n`) && !res.destroyed)
      await new Promise<void>((resolve) => {
        const go = () => {
          res.off('drain', go).off('close', go)
          resolve()
        }
        res.on('drain', go).on('close', go)
      })
  }
  if (!res.headersSent) res.type('application/x-ndjson')
  res.end()
}
