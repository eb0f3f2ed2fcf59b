import { writeSync } from 'node:fs'
import type { Config } from '../config.js'
import { ConfigError, LIVE_PORTS } from '../config.js'
import type { Sighting } from '../model/sighting.js'
import { openStore } from '../store/open-store.js'
import type { Store } from '../store/store.js'
import { runDaemon } from './daemon.js'
import type { EventLog } from './event-log.js'
import { logFault } from './event-log.js'
import { runGuarded } from './guard.js'
import type { TakeUserAgents } from './http-agents.js'
import { HttpEvidence } from './http-agents.js'
import { count } from './log.js'
import type { SensorStatus } from './sensor-report.js'
import type { LinesSink } from './sensor.js'
import { runSensor } from './sensor.js'
import type { Serving } from './serving.js'
import { stopSignal } from './stop-signal.js'
import { watchStore } from './store-watch.js'

/** Milliseconds between two reports of the counters to the process that started us. */
const REPORT_MS = 1000

/** `capture`: the sensor daemon. Exit 0 when stopped, 1 when it cannot capture, 2 on bad usage. */
export function capture(args: Readonly<Record<string, unknown>>): Promise<number> {
  return runDaemon(args, (config, log) => runCapture(config, args['stdout'] === true, log))
}

async function runCapture(config: Config, toStdout: boolean, log: EventLog): Promise<number> {
  const guarded = await runGuarded(config.engine)
  if (guarded !== undefined) return guarded
  if (!toStdout && config.redis === undefined)
    throw new ConfigError(
      'capture needs --redis URL to keep sightings in, or --stdout to print them; `hellotap up` keeps them itself',
    )
  const signal = stopSignal()
  const store = toStdout
    ? undefined
    : await openStore(config.redis, limitsOf(config), { waitForRedis: true })
  const sink = store === undefined ? stdoutSink() : storeSink(store)
  const unwatch = store === undefined ? undefined : watchStore(store, log)
  const evidence =
    store === undefined
      ? undefined
      : new HttpEvidence(store, (error) => logFault(log, 'user-agent-lost', error))
  let report: NodeJS.Timeout | undefined
  let serving: Serving | undefined
  try {
    const onReady = async (status: () => SensorStatus) => {
      const { interfaces } = status()
      const ports = (config.ports ?? LIVE_PORTS).map(String)
      log.info('capturing', `capturing on ${interfaces.join(', ')}, ports ${ports.join(', ')}`, {
        interfaces,
        ports,
      })
      if (config['metrics-port'] !== 0) {
        // loaded where it is asked for: the packages of the API
        const { startSensorServing } = await import('./sensor-serving.js')
        serving = await startSensorServing(config, store, status, (error) =>
          logFault(log, 'request-failed', error),
        )
        for (const url of serving.urls) log.info('serving', `metrics at ${url}/metrics`, { url })
      }
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
    await runSensor(config, sink, signal, log, onReady, userAgentsSink(evidence))
  } finally {
    clearInterval(report)
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

/**
 * The sightings of complete JSON lines.
 * @param onFault takes a line that is none; without it, that is our own fault, and thrown
 */
export function sightingsOf(lines: Uint8Array, onFault?: (line: string) => void): Sighting[] {
  const sightings: Sighting[] = []
  for (const line of Buffer.from(lines.buffer, lines.byteOffset, lines.length)
    .toString('utf8')
    .split('\n')) {
    if (line === '') continue
    try {
      sightings.push(JSON.parse(line) as Sighting)
    } catch (error) {
      if (onFault === undefined) throw error
      onFault(line)
    }
  }
  return sightings
}

/**
 * Writes at once what the pipe takes; for the rest the capture waits. A stream's write by itself would cost as much as all
 * else that a batch of a few hellos does.
 */
function stdoutSink(): LinesSink {
  // being asked for, it has the descriptor no longer wait for a slow reader
  const { stdout } = process
  return (lines) => {
    const written = stdout.writableLength > 0 ? 0 : writeNow(stdout.fd, lines)
    if (written === lines.length) return
    return new Promise((resolve, reject) => {
      // a copy: the pipeline writes over its lines as soon as we return
      const rest = Uint8Array.from(lines.subarray(written))
      stdout.write(rest, (error) => (error ? reject(error) : resolve()))
    })
  }
}

/** @returns octets written, 0 where there is no room. @throws Error */
function writeNow(fd: number, octets: Uint8Array): number {
  try {
    return writeSync(fd, octets)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return 0
    throw error
  }
}
