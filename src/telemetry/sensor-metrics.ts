// The metrics of a sensor: its counters by interface, its state, its process.

import { Counter, Gauge } from 'prom-client'
import type { Registry } from 'prom-client'
import type { CounterName } from '../base/counters.js'
import { COUNTER_HELP } from '../base/counters.js'
import type { SensorFigures } from '../model/sensor-figures.js'
import { addCounter, addGauge } from './metric.js'
import { namedUndecoded } from './undecoded-text.js'

/** Adds the metrics of the sensor, whose figures are read at each scrape. */
export function addSensorMetrics(registry: Registry, sensor: () => SensorFigures): void {
  addUndecoded(registry, sensor)
  addCounters(registry, sensor)
  addState(registry, sensor)
  addProcess(registry, sensor)
}

/**
 * The Prometheus name of a counter, and the divisor that converts its value: `hellotap_capture_gap_seconds_total` and 1000
 * for `capture_gap_millis`.
 */
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

function addState(registry: Registry, sensor: () => SensorFigures): void {
  addGauge(registry, 'hellotap_sensor_capturing', '1 while a sensor captures, else 0', () =>
    Number(sensor().capturing),
  )
  addGauge(
    registry,
    'hellotap_sensor_sees_hellos',
    '0 while flows come without the hellos they should have, or nothing comes; /healthz says why',
    () => {
      const { seesHellos } = sensor()
      return seesHellos === undefined ? undefined : Number(seesHellos)
    },
  )
  addCounter(
    registry,
    'hellotap_sensor_restarts_total',
    'times the sensor ended and was started again; its counters then begin at 0',
    () => sensor().restarts,
  )
  addCounter(
    registry,
    'hellotap_sensor_gap_seconds_total',
    'seconds in which no sensor captured because one had ended, over all restarts',
    () => sensor().gapSeconds,
  )
  new Gauge({
    name: 'hellotap_capture_ring_bytes',
    help: 'size of the kernel ring of an interface',
    labelNames: ['interface'],
    registers: [registry],
    collect() {
      this.reset()
      for (const [label, { ringBytes }] of Object.entries(sensor().byInterface))
        if (ringBytes !== undefined) this.set({ interface: label }, ringBytes)
    },
  })
}

function addProcess(registry: Registry, sensor: () => SensorFigures): void {
  addGauge(
    registry,
    'hellotap_sensor_start_time_seconds',
    'start of the sensor process, seconds since the Unix epoch',
    () => sensor().process?.startedAt,
  )
  addGauge(
    registry,
    'hellotap_sensor_resident_memory_bytes',
    'resident memory of the sensor process',
    () => sensor().process?.residentBytes,
  )
  addCounter(
    registry,
    'hellotap_sensor_cpu_seconds_total',
    'processor time of the sensor process, user and system',
    () => sensor().process?.cpuSeconds,
  )
  for (const [quantile, what] of [
    ['p50', 'the median'],
    ['p99', 'one in a hundred'],
    ['max', 'the worst'],
  ] as const)
    addGauge(
      registry,
      `hellotap_sensor_event_loop_delay_${quantile}_seconds`,
      `how late the event loop of the sensor process was in the last minute or two: ${what}`,
      () => sensor().process?.loopDelay[quantile],
    )
}
