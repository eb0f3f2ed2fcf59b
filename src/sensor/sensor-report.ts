// The state of a sensor process. It goes once a second to `up`, which started the process, or to its own metrics listener.

import type { IntervalHistogram } from 'node:perf_hooks'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { InterfaceFigures, ProcessFigures } from '../model/sensor-figures.js'
import type { CounterName, Counters } from '../base/counters.js'
import { newCounters } from '../base/counters.js'
import type { InterfaceState } from './capture-health.js'

/** The state of a sensor, for `/healthz` and `/metrics`. */
export interface SensorStatus {
  readonly interfaces: readonly string[]
  /** Over all interfaces. */
  readonly counters: Counters
  readonly byInterface: Readonly<Record<string, InterfaceFigures>>
  readonly process: ProcessFigures
  /** The health of each interface's capture. */
  readonly watch: Readonly<Record<string, InterfaceState>>
}

/** Milliseconds of one span of event loop delays. The figures are those of the current span and the one before. */
const SPAN_MILLIS = 60_000
/** Milliseconds between two samples: each sample wakes the process, and delays below 250 ms do no harm. */
const SAMPLE_MILLIS = 100

/** The sums of all counters. */
export function sumCounters(all: readonly Counters[]): Counters {
  const sum = newCounters()
  for (const counters of all)
    for (const name of Object.keys(sum) as CounterName[]) sum[name] += counters[name]
  return sum
}

/** The counters that the engines of the sensor can provide; the others are left out. */
export function knownCounters({ counters, byInterface }: SensorStatus): Partial<Counters> {
  const unknown = Object.values(byInterface).flatMap(({ unknown: names = [] }) => names)
  return Object.fromEntries(
    Object.entries(counters).filter(([name]) => !unknown.includes(name as CounterName)),
  )
}

/** The event loop delay of this process over the last one to two minutes. */
export class LoopDelay {
  readonly #histogram: IntervalHistogram = monitorEventLoopDelay({ resolution: SAMPLE_MILLIS })
  #before = { p50: 0, p99: 0, max: 0 }
  #since = performance.now()

  constructor() {
    this.#histogram.enable()
  }

  /** Seconds, the larger of both spans. */
  get figures(): ProcessFigures['loopDelay'] {
    const now = this.#current()
    const before = this.#before
    if (performance.now() - this.#since >= SPAN_MILLIS) {
      this.#before = now
      this.#since = performance.now()
      this.#histogram.reset()
    }
    return {
      p50: Math.max(now.p50, before.p50),
      p99: Math.max(now.p99, before.p99),
      max: Math.max(now.max, before.max),
    }
  }

  stop(): void {
    this.#histogram.disable()
  }

  #current(): ProcessFigures['loopDelay'] {
    const { count, max } = this.#histogram
    if (count === 0) return { p50: 0, p99: 0, max: 0 }
    // The histogram holds the time between two samples: without a delay, the sampling interval.
    const late = (nanos: number) => Math.max(0, nanos / 1e9 - SAMPLE_MILLIS / 1e3)
    return {
      p50: late(this.#histogram.percentile(50)),
      p99: late(this.#histogram.percentile(99)),
      max: late(max),
    }
  }
}

/** The figures of this process. */
export function processFigures(loopDelay: LoopDelay): ProcessFigures {
  const { user, system } = process.cpuUsage()
  return {
    startedAt: Math.round(performance.timeOrigin) / 1000,
    cpuSeconds: (user + system) / 1e6,
    residentBytes: residentBytes(),
    loopDelay: loopDelay.figures,
  }
}

function residentBytes(): number | undefined {
  try {
    return process.memoryUsage.rss()
  } catch {
    return undefined
  }
}
