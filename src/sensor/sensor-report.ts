// What a sensor process says of itself, once a second, to the process that shows it: `up`, which started it, or its own listener.

import type { IntervalHistogram } from 'node:perf_hooks'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { InterfaceFigures, ProcessFigures } from '../model/sensor-figures.js'
import type { CounterName, Counters } from '../base/counters.js'
import { newCounters } from '../base/counters.js'
import type { WatchState } from './capture-health.js'

/** What a sensor can say of itself, for `/healthz` and `/metrics`. */
export interface SensorStatus {
  readonly interfaces: readonly string[]
  /** Over all interfaces. */
  readonly counters: Counters
  readonly byInterface: Readonly<Record<string, InterfaceFigures>>
  readonly process: ProcessFigures
  /** What the watch makes of each interface. */
  readonly watch: Readonly<Record<string, WatchState>>
}

/** Milliseconds the event loop's delay is gathered before it is forgotten; told are this span and the one before. */
const SPAN_MILLIS = 60_000
/** How often it is sampled, milliseconds: below the 250 that would be too late, and each sample wakes the process. */
const SAMPLE_MILLIS = 100

/** All counters of several, added up. */
export function sumCounters(all: readonly Counters[]): Counters {
  const sum = newCounters()
  for (const counters of all)
    for (const name of Object.keys(sum) as CounterName[]) sum[name] += counters[name]
  return sum
}

/** The counters of a sensor that its engine can know: one that cannot be is left out, not 0. */
export function knownCounters({ counters, byInterface }: SensorStatus): Partial<Counters> {
  const unknown = Object.values(byInterface).flatMap(({ unknown: names = [] }) => names)
  return Object.fromEntries(
    Object.entries(counters).filter(([name]) => !unknown.includes(name as CounterName)),
  )
}

/** How late this process' event loop is, over the last minute or two. */
export class LoopDelay {
  readonly #histogram: IntervalHistogram = monitorEventLoopDelay({ resolution: SAMPLE_MILLIS })
  #before = { p50: 0, p99: 0, max: 0 }
  #since = performance.now()

  constructor() {
    this.#histogram.enable()
  }

  /** Seconds: of both spans the worse. */
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
    // the histogram holds the time between two samples, which is the interval where nothing is late
    const late = (nanos: number) => Math.max(0, nanos / 1e9 - SAMPLE_MILLIS / 1e3)
    return {
      p50: late(this.#histogram.percentile(50)),
      p99: late(this.#histogram.percentile(99)),
      max: late(max),
    }
  }
}

/** This process' own figures. */
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
