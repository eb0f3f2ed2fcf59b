// The program's start. yargs with its help takes as long to load as 200 MB of capture take to read, so `read` with
// ordinary words starts without it: yargs' own parser takes the words apart. All else goes to main.ts.
// `npm run bench:start` shows what this earns.

import { explain } from './explain.js'
import { quickReadArgs } from './quick-args.js'

const args = quickReadArgs(process.argv.slice(2))
if (args === undefined) await import('./main.js')
else
  try {
    process.exitCode = await (await import('./read-command.js')).read(args)
  } catch (error) {
    process.exitCode = explain(error)
  }
