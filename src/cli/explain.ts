import { isForOperators, log } from '../telemetry/log.js'

/** Prints what went wrong, for a fault of the program with its stack. @returns the exit code */
export function explain(error: unknown): number {
  if (!(error instanceof Error)) {
    log(`hellotap: ${String(error)}`)
    return 1
  }
  log(error.message.replace(/^/gm, 'hellotap: '))
  if (!isForOperators(error) && error.stack !== undefined) log(error.stack)
  return error.name === 'ConfigError' ? 2 : 1
}
