import type { RequestHandler } from 'express'
import { Router } from 'express'
import * as z from 'zod/mini'
import { API_PAGE_USUAL, MAX_STATISTICS_TOP } from '../../base/limits.js'
import { allowAnyOrigin } from '../answer-headers.js'
import { CACHE_BUSTER, flag, queryOrProblem, whole } from '../query.js'
import type { StatsTexts } from '../stats-texts.js'

const Query = z.strictObject({
  bo: flag,
  limit: whole(1, MAX_STATISTICS_TOP, API_PAGE_USUAL),
  ...CACHE_BUSTER,
})
const NO_QUERY: z.output<typeof Query> = { bo: false, limit: API_PAGE_USUAL }

/**
 * `GET /stats`: totals, the most frequent fingerprints and the distributions over everything retained; `?bo=1` only
 * fingerprints tied to User-Agents, with those. `limit` bounds each list. The text is made once a second at most, and has
 * an ETag (RFC 9110 §8.8.3): 304 where the client has it. 400 with a problem document on a bad query.
 * @param guard lets on who may read statistics
 */
export function statsRoute(texts: StatsTexts, guard: RequestHandler): Router {
  return Router().get('/stats', guard, async (req, res) => {
    const query = req.url.includes('?') ? queryOrProblem(Query, req, res) : NO_QUERY
    if (query === undefined) return
    const { parts, length, etag } = await texts.get(query.bo, query.limit)
    if (!query.bo) allowAnyOrigin(res)
    res.setHeader('ETag', etag)
    // a copy may be kept, and is asked for again each time
    res.setHeader('Cache-Control', 'no-cache')
    if (req.headers['if-none-match'] === etag) {
      res.status(304).end()
      return
    }
    res.setHeader('Content-Type', 'application/json; charset=utf-8')
    res.setHeader('Content-Length', length)
    const [first] = parts
    if (parts.length === 1) {
      res.end(first)
      return
    }
    res.cork()
    for (const part of parts) res.write(part)
    res.end()
  })
}
