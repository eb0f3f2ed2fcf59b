import { Router } from 'express'
import * as z from 'zod/mini'
import { API_PAGE_USUAL, MAX_STATISTICS_TOP } from '../../base/limits.js'
import type { Store } from '../../store/contract.js'
import type { Clock } from '../clock.js'
import { utcText } from '../clock.js'
import { sendJson } from '../json.js'
import { flag, queryOrProblem, whole } from '../query.js'

const Query = z.object({ bo: flag, limit: whole(1, MAX_STATISTICS_TOP, API_PAGE_USUAL) })

/**
 * `GET /stats`: totals, the most frequent fingerprints and the distributions over everything retained; `?bo=1` only
 * fingerprints tied to User-Agents. `limit` bounds each list. 400 with a problem document on a bad query.
 */
export function statsRoute(store: Pick<Store, 'stats'>, clock: Clock): Router {
  return Router().get('/stats', async (req, res) => {
    const query = queryOrProblem(Query, req, res)
    if (query === undefined) return
    const stats = await store.stats({ onlyWithUserAgent: query.bo, top: query.limit })
    sendJson(res, 200, { ...stats, utc_now: utcText(clock()) })
  })
}
