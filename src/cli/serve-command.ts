import type { Config } from '../config.js'
import { ConfigError } from '../config/config-error.js'
import { storeLimits } from '../config.js'
import { openSightingStore } from '../sighting-store.js'
import { configOf } from './options.js'
import { runDaemon } from '../sensor/daemon.js'
import { privacyPolicy } from '../config/privacy-policy.js'
import type { EventLog } from '../telemetry/event-log.js'
import { startServing } from '../serving/serving.js'
import { serviceManager } from '../sensor/service-manager.js'
import { stopSignal, whenAborted } from '../sensor/stop-signal.js'
import { watchStore } from '../sensor/store-log.js'

/** `serve`: the API on sightings in Redis. Exit 0 when stopped, 1 if it cannot serve, 2 on bad usage. */
export function serve(args: Readonly<Record<string, unknown>>): Promise<number> {
  return runDaemon(configOf(args), runServe)
}

async function runServe(config: Config, log: EventLog): Promise<number> {
  if (config.redis === undefined)
    throw new ConfigError(
      'serve needs --redis URL, where `capture` writes; `hellotap up` does without',
    )
  const signal = stopSignal()
  const manager = serviceManager(log)
  const store = await openSightingStore(config.redis, storeLimits(config), {
    privacy: privacyPolicy(config),
  })
  const unwatch = watchStore(store, log)
  try {
    const serving = await startServing(config, store, log, () => ({}))
    for (const url of serving.urls) log.info('serving', `serving ${url}`, { url })
    manager.ready(`serving ${serving.urls.join(', ')}`)
    await whenAborted(signal)
    manager.stopping()
    await serving.close()
  } finally {
    unwatch()
    await store.close()
  }
  return 0
}
