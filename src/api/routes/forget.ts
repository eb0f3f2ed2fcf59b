import { Router } from 'express'
import * as z from 'zod/mini'
import type { Store } from '../../store/contract.js'
import { permits } from '../access.js'
import type { AddressTest } from '../address.js'
import { callerOf } from '../caller.js'
import { sendJson } from '../json.js'
import { isCrossSite, rebound } from '../origin.js'
import { sendProblem } from '../problem.js'
import { address, queryOrProblem } from '../query.js'

const Query = z.strictObject({ ip: z.optional(address) })

/**
 * `DELETE /fps`: deletes every sighting of the caller's own address, wherever it is kept, and tells how many there were;
 * `?ip=` of another address, for an admin.
 */
export function forgetRoute(forget: Store['forget'], trusted: AddressTest): Router {
  return Router().delete('/fps', async (req, res) => {
    const query = queryOrProblem(Query, req, res)
    if (query === undefined) return
    const client = callerOf(req, trusted)
    const ip = query.ip ?? client.ip
    if (ip !== client.ip && !permits(req, res, 'admin')) return
    const refused = isCrossSite(req)
      ? 'A page of another site may not delete anything: ask from the page of this hellotap.'
      : rebound(req, client)
    if (refused !== undefined) sendProblem(res, 403, refused)
    else if (ip === '')
      sendProblem(res, 400, 'This request comes from no address: name one by "ip".')
    else sendJson(res, 200, { deleted: await forget(ip), ip })
  })
}
