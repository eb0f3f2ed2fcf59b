import type { Config } from '../config.js'
import type { EventLog } from '../telemetry/event-log.js'
import { logFault, openProcessLog } from '../telemetry/event-log.js'
import { isForOperators } from '../telemetry/log.js'
import { configOf } from './options.js'

/**
 * Runs a command that goes on until it is stopped, with its configuration and its log. What ends it is its last event.
 * @returns its exit code, 1 where it failed
 * @throws ConfigError: bad usage is for whoever typed it, in plain text
 */
export async function runDaemon(
  args: Readonly<Record<string, unknown>>,
  run: (config: Config, log: EventLog) => Promise<number>,
): Promise<number> {
  const config = configOf(args)
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
