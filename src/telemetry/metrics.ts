// The metrics of Prometheus. A sensor reports its counters by interface; the figures of the store and of this process are
// read at each scrape. Names and units follow Prometheus: seconds and bytes, and counters end in _total.

import { existsSync } from 'node:fs'
import { Counter, Gauge, Registry, collectDefaultMetrics } from 'prom-client'
import type { SensorFigures } from '../model/sensor-figures.js'
import { addSensorMetrics } from './sensor-metrics.js'
import type { StoreFigures } from './store-metrics.js'
import { addStoreMetrics } from './store-metrics.js'

/** A counter with a label for the outcome. */
export interface Outcomes {
  readonly name: string
  readonly help: string
  readonly counts: () => Readonly<Record<string, number>>
}

/** Where the figures come from. */
export interface MetricsSources {
  readonly version: string
  /** Absent if this process has no sensor. */
  readonly sensor?: () => SensorFigures
  readonly store?: StoreFigures
  readonly outcomes?: readonly Outcomes[]
  /** Whether to add memory, processor time, descriptors and event loop of this process. */
  readonly process?: boolean
}

/** Milliseconds between two samples of the event loop. With the default of 10 an idle process wakes 180 times a second. */
const SAMPLE_MILLIS = 100

/** Metrics of prom-client that are gauges but end in _total. */
const MISNAMED = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
]
/** Metrics that prom-client reads from /proc, and reports as 0 if /proc is not mounted. */
const OF_PROC = [
  'process_resident_memory_bytes',
  'process_virtual_memory_bytes',
  'process_heap_bytes',
  'process_open_fds',
]

/** The metrics of this process. */
export function metricsRegistry(sources: MetricsSources): Registry {
  const registry = new Registry()
  const registers = [registry]
  const { sensor, store } = sources
  new Gauge({
    name: 'hellotap_build_info',
    help: 'The version that runs; always 1',
    labelNames: ['version', 'node'],
    registers,
  }).set({ version: sources.version, node: process.version }, 1)
  if (sensor !== undefined) addSensorMetrics(registry, sensor)
  if (store !== undefined) addStoreMetrics(registry, store)
  for (const { name, help, counts } of sources.outcomes ?? [])
    new Counter({
      name,
      help,
      labelNames: ['outcome'],
      registers,
      collect() {
        this.reset()
        for (const [outcome, count] of Object.entries(counts())) this.inc({ outcome }, count)
      },
    })
  if (sources.process === true) {
    collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: SAMPLE_MILLIS })
    for (const name of MISNAMED) registry.removeSingleMetric(name)
    if (!existsSync('/proc/self/status'))
      for (const name of OF_PROC) registry.removeSingleMetric(name)
  }
  return registry
}
