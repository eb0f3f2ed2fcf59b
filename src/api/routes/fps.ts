import { Router } from 'express'
import * as z from 'zod/mini'
import { API_OFFSET_MOST, API_PAGE_MOST, API_PAGE_USUAL } from '../../base/limits.js'
import type { Store } from '../../store/contract.js'
import type { AddressTest } from '../address.js'
import { callerOf, sightingOf } from '../caller.js'
import type { Clock } from '../clock.js'
import { utcText } from '../clock.js'
import type { Describe } from '../fingerprint-answer.js'
import { detailAnswer, fpsAnswer, sightingAnswer, unknownAnswer } from '../fingerprint-answer.js'
import { sendJson } from '../json.js'
import { flag, queryOrProblem, whole } from '../query.js'
import type { Observe } from '../user-agents.js'

// Other keys are left alone: clients of the classic API may add one to get past a cache.
const Query = z.object({
  all: flag,
  detail: flag,
  limit: whole(1, API_PAGE_MOST, API_PAGE_USUAL),
  offset: whole(0, API_OFFSET_MOST, 0),
})

/** What `/fps` needs. */
export interface FpsOptions {
  readonly store: Store
  readonly trusted: AddressTest
  readonly waitMs: number
  readonly clock: Clock
  readonly describe: Describe
  readonly observe: Observe
}

/**
 * `GET /fps`: the caller's own fingerprint; `?detail=1` with its hello taken apart and the User-Agents tied to it; `?all=1` all sightings of the caller's
 * address, newest first, `limit` from `offset` on. 400 with a problem document on a bad query.
 */
export function fpsRoute(options: FpsOptions): Router {
  const { store, trusted, waitMs, clock, describe, observe } = options
  return Router().get('/fps', async (req, res) => {
    const query = queryOrProblem(Query, req, res)
    if (query === undefined) return
    const userAgent = req.headers['user-agent'] ?? ''
    const client = callerOf(req, trusted)
    const found = await sightingOf(store, client, req, waitMs)
    if (found === undefined) {
      sendJson(res, 200, unknownAnswer(client.ip, await store.total(), clock()))
      return
    }
    observe(client, found.sighting, userAgent)
    if (query.all) {
      const { sightings, total } = await store.sightings(client.ip, query.offset, query.limit)
      const next = query.offset + sightings.length
      sendJson(res, 200, {
        fingerprints: sightings.map((sighting) =>
          sightingAnswer(sighting, query.detail ? describe : undefined),
        ),
        ip: client.ip,
        limit: query.limit,
        next: sightings.length > 0 && next < total ? next : null,
        num_fingerprints: total,
        offset: query.offset,
        'user-agent': userAgent,
        utc_now: utcText(clock()),
      })
      return
    }
    if (!query.detail) {
      sendJson(res, 200, fpsAnswer(found, userAgent, clock()))
      return
    }
    const { sha3_384, sha3_384_stable } = found.sighting
    const known = await store.fingerprint(sha3_384_stable ?? sha3_384 ?? '')
    sendJson(res, 200, {
      ...detailAnswer(found, userAgent, clock(), describe),
      // undefined is not printed
      user_agents: known?.user_agents,
    })
  })
}
