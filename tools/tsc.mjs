// Runs the TypeScript compiler: version 7, the fast one, or version 6 where /proc is not mounted, which version 7 asks for its
// own place.
//
//   node tools/tsc.mjs -p tsconfig.json

import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const compiler = existsSync('/proc/self/exe') ? 'typescript-7' : 'typescript'
const { status } = spawnSync(
  process.execPath,
  [
    fileURLToPath(new URL(`../node_modules/${compiler}/bin/tsc`, import.meta.url)),
    ...process.argv.slice(2),
  ],
  { stdio: 'inherit' },
)
process.exitCode = status ?? 1
