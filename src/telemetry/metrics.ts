// What Prometheus reads. The counters of a sensor come by interface, as it reports them; the store and this process are
// asked at each scrape. Names and units follow Prometheus' own rules: seconds and bytes, counters end in _total.

import { existsSync } from 'node:fs'
import { namedUndecoded } from './undecoded-text.js'
import { Counter, Gauge, Registry, collectDefaultMetrics } from 'prom-client'
import type { CounterName } from '../base/counters.js'
import { COUNTER_HELP } from '../base/counters.js'
import type { SensorFigures } from '../model/sensor-figures.js'

/** Events counted elsewhere than in a sensor: help text and counts by what came of each. */
export interface Outcomes {
  readonly name: string
  readonly help: string
  readonly counts: () => Readonly<Record<string, number>>
}

/** The figures of a store: its state, and how many sightings it holds. */
export interface StoreFigures {
  health(): {
    readonly ready: boolean
    readonly spooled: number
    readonly dropped: number
    readonly bad_rows: number
    readonly stored?: number
    readonly merged?: number
    readonly too_old?: number
    readonly unspooled?: number
    readonly refused?: number
    readonly evicted?: number
    readonly lost?: number
    readonly gaps: number
    readonly gap_millis: number
  }
  total(): Promise<number>
}

/** Where the figures come from. */
export interface MetricsSources {
  readonly version: string
  /** Absent where no sensor runs beside the API. */
  readonly sensor?: () => SensorFigures
  readonly store?: StoreFigures
  readonly outcomes?: readonly Outcomes[]
  /** Whether this process' memory, processor time, descriptors and event loop are told too. */
  readonly process?: boolean
}

/** Milliseconds between two looks at the event loop: at 10, the default, an idle process would wake 180 times a second. */
const SAMPLE_MILLIS = 100

/** Figures of Node that are gauges and yet end in _total, against Prometheus' rules. */
const MISNAMED = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
]
/** Figures that prom-client reads in /proc, and gives as 0 where it is not mounted. */
const OF_PROC = [
  'process_resident_memory_bytes',
  'process_virtual_memory_bytes',
  'process_heap_bytes',
  'process_open_fds',
]

/** Name under which Prometheus is told a counter, and what its number is divided by: `hellotap_capture_gap_seconds_total`, 1000. */
export function metricOf(name: CounterName): { readonly name: string; readonly divisor: number } {
  for (const [suffix, unit, divisor] of [
    ['_millis', '_seconds', 1e3],
    ['_micros', '_seconds', 1e6],
    ['_bytes', '_bytes', 1],
  ] as const)
    if (name.endsWith(suffix))
      return { name: `hellotap_${name.slice(0, -suffix.length)}${unit}_total`, divisor }
  return { name: `hellotap_${name}_total`, divisor: 1 }
}

/** All metrics of this process; `metrics()` of it gives the text. */
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
  if (sensor !== undefined) {
    addUndecoded(registry, sensor)
    addCounters(registry, sensor)
    addSensor(registry, sensor)
  }
  if (store !== undefined) addStore(registry, store)
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

function addCounters(registry: Registry, sensor: () => SensorFigures): void {
  for (const name of Object.keys(COUNTER_HELP) as CounterName[]) {
    const metric = metricOf(name)
    new Counter({
      name: metric.name,
      help: COUNTER_HELP[name],
      labelNames: ['interface'],
      registers: [registry],
      collect() {
        this.reset()
        for (const [label, { counters, unknown }] of Object.entries(sensor().byInterface))
          if (unknown?.includes(name) !== true)
            this.inc({ interface: label }, counters[name] / metric.divisor)
      },
    })
  }
}

function addUndecoded(registry: Registry, sensor: () => SensorFigures): void {
  new Gauge({
    name: 'hellotap_undecoded_frames',
    help: 'frames that were not decoded, by EtherType, IP protocol or UDP port: the ten most frequent of each since the sensor started',
    labelNames: ['interface', 'kind', 'value'],
    registers: [registry],
    collect() {
      this.reset()
      for (const [label, { undecoded }] of Object.entries(sensor().byInterface))
        if (undecoded !== undefined)
          for (const { kind, shown, count } of namedUndecoded(undecoded))
            this.set({ interface: label, kind, value: shown }, count)
    },
  })
}

function addSensor(registry: Registry, sensor: () => SensorFigures): void {
  gauge(registry, 'hellotap_sensor_capturing', '1 while a sensor captures, else 0', () =>
    Number(sensor().capturing),
  )
  gauge(
    registry,
    'hellotap_sensor_sees_hellos',
    '0 while flows come without the hellos they should have, or nothing comes; /healthz says why',
    () => asNumber(sensor().seesHellos),
  )
  const registers = [registry]
  new Counter({
    name: 'hellotap_sensor_restarts_total',
    help: 'times the sensor ended and was started again; its counters then begin at 0',
    registers,
    collect() {
      this.reset()
      this.inc(sensor().restarts)
    },
  })
  new Counter({
    name: 'hellotap_sensor_gap_seconds_total',
    help: 'seconds in which no sensor captured because one had ended, over all restarts',
    registers,
    collect() {
      this.reset()
      this.inc(sensor().gapSeconds ?? 0)
    },
  })
  new Gauge({
    name: 'hellotap_capture_ring_bytes',
    help: 'size of the kernel ring of an interface',
    labelNames: ['interface'],
    registers,
    collect() {
      this.reset()
      for (const [label, { ringBytes }] of Object.entries(sensor().byInterface))
        if (ringBytes !== undefined) this.set({ interface: label }, ringBytes)
    },
  })
  gauge(
    registry,
    'hellotap_sensor_start_time_seconds',
    'start of the sensor process, seconds since the Unix epoch',
    () => sensor().process?.startedAt,
  )
  gauge(
    registry,
    'hellotap_sensor_resident_memory_bytes',
    'resident memory of the sensor process',
    () => sensor().process?.residentBytes,
  )
  new Counter({
    name: 'hellotap_sensor_cpu_seconds_total',
    help: 'processor time of the sensor process, user and system',
    registers,
    collect() {
      this.reset()
      const seconds = sensor().process?.cpuSeconds
      if (seconds !== undefined) this.inc(seconds)
    },
  })
  for (const [quantile, what] of [
    ['p50', 'the median'],
    ['p99', 'one in a hundred'],
    ['max', 'the worst'],
  ] as const)
    gauge(
      registry,
      `hellotap_sensor_event_loop_delay_${quantile}_seconds`,
      `how late the event loop of the sensor process was in the last minute or two: ${what}`,
      () => sensor().process?.loopDelay[quantile],
    )
}

function addStore(registry: Registry, store: StoreFigures): void {
  gauge(registry, 'hellotap_store_ready', '1 while the store answers, else 0', () =>
    Number(store.health().ready),
  )
  gauge(
    registry,
    'hellotap_store_spooled_sightings',
    'sightings that wait to be written to the store',
    () => store.health().spooled,
  )
  gauge(
    registry,
    'hellotap_store_sightings',
    'sightings the statistics hold; no sample while the store is unreachable',
    () => store.total().catch(() => undefined),
  )
  for (const [name, help, value] of [
    [
      'hellotap_store_dropped_sightings_total',
      'sightings dropped because the spool was full or the store refused them for good',
      () => store.health().dropped,
    ],
    [
      'hellotap_store_unspooled_sightings_total',
      'sightings that --spool-dir had no room for: they waited in memory alone',
      () => store.health().unspooled ?? 0,
    ],
    [
      'hellotap_store_stored_sightings_total',
      'sightings that the store took',
      () => store.health().stored ?? 0,
    ],
    [
      'hellotap_store_merged_sightings_total',
      'sightings that the store knew already by their id',
      () => store.health().merged ?? 0,
    ],
    [
      'hellotap_store_too_old_sightings_total',
      'sightings not taken because they were older than the TTL',
      () => store.health().too_old ?? 0,
    ],
    [
      'hellotap_store_refused_sightings_total',
      'sightings not taken because their source prefix had used up its room',
      () => store.health().refused ?? 0,
    ],
    [
      'hellotap_store_evicted_sightings_total',
      'sightings pushed out for newer ones before their time was over',
      () => store.health().evicted ?? 0,
    ],
    [
      'hellotap_store_lost_sightings_total',
      'sightings that Redis had taken and lost',
      () => store.health().lost ?? 0,
    ],
    [
      'hellotap_store_gaps_total',
      'times the store was unreachable, one that goes on included',
      () => store.health().gaps,
    ],
    [
      'hellotap_store_gap_seconds_total',
      'seconds the store was unreachable, over all times',
      () => store.health().gap_millis / 1000,
    ],
    [
      'hellotap_store_bad_rows_total',
      'rows read back that were no sightings',
      () => store.health().bad_rows,
    ],
  ] as const)
    new Counter({
      name,
      help,
      registers: [registry],
      collect() {
        this.reset()
        this.inc(value())
      },
    })
}

/** A gauge without labels; undefined gives no sample. */
function gauge(
  registry: Registry,
  name: string,
  help: string,
  value: () => number | undefined | Promise<number | undefined>,
): void {
  new Gauge({
    name,
    help,
    registers: [registry],
    async collect() {
      this.remove()
      const now = await value()
      if (now !== undefined) this.set(now)
    },
  })
}

function asNumber(value: boolean | undefined): number | undefined {
  return value === undefined ? undefined : Number(value)
}
