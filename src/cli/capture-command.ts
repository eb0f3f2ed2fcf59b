import type { Config } from '../config.js'
import { LIVE_PORTS, handedConfig, writerLimits } from '../config.js'
import { ConfigError } from '../config/config-error.js'
import { privacyPolicy } from '../config/privacy-policy.js'
import { portsText } from '../model/ports.js'
import { runDaemon } from '../sensor/daemon.js'
import type { TakeUserAgents } from '../sensor/http-agents.js'
import { HttpEvidence } from '../sensor/http-agents.js'
import { hasOutputs, openLiveOutputs } from '../sensor/live-outputs.js'
import { runGuarded } from '../sensor/privilege-separation.js'
import { logRedisRisks } from '../sensor/redis-risks.js'
import type { SensorStatus } from '../sensor/sensor-report.js'
import { runSensor } from '../sensor/sensor.js'
import { serviceManager } from '../sensor/service-manager.js'
import type { LinesSink } from '../sensor/sinks.js'
import { joinSinks, linesSink, privateLines, storeSink } from '../sensor/sinks.js'
import { stdoutSink } from '../sensor/stdout-sink.js'
import { stopSignal } from '../sensor/stop-signal.js'
import { watchStore } from '../sensor/store-log.js'
import type { Serving } from '../serving/serving.js'
import { openSightingStore } from '../sighting-store.js'
import type { Store } from '../store/contract.js'
import type { EventLog } from '../telemetry/event-log.js'
import { logFault } from '../telemetry/event-log.js'
import { count } from '../telemetry/log.js'
import { configOf } from './options.js'

/** Milliseconds between two reports of the counters to the parent process. */
const REPORT_MILLIS = 1_000

/** What `capture` prints: JSON lines, the rows that `up` reads, or nothing. */
type Printed = 'lines' | 'rows' | 'nothing'

/** `capture`: the sensor daemon. Exit 0 when stopped, 1 when it cannot capture, 2 on bad usage. */
export function capture(args: Readonly<Record<string, unknown>>): Promise<number> {
  // `up` starts its sensor with --rows and passes its configuration in the environment.
  const isChildOfUp = args['rows'] === true
  const config = (isChildOfUp ? handedConfig() : undefined) ?? configOf(args)
  const printed = isChildOfUp ? 'rows' : args['stdout'] === true ? 'lines' : 'nothing'
  return runDaemon(config, (config, log) => runCapture(config, printed, log))
}

async function runCapture(config: Config, printed: Printed, log: EventLog): Promise<number> {
  const guarded = await runGuarded(config.engine)
  if (guarded !== undefined) return guarded
  if (printed === 'nothing' && config.redis === undefined && !hasOutputs(config))
    throw new ConfigError(
      'capture needs --redis URL or --history FOLDER to keep sightings in, or --stdout or -o TARGET to print them; `hellotap up` keeps them itself',
    )
  const signal = stopSignal()
  const manager = serviceManager(log)
  signal.addEventListener('abort', () => manager.stopping(), { once: true })
  const { store, close, ...destinations } = await openDestinations(config, printed, log)
  let report: NodeJS.Timeout | undefined
  let serving: Serving | undefined
  const onReady = async (status: () => SensorStatus) => {
    const { interfaces } = status()
    const ports = portsText(config.ports ?? LIVE_PORTS).split(',')
    log.info('capturing', `capturing on ${interfaces.join(', ')}, ports ${ports.join(', ')}`, {
      interfaces,
      ports,
    })
    serving = await serveMetrics(config, store, status, log)
    manager.ready(`capturing on ${interfaces.join(', ')}`)
    report = reportToParent(status)
    process.once('beforeExit', () => {
      const { packets, hellos } = status().counters
      log.info('stopped', `stopped: ${count(packets, 'frame')}, ${count(hellos, 'hello')}`, {
        packets,
        hellos,
      })
    })
  }
  try {
    await runSensor({ config, log, signal, onReady, ...destinations })
  } finally {
    clearInterval(report)
    await serving?.close()
    await close()
    if (process.connected) process.disconnect()
  }
  return 0
}

/** Where sightings and User-Agents go. */
interface Destinations {
  readonly sink: LinesSink
  readonly rows: boolean
  readonly takeUserAgents: TakeUserAgents | undefined
  readonly store: Store | undefined
  readonly close: () => Promise<void>
}

/** @throws ConfigError, StoreError, OutputError */
async function openDestinations(
  config: Config,
  printed: Printed,
  log: EventLog,
): Promise<Destinations> {
  const privacy = privacyPolicy(config)
  const store =
    printed !== 'nothing' || config.redis === undefined
      ? undefined
      : await openSightingStore(config.redis, writerLimits(config), {
          waitForRedis: true,
          clock: 'arrival',
          privacy,
        })
  const stdout = stdoutSink(log)
  const outputs = hasOutputs(config) ? await openLiveOutputs(config, log) : undefined
  const rows = printed === 'rows' || store !== undefined
  const toLines = (sink: LinesSink) => {
    const kept = privateLines(sink, privacy)
    return rows ? linesSink(kept) : kept
  }
  const unwatch = store === undefined ? undefined : watchStore(store, log)
  if (store !== undefined && config.redis !== undefined) void logRedisRisks(config.redis, log)
  const evidence =
    store === undefined
      ? undefined
      : new HttpEvidence(store, (error) => logFault(log, 'user-agent-lost', error))
  return {
    sink: joinSinks([
      ...(store === undefined ? [] : [storeSink(store)]),
      ...(printed === 'rows' ? [stdout.put] : []),
      ...(printed === 'lines' ? [toLines(stdout.put)] : []),
      ...(outputs === undefined ? [] : [toLines(outputs.put)]),
    ]),
    rows,
    takeUserAgents: evidence === undefined ? userAgentsToParent() : (seen) => evidence.take(seen),
    store,
    close: async () => {
      stdout.close()
      await outputs?.close()
      await evidence?.close()
      await store?.close()
      // Last, so that sightings dropped while closing are logged too.
      unwatch?.()
    },
  }
}

async function serveMetrics(
  config: Config,
  store: Store | undefined,
  status: () => SensorStatus,
  log: EventLog,
): Promise<Serving | undefined> {
  if (config['metrics-port'] === 0) return undefined
  // Imported on demand: it loads the packages of the API.
  const { startSensorServing } = await import('../serving/sensor-serving.js')
  const serving = await startSensorServing(config, store, status, (error) =>
    logFault(log, 'request-failed', error),
  )
  for (const url of serving.urls) log.info('serving', `metrics at ${url}/metrics`, { url })
  return serving
}

/** Sends the state to `up` once a second; only a process that `up` started has a channel. */
function reportToParent(status: () => SensorStatus): NodeJS.Timeout | undefined {
  if (process.send === undefined) return undefined
  const send = () => process.send?.(status())
  send()
  return setInterval(send, REPORT_MILLIS)
}

function userAgentsToParent(): TakeUserAgents | undefined {
  if (process.send === undefined) return undefined
  return (userAgents) => {
    if (userAgents.length > 0) process.send?.({ userAgents })
  }
}
