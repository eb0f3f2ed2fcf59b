import { Router } from 'express'
import type { MetricsSources } from '../../telemetry/metrics.js'
import { metricsRegistry } from '../../telemetry/metrics.js'

/** `GET /metrics`: every counter and gauge in Prometheus' text format 0.0.4. Answers as long as the process does, store or not. */
export function metricsRoute(sources: MetricsSources): Router {
  const registry = metricsRegistry(sources)
  return Router().get('/metrics', async (_req, res) => {
    // as octets: Express would order the parameters of the type its own way
    const text = Buffer.from(await registry.metrics())
    res.set('Content-Type', registry.contentType).send(text)
  })
}
