// Everything `npm test` stands for: types, lint, formatting, then all tests with their coverage. Tests of what the hot path
// allocates run by themselves: coverage's own counters allocate.
// Mocha is told (.mocharc.json) to import its files as the processes that tests start do: what tsx makes of a file for
// require() has other offsets, and where processes of both kinds told what they covered, the sum was wrong.
// The last line is "N passed, N failed" (", N skipped" where any were).

import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const cwd = fileURLToPath(new URL('..', import.meta.url))
const CLOSING = /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/m

/** Runs an npm script and shows what it says, but for mocha's closing line, whose numbers it gives. */
function run(script, ...args) {
  console.log(`\n── ${[script, ...args].join(' ')}`)
  return new Promise((resolve) => {
    const child = spawn('npm', ['run', '--silent', script, '--', ...args], {
      cwd,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let counts
    child.stdout.setEncoding('utf8').on('data', (text) => {
      counts =
        CLOSING.exec(text)
          ?.slice(1)
          .map((number) => Number(number ?? 0)) ?? counts
      process.stdout.write(text.replace(CLOSING, ''))
    })
    child.once('close', (code) => resolve({ script, failed: code !== 0, counts }))
  })
}

const results = []
for (const script of ['check', 'lint', 'allocations', 'coverage']) results.push(await run(script))
// a CI tests the next long-term version of Node besides
if (process.env.CI === 'true') results.push(await run('test:node', '24', '--fast'))
const broken = results.filter(({ failed }) => failed)
const counts = results.flatMap((result) => (result.counts === undefined ? [] : [result.counts]))
const [passed, failed, skipped] = [0, 1, 2].map((i) => counts.reduce((sum, of) => sum + of[i], 0))
// what failed without a test's failing: types, lint, coverage below its threshold, a runner that died
const others = broken.filter((result) => (result.counts?.[1] ?? 0) === 0)
if (broken.length > 0) console.log(`\nfailed: ${broken.map(({ script }) => script).join(', ')}`)
console.log(
  `\n${passed} passed, ${failed + others.length} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`,
)
process.exitCode = broken.length > 0 || counts.length < 2 ? 1 : 0
