import { Router } from 'express'
import * as z from 'zod/mini'
import type { Store } from '../../store/contract.js'
import { permits } from '../access.js'
import type { AddressTest } from '../address.js'
import { callerOf } from '../caller.js'
import type { Clock } from '../clock.js'
import { sendJson } from '../json.js'
import { budgetKey } from '../listen-budget.js'
import { sendProblem } from '../problem.js'
import { address, queryOrProblem } from '../query.js'
import type { Lists } from '../rarity-answer.js'
import { rarityOfFingerprint } from '../rarity-answer.js'
import type { Take, Turns } from '../turns.js'

const Query = z.strictObject({ ip: z.optional(address) })
const FINGERPRINT = /^[\x20-\x7e]{1,4096}$/

/** What `/api/v1/rarity` needs. */
export interface RarityOptions {
  readonly store: Pick<Store, 'population' | 'sightings'>
  readonly clock: Clock
  readonly lists?: Lists | undefined
  readonly trusted: AddressTest
  readonly turns: Turns
}

/**
 * `GET /api/v1/rarity/:fingerprint`: how many clients share a fingerprint of any method and each part of its hello, by
 * window of time, for a reader; `?ip=` also whether it is new for that client, for an analyst. Slashes are percent-encoded.
 * 404 where no client with it is counted.
 */
export function rarityRoute({ store, clock, lists, trusted, turns }: RarityOptions): Router {
  return Router().get('/api/v1/rarity/:fingerprint', async (req, res) => {
    const query = queryOrProblem(Query, req, res)
    if (query === undefined) return
    const { ip } = query
    if (!permits(req, res, ip === undefined ? 'reader' : 'analyst')) return
    const { fingerprint } = req.params
    if (!FINGERPRINT.test(fingerprint)) {
      sendProblem(res, 400, 'A fingerprint is printable ASCII, at most 4096 characters.')
      return
    }
    const key = budgetKey(callerOf(req, trusted).ip)
    const take: Take = (piece) => turns.take(key, piece)
    const answer = await turns.run(key, () =>
      rarityOfFingerprint(store, fingerprint, ip, clock() / 1e6, lists, take),
    )
    if (answer === undefined) sendProblem(res, 404, 'No client with that fingerprint is counted.')
    else sendJson(res, 200, answer)
  })
}
