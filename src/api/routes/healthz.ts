import { Router } from 'express'
import type { Store } from '../../store/contract.js'
import type { Clock } from '../clock.js'
import { utcText } from '../clock.js'
import { sendJson } from '../json.js'

/** State of the rest of the program, for `/healthz`; `ready: false` in it makes the answer 503. */
export type Health = () => Readonly<Record<string, unknown>>

/** `GET /healthz`: 200 where the store, if there is one, answers and nothing else says it is not ready, else 503; the same JSON either way. */
export function healthzRoute(
  store: Pick<Store, 'health'> | undefined,
  health: Health,
  clock: Clock,
): Router {
  return Router().get('/healthz', (_req, res) => {
    const state = store?.health()
    const rest = health()
    const ready = state?.ready !== false && rest['ready'] !== false
    sendJson(res, ready ? 200 : 503, { ...rest, ready, store: state, utc_now: utcText(clock()) })
  })
}
