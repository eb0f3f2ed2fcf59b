// The program's start. yargs with its help takes as long to load as 200 MB of capture take to read, so `read` with
// ordinary words starts without it: yargs' own parser takes the words apart. All else goes to main.ts.
// `npm run bench:start` shows what this earns. Exit codes: 0 done, 1 failed, 2 bad usage.

import { isForOperators, log } from '../telemetry/log.js'
import { quickReadArgs } from './quick-args.js'

try {
  process.exitCode = await run(process.argv.slice(2))
} catch (error) {
  process.exitCode = explain(error)
}

async function run(words: readonly string[]): Promise<number> {
  const args = quickReadArgs(words)
  if (args !== undefined) return (await import('./read-command.js')).read(args)
  const chosen = await (await import('./main.js')).choose(words)
  return typeof chosen === 'number' ? chosen : chosen()
}

/** Prints an error, with its stack if it is a fault of the program. @returns the exit code */
function explain(error: unknown): number {
  if (!(error instanceof Error)) {
    log(`hellotap: ${String(error)}`, 'error')
    return 1
  }
  log(error.message.replace(/^/gm, 'hellotap: '), 'error')
  if (!isForOperators(error) && error.stack !== undefined) log(error.stack, 'error')
  return error.name === 'ConfigError' ? 2 : 1
}
