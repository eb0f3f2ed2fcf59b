import { Router } from 'express'
import * as z from 'zod/mini'
import { API_OFFSET_MOST, API_PAGE_MOST, API_PAGE_USUAL } from '../../base/limits.js'
import type { Store } from '../../store/contract.js'
import { permits, principalOf } from '../access.js'
import type { AddressTest } from '../address.js'
import { callerOf } from '../caller.js'
import type { Clock } from '../clock.js'
import type { Describe } from '../fingerprint-answer.js'
import { sendJson } from '../json.js'
import type { Learnt } from '../learnt.js'
import { learntAnswer } from '../learnt.js'
import { responseOutput } from '../list-answer.js'
import { budgetKey } from '../listen-budget.js'
import { fingerprintAnswer, writeAddress } from '../lookup-answer.js'
import { rebound } from '../origin.js'
import { sendProblem } from '../problem.js'
import { address, flag, queryOrProblem, whole } from '../query.js'
import type { Take, Turns } from '../turns.js'

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

/** What `/lookup` needs. */
export interface LookupOptions {
  readonly store: Pick<Store, 'sightings' | 'concurrent' | 'fingerprint'>
  readonly trusted: AddressTest
  readonly clock: Clock
  readonly describe: Describe
  readonly turns: Turns
  readonly learnt?: Learnt | undefined
}

/**
 * `GET /lookup?ip=`: sightings of an address, newest first, `limit` from `offset` on, for an analyst; one's own for
 * everybody. `GET /lookup?fingerprint=`: what is retained of a fingerprint of any kind, for a reader. 404 where nothing
 * is held.
 */
export function lookupRoute({
  store,
  trusted,
  clock,
  describe,
  turns,
  learnt,
}: LookupOptions): Router {
  return Router().get('/lookup', async (req, res) => {
    const query = queryOrProblem(Query, req, res)
    if (query === undefined) return
    const { ip, fingerprint, detail, limit, offset } = query
    if (ip === undefined) {
      if (!permits(req, res, 'reader')) return
      const record = await fingerprintAnswer(store, fingerprint ?? '', clock)
      if (record === undefined) sendProblem(res, 404, 'No sighting held has that fingerprint.')
      else {
        const { sha3_384_stable } = record
        sendJson(res, 200, { ...record, ...learntAnswer(learnt, [fingerprint, sha3_384_stable]) })
      }
      return
    }
    const client = callerOf(req, trusted)
    if (ip !== client.ip && !permits(req, res, 'analyst')) return
    const refused = principalOf(req) === undefined ? rebound(req, client) : undefined
    if (refused !== undefined) {
      sendProblem(res, 403, refused)
      return
    }
    const key = budgetKey(client.ip)
    await turns.run(key, async () => {
      if (res.destroyed) return
      const lookup = { ip, offset, limit, describe: detail ? describe : undefined }
      const take: Take = (piece) => turns.take(key, piece)
      if (await writeAddress(store, lookup, clock, responseOutput(res), take)) res.end()
      else sendProblem(res, 404, `No sighting of ${ip} is held.`)
    })
  })
}
