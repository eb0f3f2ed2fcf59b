import type { Config } from '../config.js'
import type { EventLog } from '../telemetry/event-log.js'
import { logFault, openProcessLog } from '../telemetry/event-log.js'
import { isForOperators } from '../telemetry/log.js'

/**
 * Runs a daemon and logs the error that ends it.
 * @returns its exit code, 1 if it failed
 * @throws ConfigError: bad usage is printed as plain text
 */
export async function runDaemon(
  config: Config,
  run: (config: Config, log: EventLog) => Promise<number>,
): Promise<number> {
  const log = openProcessLog(config)
  try {
    return await run(config, log)
  } catch (error) {
    if (error instanceof Error && error.name === 'ConfigError') throw error
    logFault(log, error instanceof Error && isForOperators(error) ? 'failed' : 'fault', error)
    return 1
  } finally {
    log.close()
  }
}
