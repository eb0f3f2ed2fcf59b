// `npm run test:fast`: the fast lane, see lanes.mjs.

import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { FAST } from './lanes.mjs'

const cwd = fileURLToPath(new URL('..', import.meta.url))
const { status } = spawnSync(process.execPath, ['node_modules/mocha/bin/mocha.js', ...FAST], {
  cwd,
  stdio: 'inherit',
})
process.exitCode = status ?? 1
