// `npm run test:fast`: the fast lane, see lanes.mjs, on all cores.

import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { FAST, WITHOUT_ALLOCATIONS } from './lanes.mjs'

const cwd = fileURLToPath(new URL('..', import.meta.url))
const jobs = String(Math.max(2, availableParallelism()))
const { status } = spawnSync(
  process.execPath,
  [
    'node_modules/mocha/bin/mocha.js',
    '--parallel',
    '--jobs',
    jobs,
    ...WITHOUT_ALLOCATIONS,
    ...FAST,
  ],
  { cwd, stdio: 'inherit' },
)
process.exitCode = status ?? 1
