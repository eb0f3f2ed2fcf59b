import type { Express, Request, RequestHandler } from 'express'
import express from 'express'
import { API_COSTLY_PER_ADDRESS, API_REST, API_REST_OF_ALL, MAX_URL_LEN } from '../base/limits.js'
import type { Store } from '../store/contract.js'
import type { MetricsSources } from '../telemetry/metrics.js'
import { webPage } from '../web/web.js'
import type { OnAdmin } from './access.js'
import { authenticate, hasRole, logAdmins, need } from './access.js'
import { addressTest } from './address.js'
import type { Learnt } from './learnt.js'
import { knownMethod } from './answer-headers.js'
import type { Clock } from './clock.js'
import { systemClock } from './clock.js'
import type { Describe } from './fingerprint-answer.js'
import { problemHandler, sendProblem } from './problem.js'
import type { Lists } from './rarity-answer.js'
import { requestBudget } from './request-budget.js'
import type { Check } from './routes/check.js'
import { checkRoute } from './routes/check.js'
import { connectionRoute } from './routes/connection.js'
import { forgetRoute } from './routes/forget.js'
import type { Identify } from './routes/fps.js'
import { fpsRoute } from './routes/fps.js'
import type { Health } from './routes/healthz.js'
import { healthzRoute } from './routes/healthz.js'
import { identifyRoute } from './routes/identify.js'
import { lookupRoute } from './routes/lookup.js'
import { rarityRoute } from './routes/rarity.js'
import { searchRoute } from './routes/search.js'
import { metricsRoute } from './routes/metrics.js'
import { statsRoute } from './routes/stats.js'
import { securityHeaders } from './security-headers.js'
import { Sharing } from './sharing.js'
import { StatsTexts } from './stats-texts.js'
import type { TokenBook } from './tokens.js'
import { Turns } from './turns.js'
import { userAgentObserver } from './user-agents.js'

/** What the API is made of. */
export interface ApiOptions {
  readonly store: Store
  /** Addresses and networks in CIDR form of the peers whose forwarding headers count. */
  readonly trustedProxies: readonly string[]
  /** Milliseconds a caller's own hello is waited for. */
  readonly waitMs: number
  /** Tokens that give rights; absent, only the Unix socket does. */
  readonly tokens?: TokenBook
  /** Whether `/stats`, `/metrics` and all but `ready` of `/healthz` need a token: where strangers can connect. */
  readonly guarded?: boolean
  /** Told of each use of an admin's rights. */
  readonly onAdmin?: OnAdmin
  /** Requests a second of one address while others ask as well, 0 for no limit. */
  readonly requestRate?: number
  /** Clients a row of `/stats` needs to stand alone. */
  readonly statsFloor?: number
  /** Deletes an address's sightings wherever they are kept; the store's own where absent. */
  readonly forget?: Store['forget']
  /** Folder of the history that searches look in besides the store. */
  readonly history?: string | undefined
  /** What the rest of the program says of itself in `/healthz`. */
  readonly health?: Health
  /** What `/metrics` tells besides the store; absent, there is no `/metrics`. */
  readonly metrics?: Omit<MetricsSources, 'store'>
  /** Takes the stored hello of a sighting apart for `detail=1`. */
  readonly describe?: Describe
  /** Judges whether a User-Agent fits stored sightings; absent, there is no `/api/v1/check`. */
  readonly check?: Check
  /** Names the TLS implementation of a stored sighting for `/fps?detail=1`. */
  readonly identify?: Identify
  /** What own traffic teaches; absent, nothing is learnt. */
  readonly learnt?: Learnt | undefined
  /** Finds fingerprints in the operator's lists. */
  readonly lists?: Lists
  /** Port of our own HTTPS listener, which the page names to readers who came over plain HTTP. */
  readonly httpsPort?: number
  /** Told of faults behind a 5xx answer and of User-Agents that could not be kept. */
  readonly onError?: (error: unknown) => void
  readonly clock?: Clock
}

/**
 * The API as an Express application: the classic `/fps` and `/stats`, `/healthz`, `/metrics`, `/connection`, `/lookup`, and
 * the page at `/`. Every mistake and fault is answered with a problem document (RFC 9457).
 * @throws RangeError where `trustedProxies` names something that is no address or network
 */
export function createApp(options: ApiOptions): Express {
  const { store, waitMs, guarded = false, requestRate = 0 } = options
  const clock = options.clock ?? systemClock
  const describe = options.describe ?? (() => undefined)
  const onError = options.onError ?? (() => undefined)
  const trusted = addressTest(options.trustedProxies)
  const observe = userAgentObserver(store, () => clock() / 1e6, onError, options.learnt)
  const sharing = new Sharing()
  const turns = new Turns({
    bound: API_COSTLY_PER_ADDRESS,
    rest: API_REST,
    restOfAll: API_REST_OF_ALL,
    isShared: (key) => sharing.isShared(key),
  })
  const guard: RequestHandler = guarded ? need('reader') : (_req, _res, next) => next()
  const isReader = (req: Request) => !guarded || hasRole(req, 'reader')
  const stats = new StatsTexts(store, clock, options.statsFloor ?? 1)

  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  app.use(securityHeaders(), readableTarget, knownMethod, authenticate(options.tokens))
  app.use(requestBudget(requestRate, trusted, sharing))
  if (options.onAdmin !== undefined) app.use(logAdmins(options.onAdmin))
  app.use(
    fpsRoute({
      ...{ store, trusted, waitMs, clock, describe, observe, turns },
      check: options.check,
      identify: options.identify,
      learnt: options.learnt,
      lists: options.lists,
    }),
  )
  app.use(forgetRoute(options.forget ?? ((ip) => store.forget(ip)), trusted))
  app.use(statsRoute(stats, guard))
  app.use(healthzRoute(store, options.health ?? (() => ({})), clock, isReader))
  if (options.metrics !== undefined) app.use(metricsRoute({ ...options.metrics, store }, guard))
  app.use(connectionRoute(store, describe, onError))
  app.use(lookupRoute({ store, trusted, describe, clock, turns, learnt: options.learnt }))
  app.use(identifyRoute({ store, learnt: options.learnt, isReader }))
  app.use(rarityRoute({ store, clock, trusted, turns, lists: options.lists }))
  app.use(searchRoute({ store, folder: options.history }))
  if (options.check !== undefined)
    app.use(checkRoute({ store, trusted, clock, turns, check: options.check }))
  app.use(webPage(options.httpsPort))
  app.use((_req, res) => {
    sendProblem(
      res,
      404,
      'Nothing is here. There are /fps, /stats, /healthz, /metrics, /connection, /lookup, /api/v1/identify, /api/v1/rarity, /api/v1/check, /api/v1/sightings.',
    )
  })
  app.use(problemHandler(onError))
  return app
}

/** Refuses a target that is too long or whose percent-encoding is not UTF-8. */
const readableTarget: RequestHandler = (req, res, next) => {
  if (req.url.length > MAX_URL_LEN) {
    sendProblem(res, 414, `The address of a request has at most ${MAX_URL_LEN} characters.`)
    return
  }
  if (req.url.includes('%'))
    try {
      decodeURIComponent(req.url)
    } catch {
      sendProblem(res, 400, 'The address of the request has a broken percent-encoding.')
      return
    }
  next()
}
