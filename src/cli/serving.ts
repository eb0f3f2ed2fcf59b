import { homedir } from 'node:os'
import { join } from 'node:path'
import { createApp } from '../api/app.js'
import type { MetricsSources } from '../api/metrics.js'
import { listen } from '../api/listen.js'
import { selfSigned } from '../api/self-signed.js'
import type { Config } from '../config.js'
import { ConfigError } from '../config.js'
import type { Store } from '../store/store.js'
import { describeSighting } from './describe-sighting.js'
import type { EventLog } from './event-log.js'
import { logFault } from './event-log.js'
import { version } from './version.js'

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
  metrics: Pick<MetricsSources, 'sensor' | 'outcomes'> = {},
): Promise<Serving> {
  const { host } = config
  const httpPort = config['http-port']
  const httpsPort = config['https-port']
  if (httpPort === 0 && httpsPort === 0)
    throw new ConfigError('http-port and https-port are both 0: the API would listen nowhere')
  const app = createApp({
    store,
    trustedProxies: config['trusted-proxy'],
    health,
    waitMs: WAIT_MS,
    metrics: { ...metrics, version, process: true },
    describe: describeSighting,
    onError: (error) => logFault(log, 'request-failed', error),
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
  return listening
}

function dataDir(config: Config): string {
  return (
    config['data-dir'] ??
    join(process.env['XDG_DATA_HOME'] ?? join(homedir(), '.local', 'share'), 'hellotap')
  )
}
