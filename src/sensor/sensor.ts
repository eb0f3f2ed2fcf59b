import type { CounterName } from '../base/counters.js'
import { listInterfaces } from '../capture/live/interfaces.js'
import type { Config } from '../config.js'
import { LIVE_PORTS } from '../config.js'
import type { InterfaceFigures } from '../model/sensor-figures.js'
import { CaptureHealth } from './capture-health.js'
import { ClockSteps } from './clock-steps.js'
import { UserAgentNews } from './http-agents.js'
import type { OpenInterface } from './open-interfaces.js'
import { openInterfaces } from './open-interfaces.js'
import type { SensorOptions } from './sensor-options.js'
import { LoopDelay, processFigures, sumCounters } from './sensor-report.js'
import { SourceCapture } from './source-capture.js'

/**
 * Captures on the configured interfaces and passes sightings to the sink.
 * @throws CaptureError if no interface can be opened
 */
export async function runSensor(options: SensorOptions): Promise<void> {
  const { log, onReady, takeUserAgents } = options
  const config: Config =
    takeUserAgents === undefined ? { ...options.config, 'http-ports': [] } : options.config
  const interfaces = await openInterfaces(config, log)
  const loopbacks = (await listInterfaces()).filter(({ loopback }) => loopback)
  const loopDelay = new LoopDelay()
  const health = new CaptureHealth(
    interfaces.map(({ name, counters, undecoded }) => ({
      ...{ name, counters, undecoded },
      isLoopback: loopbacks.some((each) => each.name === name),
    })),
    config.ports ?? LIVE_PORTS,
    log,
  )
  try {
    await onReady(() => ({
      interfaces: interfaces.map(({ name }) => name),
      counters: sumCounters(interfaces.map(({ counters }) => counters)),
      byInterface: Object.fromEntries(
        interfaces.map((each) => [each.name, figuresOf(each, config.ring << 20)]),
      ),
      process: processFigures(loopDelay),
      watch: health.states,
    }))
    await captureAll(interfaces, { ...options, config })
  } finally {
    for (const { sources } of interfaces) for (const source of sources) source.close()
    loopDelay.stop()
    health.stop()
  }
}

async function captureAll(
  interfaces: readonly OpenInterface[],
  options: SensorOptions,
): Promise<void> {
  const { log, takeUserAgents } = options
  const news = new UserAgentNews()
  const settings: SensorOptions = {
    ...options,
    takeUserAgents: takeUserAgents && ((seen) => takeUserAgents(news.newOf(seen))),
  }
  const captures = interfaces.flatMap((opened) =>
    opened.sources.map((source) => new SourceCapture(settings, source, opened)),
  )
  const clock = new ClockSteps({ wall: Date.now, steady: () => performance.now() })
  /** The wall clock, microseconds. If it was set, the times of all captures are shifted first. */
  const nowMicros = (): number => {
    const millis = clock.look()
    if (millis !== 0) {
      for (const capture of captures) capture.shiftTime(millis)
      for (const { counters } of interfaces) {
        counters.clock_steps++
        counters.clock_step_millis += Math.abs(millis)
      }
      log.warn(
        'clock-set',
        `the clock was set ${millis > 0 ? 'ahead' : 'back'} by ${Math.abs(millis) / 1000} s: capture goes on, and times before and after do not compare`,
        { millis },
      )
    }
    return Date.now() * 1000
  }
  await Promise.all(captures.map((capture) => capture.run(nowMicros)))
}

/** Counters of frames dropped before any frame was read. Not every engine can provide them. */
const KERNEL_COUNTERS: readonly CounterName[] = [
  'capture_kernel_dropped',
  'capture_interface_dropped',
]

function figuresOf(
  { sources, counters, undecoded }: OpenInterface,
  ringBytes: number,
): InterfaceFigures {
  return {
    counters,
    undecoded: undecoded.snapshot(),
    ringBytes: sources.length * ringBytes,
    ...(sources.some(({ dropped }) => dropped === undefined) ? { unknown: KERNEL_COUNTERS } : {}),
  }
}
