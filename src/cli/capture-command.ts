import { ConfigError, LIVE_PORTS } from '../config.js'
import type { Sighting } from '../model/sighting.js'
import { openStore } from '../store/open-store.js'
import type { Store } from '../store/store.js'
import { count, log } from './log.js'
import { configOf } from './options.js'
import type { LinesSink } from './sensor.js'
import { runSensor } from './sensor.js'
import type { Serving } from './serving.js'
import { stopSignal } from './stop-signal.js'

/** Milliseconds between two reports of the counters to the process that started us. */
const REPORT_MS = 1000

/** `capture`: the sensor daemon. Exit 0 when stopped, 1 when it cannot capture, 2 on bad usage. */
export async function capture(args: Readonly<Record<string, unknown>>): Promise<number> {
  const config = configOf(args)
  const toStdout = args['stdout'] === true
  if (!toStdout && config.redis === undefined)
    throw new ConfigError(
      'capture needs --redis URL to keep sightings in, or --stdout to print them; `hellotap up` keeps them itself',
    )
  const signal = stopSignal()
  const store = toStdout
    ? undefined
    : await openStore(config.redis, limitsOf(config), { waitForRedis: true })
  const sink = store === undefined ? stdoutSink() : storeSink(store)
  let report: NodeJS.Timeout | undefined
  let serving: Serving | undefined
  try {
    await runSensor(config, sink, signal, async (status) => {
      const { interfaces } = status()
      log(`capturing on ${interfaces.join(', ')}, ports ${(config.ports ?? LIVE_PORTS).join(', ')}`)
      if (config['metrics-port'] !== 0) {
        // loaded where it is asked for: the packages of the API
        const { startSensorServing } = await import('./sensor-serving.js')
        serving = await startSensorServing(config, store, status, explainFault)
        for (const url of serving.urls) log(`metrics at ${url}/metrics`)
      }
      // only a process started by `up` has a channel
      if (process.send !== undefined) {
        const send = () => process.send?.(status())
        send()
        report = setInterval(send, REPORT_MS)
      }
      process.once('beforeExit', () => {
        const { packets, hellos } = status().counters
        log(`stopped: ${count(packets, 'frame')}, ${count(hellos, 'hello')}`)
      })
    })
  } finally {
    clearInterval(report)
    await serving?.close()
    await store?.close()
    if (store !== undefined && store.health().dropped > 0)
      log(`${count(store.health().dropped, 'sighting')} dropped while the store was away`)
    if (process.connected) process.disconnect()
  }
  return 0
}

function explainFault(error: unknown): void {
  log(`hellotap: ${error instanceof Error ? error.message : String(error)}`)
}

/** The store's bounds as configured. */
export function limitsOf(config: { ttl: number; 'per-ip': number; spool: number }) {
  return { ttlSeconds: config.ttl, perIp: config['per-ip'], spool: config.spool }
}

/** Puts each line's sighting into the store. */
export function storeSink(store: Store): LinesSink {
  return (lines) => {
    if (!store.put(sightingsOf(lines))) return store.drain()
  }
}

/** The sightings of complete JSON lines. */
export function sightingsOf(lines: Uint8Array): Sighting[] {
  const sightings: Sighting[] = []
  for (const line of Buffer.from(lines.buffer, lines.byteOffset, lines.length)
    .toString('utf8')
    .split('\n'))
    if (line !== '') sightings.push(JSON.parse(line) as Sighting)
  return sightings
}

function stdoutSink(): LinesSink {
  return (lines) =>
    new Promise((resolve, reject) => {
      // a copy: the pipeline writes over its lines as soon as we return
      process.stdout.write(Uint8Array.from(lines), (error) => (error ? reject(error) : resolve()))
    })
}
