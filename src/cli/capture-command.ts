import type { Config } from '../config.js'
import { ConfigError } from '../config/config-error.js'
import { LIVE_PORTS, handedConfig, writerLimits } from '../config.js'
import { portsText } from '../model/ports.js'
import { openSightingStore } from '../sighting-store.js'
import { configOf } from './options.js'
import { runDaemon } from '../sensor/daemon.js'
import type { EventLog } from '../telemetry/event-log.js'
import { logFault } from '../telemetry/event-log.js'
import { runGuarded } from '../sensor/privilege-separation.js'
import type { TakeUserAgents } from '../sensor/http-agents.js'
import { HttpEvidence } from '../sensor/http-agents.js'
import { count } from '../telemetry/log.js'
import type { SensorStatus } from '../sensor/sensor-report.js'
import { runSensor } from '../sensor/sensor.js'
import type { Serving } from '../serving/serving.js'
import { hasOutputs, openLiveOutputs } from '../sensor/live-outputs.js'
import { privateLines } from '../sensor/private-lines.js'
import { privacyPolicy } from '../config/privacy-policy.js'
import { joinSinks, stdoutSink } from '../sensor/stdout-sink.js'
import type { LinesSink } from '../sensor/sensor.js'
import { linesSink, storeSink } from '../sensor/store-sink.js'
import { serviceManager } from '../sensor/service-manager.js'
import { stopSignal } from '../sensor/stop-signal.js'
import { logRedisRisks } from '../sensor/redis-risks.js'
import { watchStore } from '../sensor/store-log.js'

/** Milliseconds between two reports of the counters to the process that started us. */
const REPORT_MS = 1000

/** `capture`: the sensor daemon. Exit 0 when stopped, 1 when it cannot capture, 2 on bad usage. */
export function capture(args: Readonly<Record<string, unknown>>): Promise<number> {
  // `up` starts its sensor with --rows, and hands its configuration on
  const toRows = args['rows'] === true
  const config = (toRows ? handedConfig() : undefined) ?? configOf(args)
  return runDaemon(config, (config, log) =>
    runCapture(config, args['stdout'] === true, toRows, log),
  )
}

async function runCapture(
  config: Config,
  toStdout: boolean,
  rowsToStdout: boolean,
  log: EventLog,
): Promise<number> {
  const guarded = await runGuarded(config.engine)
  if (guarded !== undefined) return guarded
  if (!toStdout && config.redis === undefined && !hasOutputs(config))
    throw new ConfigError(
      'capture needs --redis URL or --history FOLDER to keep sightings in, or --stdout or -o TARGET to print them; `hellotap up` keeps them itself',
    )
  const privacy = privacyPolicy(config)
  const signal = stopSignal()
  const manager = serviceManager(log)
  signal.addEventListener('abort', () => manager.stopping(), { once: true })
  const store =
    toStdout || config.redis === undefined
      ? undefined
      : await openSightingStore(config.redis, writerLimits(config), {
          waitForRedis: true,
          clock: 'arrival',
          privacy,
        })
  const stdout = stdoutSink(log)
  const outputs = hasOutputs(config) ? await openLiveOutputs(config, log) : undefined
  const asRows = rowsToStdout || store !== undefined
  const toLines = (sink: LinesSink) => {
    const kept = privateLines(sink, privacy)
    return asRows ? linesSink(kept) : kept
  }
  const sink = joinSinks([
    ...(store === undefined ? [] : [storeSink(store)]),
    ...(toStdout ? [rowsToStdout ? stdout.put : toLines(stdout.put)] : []),
    ...(outputs === undefined ? [] : [toLines(outputs.put)]),
  ])
  const unwatch = store === undefined ? undefined : watchStore(store, log)
  if (store !== undefined && config.redis !== undefined) void logRedisRisks(config.redis, log)
  const evidence =
    store === undefined
      ? undefined
      : new HttpEvidence(store, (error) => logFault(log, 'user-agent-lost', error))
  let report: NodeJS.Timeout | undefined
  let serving: Serving | undefined
  try {
    const onReady = async (status: () => SensorStatus) => {
      const { interfaces } = status()
      const ports = portsText(config.ports ?? LIVE_PORTS).split(',')
      log.info('capturing', `capturing on ${interfaces.join(', ')}, ports ${ports.join(', ')}`, {
        interfaces,
        ports,
      })
      if (config['metrics-port'] !== 0) {
        // loaded where it is asked for: the packages of the API
        const { startSensorServing } = await import('../serving/sensor-serving.js')
        serving = await startSensorServing(config, store, status, (error) =>
          logFault(log, 'request-failed', error),
        )
        for (const url of serving.urls) log.info('serving', `metrics at ${url}/metrics`, { url })
      }
      manager.ready(`capturing on ${interfaces.join(', ')}`)
      // only a process started by `up` has a channel
      if (process.send !== undefined) {
        const send = () => process.send?.(status())
        send()
        report = setInterval(send, REPORT_MS)
      }
      process.once('beforeExit', () => {
        const { packets, hellos } = status().counters
        log.info('stopped', `stopped: ${count(packets, 'frame')}, ${count(hellos, 'hello')}`, {
          packets,
          hellos,
        })
      })
    }
    await runSensor(config, sink, signal, log, onReady, userAgentsSink(evidence), asRows)
  } finally {
    clearInterval(report)
    stdout.close()
    await outputs?.close()
    await serving?.close()
    await evidence?.close()
    await store?.close()
    // what the end itself dropped is told too
    unwatch?.()
    if (process.connected) process.disconnect()
  }
  return 0
}

/** To the store, or to the process that started us; nowhere where sightings alone are printed. */
function userAgentsSink(evidence: HttpEvidence | undefined): TakeUserAgents | undefined {
  if (evidence !== undefined) return (seen) => evidence.take(seen)
  if (process.send === undefined) return undefined
  return (userAgents) => {
    if (userAgents.length > 0) process.send?.({ userAgents })
  }
}
