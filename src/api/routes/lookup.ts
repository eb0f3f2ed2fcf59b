import { Router } from 'express'
import * as z from 'zod/mini'
import { API_OFFSET_MOST, API_PAGE_MOST, API_PAGE_USUAL } from '../../base/limits.js'
import type { Store } from '../../store/contract.js'
import type { AddressTest } from '../address.js'
import { callerOf } from '../caller.js'
import type { Clock } from '../clock.js'
import { utcText } from '../clock.js'
import type { Describe } from '../fingerprint-answer.js'
import { sightingAnswer } from '../fingerprint-answer.js'
import { sendJson } from '../json.js'
import { refusal } from '../operator.js'
import { sendProblem } from '../problem.js'
import { address, flag, queryOrProblem, whole } from '../query.js'

const Query = z
  .strictObject({
    ip: z.optional(address),
    fingerprint: z.optional(
      z
        .string({ error: 'is one fingerprint' })
        .check(z.regex(/^[\x20-\x7e]{1,4096}$/, 'is printable ASCII, at most 4096 characters')),
    ),
    detail: flag,
    limit: whole(1, API_PAGE_MOST, API_PAGE_USUAL),
    offset: whole(0, API_OFFSET_MOST, 0),
  })
  .check(
    z.refine(({ ip, fingerprint }) => (ip === undefined) !== (fingerprint === undefined), {
      path: ['ip'],
      error: 'or "fingerprint" must be given, one of the two',
    }),
  )

/**
 * `GET /lookup?ip=`: sightings of an address, newest first, `limit` from `offset` on. `GET /lookup?fingerprint=`: what is
 * retained of a fingerprint of any kind.
 *
 * Which sites an address visits is personal: others' addresses are answered to the operator only (403 otherwise), one's
 * own to everybody. A fingerprint's record names no address, so it is public as `/stats` is. 404 where nothing is held.
 */
export function lookupRoute(
  store: Pick<Store, 'sightings' | 'concurrent' | 'fingerprint'>,
  trusted: AddressTest,
  describe: Describe,
  clock: Clock,
): Router {
  return Router().get('/lookup', async (req, res) => {
    const query = queryOrProblem(Query, req, res)
    if (query === undefined) return
    const { ip, fingerprint, detail, limit, offset } = query
    if (ip === undefined) {
      const record = await store.fingerprint(fingerprint ?? '')
      if (record === undefined) sendProblem(res, 404, 'No sighting held has that fingerprint.')
      else sendJson(res, 200, { ...record, utc_now: utcText(clock()) })
      return
    }
    const client = callerOf(req, trusted)
    const refused = ip === client.ip ? undefined : refusal(req, client, trusted, true)
    if (refused !== undefined) {
      sendProblem(res, 403, refused)
      return
    }
    const [{ sightings, total }, concurrent] = await Promise.all([
      store.sightings(ip, offset, limit),
      store.concurrent(ip),
    ])
    if (total === 0) {
      sendProblem(res, 404, `No sighting of ${ip} is held.`)
      return
    }
    const next = offset + sightings.length
    sendJson(res, 200, {
      concurrent_fingerprints: concurrent,
      fingerprints: sightings.map((sighting) =>
        sightingAnswer(sighting, detail ? describe : undefined),
      ),
      ip,
      limit,
      next: sightings.length > 0 && next < total ? next : null,
      num_fingerprints: total,
      offset,
      utc_now: utcText(clock()),
    })
  })
}
