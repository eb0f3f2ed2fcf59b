import type { Request } from 'express'
import { Router } from 'express'
import * as z from 'zod/mini'
import type { Store } from '../../store/contract.js'
import type { Clock } from '../clock.js'
import { rfc3339 } from '../clock.js'
import { sendJson } from '../json.js'
import { queryOrProblem } from '../query.js'

/** State of the rest of the program, for `/healthz`; `ready: false` in it makes the answer 503. */
export type Health = () => Readonly<Record<string, unknown>>

const Query = z.strictObject({})

/**
 * `GET /healthz`: 200 where the store, if there is one, answers and nothing else says it is not ready, else 503; the same
 * JSON either way.
 * @param isForAll whether the caller may read more than `ready`
 */
export function healthzRoute(
  store: Pick<Store, 'health'> | undefined,
  health: Health,
  clock: Clock,
  isForAll: (req: Request) => boolean,
): Router {
  return Router().get('/healthz', (req, res) => {
    if (queryOrProblem(Query, req, res) === undefined) return
    const state = store?.health()
    const rest = health()
    const ready = state?.ready !== false && rest['ready'] !== false
    const detail = isForAll(req) ? { ...rest, store: state } : {}
    sendJson(res, ready ? 200 : 503, { ...detail, ready, now: rfc3339(clock()) })
  })
}
