import { listen } from '../api/listen.js'
import { createSensorApp } from '../api/sensor-app.js'
import type { Config } from '../config.js'
import type { Store } from '../store/contract.js'
import type { SensorStatus } from '../sensor/sensor-report.js'
import { knownCounters } from '../sensor/sensor-report.js'
import type { Serving } from './serving.js'
import { isGuarded } from './serving.js'
import { openTokens } from './token-store.js'
import { TokenBook } from '../api/tokens.js'
import { seesHellos } from '../sensor/capture-health.js'
import { version } from '../telemetry/version.js'

/**
 * Tells `/metrics` and `/healthz` of a sensor that runs by itself.
 * @throws ListenError
 */
export async function startSensorServing(
  config: Config,
  store: Store | undefined,
  status: () => SensorStatus,
  onError: (error: unknown) => void,
): Promise<Serving> {
  const open = await openTokens(config, false)
  const app = createSensorApp({
    tokens: new TokenBook(open.tokens),
    guarded: isGuarded(config),
    metrics: {
      version,
      process: true,
      sensor: () => {
        const { byInterface, process, watch } = status()
        const sees = seesHellos(watch)
        return { capturing: true, restarts: 0, byInterface, process, seesHellos: sees }
      },
      ...(store === undefined ? {} : { store }),
    },
    health: () => {
      const now = status()
      const { interfaces, watch } = now
      return { sensor: { capturing: true, interfaces, counters: knownCounters(now), watch } }
    },
    ...(store === undefined ? {} : { store }),
    onError,
  })
  const port = config['metrics-port']
  try {
    const listening = await listen(
      { http: { host: config.host, port, option: 'metrics-port' } },
      app,
    )
    return {
      urls: listening.urls,
      close: async () => {
        await listening.close()
        open.close()
      },
    }
  } catch (error) {
    open.close()
    throw error
  }
}
