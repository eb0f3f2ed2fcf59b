import type { RequestHandler } from 'express'
import { rateLimit } from 'express-rate-limit'
import { API_REFUSAL_MILLIS } from '../base/limits.js'
import { principalOf } from './access.js'
import type { AddressTest } from './address.js'
import { callerOf } from './caller.js'
import { budgetKey } from './listen-budget.js'
import { sendProblem } from './problem.js'

const SECOND_MILLIS = 1_000

/**
 * Refuses requests of an address beyond `perSecond` with 429, a second later, while another address asks as well: alone, an address may
 * have all there is. Requests with a token or by the Unix socket are not counted.
 */
export function requestBudget(
  perSecond: number,
  trusted: AddressTest,
  now: () => number = () => performance.now(),
): RequestHandler {
  const isShared = sharing(now)
  const refusal = `More than ${perSecond} requests a second came from this address while others ask as well: ask less often.`
  return rateLimit({
    windowMs: SECOND_MILLIS,
    limit: perSecond,
    // an answer tells of the budget where it is used up
    standardHeaders: false,
    legacyHeaders: false,
    validate: false,
    keyGenerator: (req) => budgetKey(callerOf(req, trusted).ip),
    skip: (req) =>
      principalOf(req) !== undefined || !isShared(budgetKey(callerOf(req, trusted).ip)),
    handler: (_req, res) => {
      setTimeout(() => {
        if (res.destroyed) return
        res.set('Retry-After', '1')
        sendProblem(res, 429, refusal)
      }, API_REFUSAL_MILLIS)
    },
  })
}

/** Tells, of each request's address, whether another one asked within the last second. */
function sharing(now: () => number): (key: string) => boolean {
  let last = { key: '', at: -Infinity }
  let other = last
  return (key) => {
    const at = now()
    if (key === last.key) last.at = at
    else {
      other = last
      last = { key, at }
    }
    return at - other.at < SECOND_MILLIS
  }
}
