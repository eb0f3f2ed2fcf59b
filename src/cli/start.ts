// The start of the program. Loading yargs takes as long as reading a capture of 200 MB, so a valid `read` starts without it,
// with yargs-parser alone (measured by `npm run bench:start`). All other commands go through main.ts.
// Exit codes: 0 done, 1 failed, 2 bad usage.

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

/** Prints an error, with its stack unless it was written for operators. @returns the exit code */
function explain(error: unknown): number {
  if (!(error instanceof Error)) {
    log(`hellotap: ${String(error)}`, 'error')
    return 1
  }
  log(error.message.replace(/^/gm, 'hellotap: '), 'error')
  if (!isForOperators(error) && error.stack !== undefined) log(error.stack, 'error')
  return error.name === 'ConfigError' ? 2 : 1
}
