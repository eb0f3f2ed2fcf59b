import { ACCESS_LOG_HELP, AccessLog } from '../api/access-log.js'
import { addressTest } from '../api/address.js'
import { createApp } from '../api/app.js'
import type { RequestListener } from 'node:http'
import type { OnAdmin } from '../api/access.js'
import { isLoopback } from '../api/address.js'
import type { ListenOptions, Listening } from '../api/listen.js'
import { listen } from '../api/listen.js'
import { ListenError } from '../api/listen-error.js'
import { TokenBook } from '../api/tokens.js'
import type { MetricsSources, Outcomes } from '../telemetry/metrics.js'
import { selfSigned } from '../api/self-signed.js'
import { userAgentObserver } from '../api/user-agents.js'
import type { Config } from '../config.js'
import { ConfigError } from '../config/config-error.js'
import { parseEndpoint } from '../config/endpoint.js'
import type { Store } from '../store/contract.js'
import { dataDir, socketPath } from '../config/data-dir.js'
import { forgetEverywhere } from './forget-everywhere.js'
import { checkSightings } from '../check-capture.js'
import { describeSighting, implementationOf } from '../sighting-facts.js'
import { LearntLabels } from './learnt-labels.js'
import { listsPath, liveLists } from './lists-file.js'
import { join } from 'node:path'
import { LEARNER_DEFAULTS } from '../knowledge/label-learner.js'
import { openTokens } from './token-store.js'
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
 * @param rollHistory has the history of this process write what it holds
 * @throws ListenError, ConfigError
 */
export async function startServing(
  config: Config,
  store: Store,
  log: EventLog,
  health: () => Readonly<Record<string, unknown>>,
  metrics: Pick<MetricsSources, 'sensor'> = {},
  rollHistory: () => Promise<void> = () => Promise.resolve(),
): Promise<Serving> {
  const { host } = config
  const httpPort = config['http-port']
  const httpsPort = config['https-port']
  if (httpPort === 0 && httpsPort === 0)
    throw new ConfigError('http-port and https-port are both 0: the API would listen nowhere')
  const onError = (error: unknown) => logFault(log, 'request-failed', error)
  const learnt = learntLabels(config, onError)
  const accessLog = await openAccessLog(config, store, learnt, onError)
  const open = await openTokens(config, false)
  const outcomes = accessLog === undefined ? [] : [outcomesOf(accessLog)]
  try {
    const forget = (ip: string) => forgetEverywhere(config, store, ip, rollHistory)
    const app = createApp({
      store,
      trustedProxies: config['trusted-proxy'],
      health: () => ({
        ...health(),
        learnt: learnt.counts,
        ...(accessLog === undefined ? {} : { access_log: { ...accessLog.counts } }),
      }),
      waitMs: WAIT_MS,
      tokens: new TokenBook(open.tokens),
      guarded: isGuarded(config),
      onAdmin: adminLog(log),
      requestRate: config['request-rate'],
      statsFloor: config['stats-floor'],
      metrics: { ...metrics, outcomes, version, process: true },
      describe: describeSighting,
      history: config.history,
      forget,
      check: checkSightings,
      identify: implementationOf,
      learnt,
      lists: liveLists(listsPath(config), onError),
      onError,
      ...(httpsPort === 0 ? {} : { httpsPort }),
    })
    const listening = await listenWith(
      {
        socket: socketPath(config),
        manyConnections: addressTest(config['trusted-proxy']),
        ...(httpPort === 0 ? {} : { http: { host, port: httpPort } }),
        ...(httpsPort === 0
          ? {}
          : { https: { host, port: httpsPort, ...(await selfSigned(dataDir(config))) } }),
      },
      app,
      log,
      config.socket !== undefined,
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
        learnt.close()
        open.close()
      },
    }
  } catch (error) {
    accessLog?.close()
    learnt.close()
    open.close()
    throw error
  }
}

/** What own traffic teaches: in a file, unless addresses are hidden, which a hash of their network would not do as well. */
function learntLabels(config: Config, onError: (error: unknown) => void): LearntLabels {
  const path = join(dataDir(config), 'learnt.jsonl')
  const days = Math.floor((config.retention ?? Infinity) / 86_400)
  return new LearntLabels({
    windowDays: Math.max(1, Math.min(LEARNER_DEFAULTS.windowDays, days)),
    ...(config['privacy-address'] === 'hmac' ? {} : { path }),
    onError,
  })
}

/** Whether strangers can connect, and were not let in: then statistics need a token. */
export function isGuarded({ host, public: isPublic }: Pick<Config, 'host' | 'public'>): boolean {
  return !isPublic && host !== 'localhost' && !isLoopback(host)
}

function adminLog(log: EventLog): OnAdmin {
  return ({ name }, method, path) =>
    log.info('admin', `admin rights of "${name}" used: ${method} ${path}`)
}

/**
 * Listens without the Unix socket where that cannot be had and was not asked for: another hellotap of this user may have
 * it. @throws ListenError
 */
async function listenWith(
  options: ListenOptions,
  app: RequestListener,
  log: EventLog,
  isSocketAsked: boolean,
): Promise<Listening> {
  try {
    return await listen(options, app)
  } catch (error) {
    const mayDoWithout =
      error instanceof ListenError &&
      !isSocketAsked &&
      (error.code === 'SOCKET' || error.code === 'SOCKET_IN_USE')
    if (!mayDoWithout) throw error
    log.warn('no-socket', `${error.message}; this one has none, and \`hellotap lookup\` needs it`)
    return listen({ ...options, socket: undefined }, app)
  }
}

/** @throws ListenError */
async function openAccessLog(
  config: Config,
  store: Store,
  learnt: LearntLabels,
  onError: (error: unknown) => void,
): Promise<AccessLog | undefined> {
  const endpoint = parseEndpoint(config['access-log'] ?? '')
  if (endpoint === undefined) return undefined
  return AccessLog.listen({
    ...endpoint,
    store,
    trusted: addressTest(config['trusted-proxy']),
    observe: userAgentObserver(store, () => Date.now() / 1000, onError, learnt),
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
