import type { Request, Response } from 'express'
import { Router } from 'express'
import * as z from 'zod/mini'
import {
  API_ASKING_PER_ADDRESS,
  API_OFFSET_MOST,
  API_PAGE_MOST,
  API_PAGE_USUAL,
} from '../../base/limits.js'
import type { Implementation } from '../../model/implementation.js'
import type { Sighting } from '../../model/sighting.js'
import type { Store } from '../../store/contract.js'
import { inSlices } from '../../store/in-slices.js'
import type { AddressTest } from '../address.js'
import { allowAnyOrigin } from '../answer-headers.js'
import { callerOf, ClientSightings } from '../caller.js'
import { checkedHellos } from '../checked-hellos.js'
import type { Client } from '../client-address.js'
import type { Clock } from '../clock.js'
import { utcText } from '../clock.js'
import type { Describe, Found } from '../fingerprint-answer.js'
import {
  classicAnswer,
  conflictAnswer,
  detailAnswer,
  fpsAnswer,
  isUndecided,
  sightingAnswer,
  unknownAnswer,
} from '../fingerprint-answer.js'
import { printSteps, sendJson, sendPrinted } from '../json.js'
import { responseOutput, writeList } from '../list-answer.js'
import { budgetKey } from '../listen-budget.js'
import { isCrossSite, rebound } from '../origin.js'
import { sendProblem } from '../problem.js'
import type { Learnt } from '../learnt.js'
import { learntAnswer } from '../learnt.js'
import type { Lists } from '../rarity-answer.js'
import { rarityOfSighting } from '../rarity-answer.js'
import { CACHE_BUSTER, flag, queryOrProblem, whole } from '../query.js'
import type { Take } from '../turns.js'
import { Turns } from '../turns.js'
import type { Observe } from '../user-agents.js'
import type { Check } from './check.js'

const Query = z.strictObject({
  all: flag,
  detail: flag,
  limit: whole(1, API_PAGE_MOST, API_PAGE_USUAL),
  offset: whole(0, API_OFFSET_MOST, 0),
  ...CACHE_BUSTER,
})
const NO_QUERY: z.output<typeof Query> = {
  all: false,
  detail: false,
  limit: API_PAGE_USUAL,
  offset: 0,
}

const NEWLINE = Buffer.from('\n')

/** The TLS implementation that made a stored hello; undefined where the sighting was kept without it. */
export type Identify = (sighting: Sighting) => Implementation | undefined

/** What `/fps` needs. */
export interface FpsOptions {
  readonly store: Store
  readonly trusted: AddressTest
  readonly waitMs: number
  readonly clock: Clock
  readonly describe: Describe
  readonly check?: Check | undefined
  readonly identify?: Identify | undefined
  readonly learnt?: Learnt | undefined
  readonly lists?: Lists | undefined
  readonly observe: Observe
  readonly turns: Turns
}

/**
 * `GET /fps`: the caller's own fingerprint; `?detail=1` with its hello taken apart and the User-Agents tied to it; `?all=1`
 * all sightings of the caller's address, newest first, `limit` from `offset` on. 400 with a problem document on a bad query.
 *
 * A page of any site may read the classic keys, and gets no others.
 */
export function fpsRoute(options: FpsOptions): Router {
  const { store, trusted, waitMs, clock, turns, observe } = options
  const sightings = new ClientSightings(store, waitMs)
  const asking = new Turns({ bound: API_ASKING_PER_ADDRESS })
  return Router().get('/fps', async (req, res) => {
    const query = req.url.includes('?') ? queryOrProblem(Query, req, res) : NO_QUERY
    if (query === undefined) return
    const isClassic = !query.all && !query.detail
    const client = callerOf(req, trusted)
    const refused = isClassic ? undefined : rebound(req, client)
    if (refused !== undefined) {
      sendProblem(res, 403, refused)
      return
    }
    const userAgent = req.headers['user-agent'] ?? ''
    const key = budgetKey(client.ip)
    const found = await asking.run(key, () => sightings.find(client, req))
    if (found === undefined) {
      allowAnyOrigin(res)
      sendJson(res, 200, unknownAnswer(client.ip, await store.total(), clock()))
      return
    }
    if (!query.all && isUndecided(found)) {
      allowAnyOrigin(res)
      sendJson(res, 200, conflictAnswer(client.ip, found, clock()))
      return
    }
    observe(client, found.sighting, userAgent)
    if (isClassic) {
      allowAnyOrigin(res)
      res.setHeader('Vary', 'Origin')
      const answer = isCrossSite(req) || rebound(req, client) ? classicAnswer : fpsAnswer
      sendPrinted(res, answer(found, userAgent, clock()))
      return
    }
    const take: Take = (piece) => turns.take(key, piece)
    await turns.run(key, async () => {
      if (res.destroyed) return
      if (query.all) await sendAll(options, client, query, req, res, take)
      else await sendDetail(options, found, userAgent, res, take)
    })
  })
}

async function sendAll(
  { store, clock, describe }: FpsOptions,
  { ip }: Client,
  { offset, limit, detail }: z.output<typeof Query>,
  req: Request,
  res: Response,
  take: Take,
): Promise<void> {
  const keys = { 'user-agent': req.headers['user-agent'] ?? '', utc_now: utcText(clock()) }
  const answerOf = (sighting: Sighting) => sightingAnswer(sighting, detail ? describe : undefined)
  const held = await writeList(
    { store, ip, offset, limit, keys, answerOf, take },
    responseOutput(res),
  )
  if (held) res.end()
  // forgotten since it was found
  else sendJson(res, 200, unknownAnswer(ip, await store.total(), clock()))
}

async function sendDetail(
  { store, clock, describe, check, identify, learnt, lists }: FpsOptions,
  found: Found,
  userAgent: string,
  res: Response,
  take: Take,
): Promise<void> {
  const { sighting, matchedBy } = found
  const fingerprint = sighting.sha3_384_stable ?? sighting.sha3_384 ?? ''
  const known = await take(() => store.fingerprint(fingerprint))
  // the User-Agent is judged by the hello of the very connection where it is known, else by those of its address
  const hellos =
    matchedBy === 'connection' || check === undefined
      ? [sighting]
      : await checkedHellos(store, sighting.src, take)
  const verdict = await take(() => check?.(hellos, userAgent, true))
  const implementation = await take(() => identify?.(sighting))
  const rarity = await rarityOfSighting(store, sighting, clock() / 1e6, lists, take)
  const detail = await take(() => detailAnswer(found, userAgent, clock(), describe))
  if (res.destroyed) return
  // undefined is not printed
  const answer = {
    ...detail,
    user_agents: known?.user_agents,
    ...rarity,
    implementation,
    ...learntAnswer(learnt, [sighting.sha3_384_stable, sighting.ja4]),
    check: verdict,
  }
  const parts = await inSlices(printSteps(answer), take)
  sendPrinted(res, Buffer.concat([...parts, NEWLINE]))
}
