import { homedir } from 'node:os'
import { join } from 'node:path'
import { ACCESS_LOG_HELP, AccessLog } from '../api/access-log.js'
import { addressTest } from '../api/address.js'
import { createApp } from '../api/app.js'
import { listen } from '../api/listen.js'
import type { MetricsSources, Outcomes } from '../telemetry/metrics.js'
import { selfSigned } from '../api/self-signed.js'
import { userAgentObserver } from '../api/user-agents.js'
import type { Config } from '../config.js'
import { ConfigError, parseEndpoint } from '../config.js'
import type { Store } from '../store/contract.js'
import { describeSighting } from './describe-sighting.js'
import type { EventLog } from '../telemetry/event-log.js'
import { logFault } from '../telemetry/event-log.js'
import { version } from '../telemetry/version.js'

/** Milliseconds a caller waits at most for its own hello to come through the capture. */
const WAIT_MS = 300

/** A running API. */
export interface Serving {
  /** Where it answers, `https://127.0.0.1:8443` last. */
  readonly urls: readonly string[]
  close(): Promise<void>
}

/**
 * Starts the API and the page on the configured ports.
 * @param health what `/healthz` adds about the sensor
 * @param metrics what `/metrics` does
 * @throws ListenError, ConfigError
 */
export async function startServing(
  config: Config,
  store: Store,
  log: EventLog,
  health: () => Readonly<Record<string, unknown>>,
  metrics: Pick<MetricsSources, 'sensor'> = {},
): Promise<Serving> {
  const { host } = config
  const httpPort = config['http-port']
  const httpsPort = config['https-port']
  if (httpPort === 0 && httpsPort === 0)
    throw new ConfigError('http-port and https-port are both 0: the API would listen nowhere')
  const onError = (error: unknown) => logFault(log, 'request-failed', error)
  const accessLog = await openAccessLog(config, store, onError)
  const outcomes = accessLog === undefined ? [] : [outcomesOf(accessLog)]
  try {
    const app = createApp({
      store,
      trustedProxies: config['trusted-proxy'],
      health: () => ({
        ...health(),
        ...(accessLog === undefined ? {} : { access_log: { ...accessLog.counts } }),
      }),
      waitMs: WAIT_MS,
      metrics: { ...metrics, outcomes, version, process: true },
      describe: describeSighting,
      onError,
      ...(httpsPort === 0 ? {} : { httpsPort }),
    })
    const listening = await listen(
      {
        ...(httpPort === 0 ? {} : { http: { host, port: httpPort } }),
        ...(httpsPort === 0
          ? {}
          : { https: { host, port: httpsPort, ...(await selfSigned(dataDir(config))) } }),
      },
      app,
    )
    if (accessLog !== undefined) {
      const { address, port } = accessLog.address
      log.info('access-log', `taking access logs by syslog on UDP ${address} port ${port}`)
    }
    return {
      urls: listening.urls,
      close: async () => {
        accessLog?.close()
        await listening.close()
      },
    }
  } catch (error) {
    accessLog?.close()
    throw error
  }
}

/** @throws ListenError */
async function openAccessLog(
  config: Config,
  store: Store,
  onError: (error: unknown) => void,
): Promise<AccessLog | undefined> {
  const endpoint = parseEndpoint(config['access-log'] ?? '')
  if (endpoint === undefined) return undefined
  return AccessLog.listen({
    ...endpoint,
    store,
    trusted: addressTest(config['trusted-proxy']),
    observe: userAgentObserver(store, () => Date.now() / 1000, onError),
    onError,
  })
}

function outcomesOf({ counts }: AccessLog): Outcomes {
  return {
    name: 'hellotap_access_log_lines_total',
    help: ACCESS_LOG_HELP,
    counts: () => ({ ...counts }),
  }
}

function dataDir(config: Config): string {
  return (
    config['data-dir'] ??
    join(process.env['XDG_DATA_HOME'] ?? join(homedir(), '.local', 'share'), 'hellotap')
  )
}
