import type { RequestHandler } from 'express'
import { rateLimit } from 'express-rate-limit'
import { API_REFUSAL_MILLIS } from '../base/limits.js'
import { principalOf } from './access.js'
import type { AddressTest } from './address.js'
import { callerOf } from './caller.js'
import { budgetKey } from './listen-budget.js'
import { sendProblem } from './problem.js'
import type { Sharing } from './sharing.js'
import { Turns } from './turns.js'

const SECOND_MILLIS = 1_000

/**
 * Takes down who asks, and refuses requests of an address beyond `perSecond` with 429, a second or two later, while another
 * address asks as well: alone, an address may have all there is. Requests with a token or by the Unix socket are not
 * counted.
 * @param perSecond 0 for no limit
 */
export function requestBudget(
  perSecond: number,
  trusted: AddressTest,
  sharing: Sharing,
): RequestHandler {
  const refusal = `More than ${perSecond} requests a second came from this address while others ask as well: ask less often.`
  const limit = rateLimit({
    windowMs: SECOND_MILLIS,
    limit: perSecond,
    // an answer tells of the budget where it is used up
    standardHeaders: false,
    legacyHeaders: false,
    validate: false,
    keyGenerator: (req) => budgetKey(callerOf(req, trusted).ip),
    handler: (_req, res) => {
      // those that were refused together do not come back together
      setTimeout(
        () => {
          if (res.destroyed) return
          res.set('Retry-After', '1')
          sendProblem(res, 429, refusal)
        },
        API_REFUSAL_MILLIS * (1 + Math.random()),
      )
    },
  })
  // a proxy's connections are not held apart, so its clients' requests are
  const turns = new Turns({ bound: Infinity })
  return (req, res, next) => {
    const { ip, forwarded } = callerOf(req, trusted)
    const key = budgetKey(ip)
    sharing.note(key)
    const isShared = sharing.isShared(key)
    const isLimited = isShared && perSecond > 0 && principalOf(req) === undefined
    const go = () => {
      if (isLimited) void limit(req, res, next)
      else next()
    }
    if (isShared && forwarded) void turns.take(key, go)
    else go()
  }
}
