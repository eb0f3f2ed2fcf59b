import { Router } from 'express'
import * as z from 'zod/mini'
import { MAX_USER_AGENT_LEN } from '../../base/limits.js'
import type { Verdict } from '../../knowledge/check/judge.js'
import type { Sighting } from '../../model/sighting.js'
import type { Store } from '../../store/contract.js'
import { permits, principalOf } from '../access.js'
import type { AddressTest } from '../address.js'
import { callerOf } from '../caller.js'
import { checkedHellos } from '../checked-hellos.js'
import type { Clock } from '../clock.js'
import { utcText } from '../clock.js'
import { sendJson } from '../json.js'
import { budgetKey } from '../listen-budget.js'
import { rebound } from '../origin.js'
import { sendProblem } from '../problem.js'
import { address, flag, queryOrProblem } from '../query.js'
import type { Take, Turns } from '../turns.js'

/** Judges whether a User-Agent fits the sightings of one client; `isDirect` is false where a proxy sends its SYNs. */
export type Check = (
  sightings: readonly Sighting[],
  userAgent: string,
  isDirect: boolean,
) => Verdict | undefined

const Query = z.strictObject({
  ip: z.optional(address),
  user_agent: z.optional(
    z
      .string({ error: 'is one User-Agent' })
      .check(z.maxLength(MAX_USER_AGENT_LEN, `has at most ${MAX_USER_AGENT_LEN} characters`)),
  ),
  behind_proxy: flag,
})

/** What `/api/v1/check` needs. */
export interface CheckOptions {
  readonly store: Pick<Store, 'sightings'>
  readonly trusted: AddressTest
  readonly clock: Clock
  readonly check: Check
  readonly turns: Turns
}

/**
 * `GET /api/v1/check`: whether the caller's own User-Agent, or `user_agent`, fits the hellos of the caller's address;
 * `?ip=` those of another one, for an analyst, with `user_agent`. 404 where no hello of the address is held.
 */
export function checkRoute({ store, trusted, clock, check, turns }: CheckOptions): Router {
  return Router().get('/api/v1/check', async (req, res) => {
    const query = queryOrProblem(Query, req, res)
    if (query === undefined) return
    const client = callerOf(req, trusted)
    const { ip = client.ip, behind_proxy } = query
    const isOwn = ip === client.ip
    if (!isOwn && !permits(req, res, 'analyst')) return
    const refused = principalOf(req) === undefined ? rebound(req, client) : undefined
    if (refused !== undefined) {
      sendProblem(res, 403, refused)
      return
    }
    const userAgent = query.user_agent ?? (isOwn ? req.headers['user-agent'] : undefined)
    if (userAgent === undefined) {
      sendProblem(res, 400, 'Query parameter "user_agent" is missing: say what the client claims.')
      return
    }
    const key = budgetKey(client.ip)
    const take: Take = (piece) => turns.take(key, piece)
    const [kept, verdict] = await turns.run(key, async () => {
      const hellos = res.destroyed ? [] : await checkedHellos(store, ip, take)
      return [hellos, await take(() => check(hellos, userAgent, !behind_proxy))] as const
    })
    if (kept.length === 0 || verdict === undefined) {
      sendProblem(res, 404, `No hello of ${ip} is held.`)
      return
    }
    sendJson(res, 200, {
      src: ip,
      user_agent: userAgent,
      hellos: kept.length,
      ...verdict,
      utc_now: utcText(clock()),
    })
  })
}
