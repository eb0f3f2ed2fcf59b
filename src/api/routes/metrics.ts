import type { RequestHandler } from 'express'
import { Router } from 'express'
import * as z from 'zod/mini'
import { queryOrProblem } from '../query.js'
import type { MetricsSources } from '../../telemetry/metrics.js'
import { metricsRegistry } from '../../telemetry/metrics.js'

const Query = z.strictObject({})

/**
 * `GET /metrics`: every counter and gauge in Prometheus' text format 0.0.4. Answers as long as the process does, store or
 * not.
 * @param guard lets on who may read them
 */
export function metricsRoute(sources: MetricsSources, guard: RequestHandler): Router {
  const registry = metricsRegistry(sources)
  return Router().get('/metrics', guard, async (req, res) => {
    if (queryOrProblem(Query, req, res) === undefined) return
    // as bytes: Express would order the parameters of the type its own way
    const text = Buffer.from(await registry.metrics())
    res.set('Content-Type', registry.contentType).send(text)
  })
}
