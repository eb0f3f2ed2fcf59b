import type { Express, RequestHandler } from 'express'
import express from 'express'
import type { Store } from '../store/contract.js'
import { authenticate, hasRole, need } from './access.js'
import { knownMethod } from './answer-headers.js'
import { systemClock } from './clock.js'
import type { Health } from './routes/healthz.js'
import { healthzRoute } from './routes/healthz.js'
import { metricsRoute } from './routes/metrics.js'
import type { MetricsSources } from '../telemetry/metrics.js'
import { problemHandler, sendProblem } from './problem.js'
import { securityHeaders } from './security-headers.js'
import type { TokenBook } from './tokens.js'

/** What a sensor of its own, without the API, shows of itself. */
export interface SensorAppOptions {
  readonly metrics: MetricsSources
  readonly health: Health
  /** Absent where sightings are printed. */
  readonly store?: Pick<Store, 'health'>
  /** Tokens that give rights, and whether all but `ready` of `/healthz` needs one. */
  readonly tokens?: TokenBook
  readonly guarded?: boolean
  readonly onError: (error: unknown) => void
}

/** `/metrics` and `/healthz` of a sensor, and nothing else. */
export function createSensorApp(options: SensorAppOptions): Express {
  const { metrics, health, store, guarded = false, onError } = options
  const guard: RequestHandler = guarded ? need('reader') : (_req, _res, next) => next()
  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  app.use(securityHeaders(), knownMethod, authenticate(options.tokens))
  app.use(metricsRoute(metrics, guard))
  app.use(healthzRoute(store, health, systemClock, (req) => !guarded || hasRole(req, 'reader')))
  app.use((_req, res) => {
    sendProblem(res, 404, 'Nothing is here. A sensor has /metrics and /healthz.')
  })
  app.use(problemHandler(onError))
  return app
}
