import type { Config } from '../config.js'
import { portsText } from '../model/ports.js'
import { LIVE_PORTS, writerLimits } from '../config.js'
import { openSightingStore } from '../sighting-store.js'
import { newCounters } from '../base/counters.js'
import { linesSink, privateLines } from '../sensor/sinks.js'
import { configOf } from './options.js'
import { runDaemon } from '../sensor/daemon.js'
import { hasOutputs, openLiveOutputs } from '../sensor/live-outputs.js'
import { privacyPolicy } from '../config/privacy-policy.js'
import type { EventLog } from '../telemetry/event-log.js'
import { runGuarded } from '../sensor/privilege-separation.js'
import { log as print } from '../telemetry/log.js'
import { SensorProcess } from '../sensor/sensor-process.js'
import { startServing } from '../serving/serving.js'
import { serviceManager } from '../sensor/service-manager.js'
import { stopSignal, whenAborted } from '../sensor/stop-signal.js'
import { logRedisRisks } from '../sensor/redis-risks.js'
import { watchStore } from '../sensor/store-log.js'

/**
 * `up`: sensor, store and API on one machine. The sensor is a process of its own: parsing does not block the API, and a crash
 * of the parser restarts only the sensor. Exit 0 when stopped, 1 if store or API cannot start.
 */
export function up(args: Readonly<Record<string, unknown>>): Promise<number> {
  return runDaemon(configOf(args), runUp)
}

async function runUp(config: Config, log: EventLog): Promise<number> {
  const guarded = await runGuarded(config.engine)
  if (guarded !== undefined) return guarded
  const signal = stopSignal()
  const manager = serviceManager(log)
  const privacy = privacyPolicy(config)
  const store = await openSightingStore(config.redis, writerLimits(config), {
    clock: 'arrival',
    privacy,
  })
  const outputs = hasOutputs(config) ? await openLiveOutputs(config, log) : undefined
  const counters = newCounters()
  const put = outputs && linesSink(privateLines(outputs.put, privacy))
  const unwatch = watchStore(store, log)
  if (config.redis !== undefined) void logRedisRisks(config.redis, log)
  try {
    const sensor = new SensorProcess(
      config,
      store,
      log,
      put && ((lines) => void put(lines, counters)),
    )
    const serving = await startServing(
      config,
      store,
      log,
      () => ({ sensor: sensor.status }),
      { sensor: () => sensor.figures },
      async () => outputs?.roll(),
    )
    const sensing = sensor.run(signal)
    await sensor.settled
    greet(greeting(config, sensor.status, serving.urls), log)
    manager.ready(`serving ${serving.urls.join(', ')}`)
    await whenAborted(signal)
    manager.stopping()
    // The order keeps all sightings: the sensor ends, its last rows are stored, then the API closes.
    await sensing
    await store.drain()
    await serving.close()
  } finally {
    unwatch()
    await outputs?.close()
    await store.close()
  }
  return 0
}

/** One line of the greeting: its label and text, and its event for programs. */
interface Greeting {
  readonly event: string
  readonly label: string
  readonly text: string
  readonly bad?: boolean
}

function greeting(
  config: Config,
  status: SensorProcess['status'],
  urls: readonly string[],
): Greeting[] {
  const ports = config.ports ?? LIVE_PORTS
  const lines: Greeting[] = [
    status.capturing
      ? {
          event: 'capturing',
          label: 'capturing on',
          text: `${status.interfaces.join(', ')}, TCP ports ${portsText(ports).replaceAll(',', ', ')}`,
        }
      : { event: 'not-capturing', label: 'NOT capturing:', text: status.reason ?? '', bad: true },
    {
      event: 'keeping',
      label: 'keeping',
      text: `${config.redis === undefined ? 'in memory' : 'in Redis'} for ${config.ttl / 3600} h`,
    },
    ...urls.map((url) => ({ event: 'serving', label: 'serving', text: url })),
  ]
  const https = urls.find((url) => url.startsWith('https:'))
  const watched = https !== undefined && ports.includes(Number(new URL(https).port || 443))
  if (https !== undefined && status.capturing && watched)
    lines.push(
      { event: 'try', label: 'try', text: `curl -k ${https}/fps` },
      {
        event: 'try',
        label: '',
        text: `or open ${https}/ in a browser (its certificate is self-signed)`,
      },
    )
  else if (https !== undefined && !watched)
    lines.push({
      event: 'lacking',
      label: 'lacking',
      text: `port ${new URL(https).port} is not watched: add it to --ports to see your own hello`,
    })
  return lines
}

/** Prints the greeting: a block of text for persons, events for programs. */
function greet(lines: readonly Greeting[], log: EventLog): void {
  if (!log.isText) {
    for (const { event, label, text, bad } of lines)
      log[bad === true ? 'error' : 'info'](event, `${label} ${text}`.trim())
    return
  }
  const LABEL_COLUMNS = 12
  const rows = lines.map(({ event, label, text }, i) => {
    const isFirstTry = event === 'try' && lines[i - 1]?.event !== 'try'
    return `${isFirstTry ? '\n' : ''}  ${label.padEnd(LABEL_COLUMNS)} ${text}`
  })
  print(`\n${rows.join('\n')}\n`)
}
