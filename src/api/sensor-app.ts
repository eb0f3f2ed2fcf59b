import type { Express } from 'express'
import express from 'express'
import type { Store } from '../store/contract.js'
import { answerHeaders, knownMethod } from './answer-headers.js'
import { systemClock } from './clock.js'
import type { Health } from './routes/healthz.js'
import { healthzRoute } from './routes/healthz.js'
import { metricsRoute } from './routes/metrics.js'
import type { MetricsSources } from '../telemetry/metrics.js'
import { problemHandler, sendProblem } from './problem.js'

/** What a sensor of its own, without the API, shows of itself. */
export interface SensorAppOptions {
  readonly metrics: MetricsSources
  readonly health: Health
  /** Absent where sightings are printed. */
  readonly store?: Pick<Store, 'health'>
  readonly onError: (error: unknown) => void
}

/** `/metrics` and `/healthz` of a sensor, and nothing else. */
export function createSensorApp({ metrics, health, store, onError }: SensorAppOptions): Express {
  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  app.use(answerHeaders, knownMethod)
  app.use(metricsRoute(metrics))
  app.use(healthzRoute(store, health, systemClock))
  app.use((_req, res) => {
    sendProblem(res, 404, 'Nothing is here. A sensor has /metrics and /healthz.')
  })
  app.use(problemHandler(onError))
  return app
}
