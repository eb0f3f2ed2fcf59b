import { randomInt } from 'node:crypto'
import { UndecodedTraffic } from '../model/undecoded.js'
import { tunnelPortsOf } from '../model/tunnel-port.js'
import type { InterfaceFigures } from '../model/sensor-figures.js'
import type { CounterName, Counters } from '../base/counters.js'
import { newCounters } from '../base/counters.js'
import { CaptureError } from '../capture/capture-error.js'
import { defaultInterfaces, listInterfaces } from '../capture/live/interfaces.js'
import type { LiveSource } from '../capture/live/live-source.js'
import type { Config } from '../config.js'
import { LIVE_PORTS } from '../config.js'
import type { PacketSource } from '../model/packet-block.js'
import { Pipeline } from '../pipeline.js'
import { START_BYTES } from '../pipeline/prefilter.js'
import type { EventLog } from '../telemetry/event-log.js'
import { liveSources } from './live-sources.js'
import type { TakeUserAgents } from './http-agents.js'
import { UserAgentNews } from './http-agents.js'
import type { SensorStatus } from './sensor-report.js'
import { ClockSteps, StampShift } from './clock-steps.js'
import { LoopDelay, processFigures, sumCounters } from './sensor-report.js'
import { Watch } from './capture-health.js'

/** Milliseconds between two looks at hellos whose server is silent, while no frames come that would tell the time. */
const EXPIRE_MS = 1000

/**
 * Takes JSON lines, or rows where it asked for them, done with the bytes when it returns; a promise asks the capture to wait. What it lets go it counts to
 * the interface the lines are from.
 */
export type LinesSink = (lines: Uint8Array, counters: Counters) => Promise<void> | void

/**
 * Captures on the configured interfaces until `signal` stops it, handing finished sightings to `sink`.
 * One pipeline a source: a flow is never looked for across two.
 * An interface that cannot be opened is named and left out. `onReady` is given what tells the sensor's state from then on.
 * Without `takeUserAgents` no plain HTTP is looked at. With `rows` the sink gets rows (model/row.ts) rather than lines.
 * @throws CaptureError when none can be opened
 */
export async function runSensor(
  config: Config,
  sink: LinesSink,
  signal: AbortSignal,
  log: EventLog,
  onReady: (status: () => SensorStatus) => Promise<void> | void,
  takeUserAgents?: TakeUserAgents,
  rows = false,
): Promise<void> {
  const wanted = config.interface.length > 0 ? config.interface : await defaultInterfaces()
  if (wanted.length === 0)
    throw new CaptureError(
      'NO_INTERFACE',
      'no interface to capture on: name one with -i; `hellotap interfaces` lists them',
    )
  const names = [...new Set(wanted)]
  const ports = config.ports ?? LIVE_PORTS
  const httpPorts = takeUserAgents === undefined ? [] : config['http-ports']
  const news = new UserAgentNews()
  const failures: CaptureError[] = []
  const opened: {
    name: string
    sources: readonly LiveSource[]
    counters: Counters
    undecoded: UndecodedTraffic
  }[] = []
  for (const name of names) {
    const counters = newCounters()
    const sources = liveSources(config, {
      interface: name,
      ports,
      server: config.server,
      httpPorts,
      starts: START_BYTES,
      counters,
      log: (line) => log.warn('capture', line, { interface: name }),
    })
    try {
      for (const source of sources) await source.open()
      opened.push({ name, sources, counters, undecoded: new UndecodedTraffic() })
    } catch (error) {
      if (!(error instanceof CaptureError)) throw error
      for (const source of sources) source.close()
      failures.push(error)
    }
  }
  const [first] = failures
  if (opened.length === 0 && first !== undefined) throw first
  for (const { code, message } of failures) log.warn('interface-left-out', message, { code })
  const captures = opened.flatMap(({ name, sources, counters, undecoded }) =>
    sources.map((source) => ({ name, source, counters, undecoded })),
  )
  const loopDelay = new LoopDelay()
  const loopbacks = (await listInterfaces()).filter(({ loopback }) => loopback)
  const watch = new Watch(
    opened.map(({ name, counters, undecoded }) => ({
      name,
      counters,
      undecoded,
      isLoopback: loopbacks.some((each) => each.name === name),
    })),
    ports,
    log,
  )
  const clock = new ClockSteps({ wall: Date.now, steady: () => performance.now() })
  const running: { readonly pipeline: Pipeline; readonly stamps: StampShift }[] = []
  /** Has all go on where the clock was set. @returns what it says now, microseconds */
  const tellTime = (): number => {
    const millis = clock.look()
    if (millis !== 0) {
      for (const { pipeline, stamps } of running) {
        pipeline.shiftTime(millis * 1000)
        stamps.step(millis)
      }
      for (const { counters } of opened) {
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
  try {
    await onReady(() => ({
      interfaces: opened.map(({ name }) => name),
      counters: sumCounters(opened.map(({ counters }) => counters)),
      byInterface: Object.fromEntries(
        opened.map(({ name, sources, counters, undecoded }) => [
          name,
          { ...figuresOf(config, sources, counters), undecoded: undecoded.snapshot() },
        ]),
      ),
      process: processFigures(loopDelay),
      watch: watch.states,
    }))
    await Promise.all(
      captures.map(async ({ name, source, counters, undecoded }) => {
        const pipeline = new Pipeline(
          {
            ports: new Set(ports),
            fingerprints: config.fingerprints === undefined ? 'all' : new Set(config.fingerprints),
            keepHello: true,
            communityId: true,
            sightingId: true,
            rows,
            sensor: config.sensor,
            server: config.server,
            ...(httpPorts.length === 0 ? {} : { httpPorts: new Set(httpPorts) }),
            undecoded,
            tunnelPorts: tunnelPortsOf(config['tunnel-port']),
            seed: randomInt(2 ** 47),
          },
          counters,
        )
        pipeline.setOrigin({ interface: name })
        const { lines, userAgents } = pipeline
        const stamps = new StampShift()
        running.push({ pipeline, stamps })
        const hand = (): Promise<void> | void => {
          const { len } = lines
          if (len === 0) return
          lines.len = 0
          return sink(lines.bytes.subarray(0, len), counters)
        }
        const timer = setInterval(() => {
          pipeline.expire(tellTime())
          // a sink that fails says so again to the next block's lines
          Promise.resolve()
            .then(hand)
            .catch(() => undefined)
        }, EXPIRE_MS)
        try {
          for await (const block of source.blocks(signal)) {
            stamps.apply(block, tellTime())
            pipeline.take(block)
            if (userAgents.length > 0) takeUserAgents?.(news.newOf(userAgents.splice(0)))
            const isTaken = hand()
            if (isTaken !== undefined) await isTaken
          }
          pipeline.flush()
          await hand()
        } finally {
          clearInterval(timer)
        }
      }),
    )
  } finally {
    for (const { source } of captures) source.close()
    loopDelay.stop()
    watch.stop()
  }
}

/** Counters of what was dropped before any frame was read, which not every engine can know. */
const OF_THE_KERNEL: readonly CounterName[] = [
  'capture_kernel_dropped',
  'capture_interface_dropped',
]

function figuresOf(
  config: Config,
  sources: readonly PacketSource[],
  counters: Counters,
): InterfaceFigures {
  return {
    counters,
    ringBytes: sources.length * (config.ring << 20),
    ...(sources.some(({ dropped }) => dropped === undefined) ? { unknown: OF_THE_KERNEL } : {}),
  }
}
