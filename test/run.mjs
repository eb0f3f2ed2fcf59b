// Everything `npm test` stands for: types, lint, formatting, then all tests with their coverage. Tests of what the hot path
// allocates run by themselves: coverage's own counters allocate.
// Mocha is told (.mocharc.json) to import its files as the processes that tests start do: what tsx makes of a file for
// require() has other offsets, and where processes of both kinds told what they covered, the sum was wrong.
// The last line is "N passed, N failed" (", N skipped" where any were).

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const cwd = fileURLToPath(new URL('..', import.meta.url))
const CLOSING = /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/
const NOT_RUN = /^not run: (.*): (\d+) tests?$/

/** Why tests were not run, with how many. */
const reasons = new Map()

/** Runs an npm script and shows what it says, but for the reporter's closing lines, whose numbers it gives or adds up. */
async function run(script, ...args) {
  console.log(`\n── ${[script, ...args].join(' ')}`)
  const child = spawn('npm', ['run', '--silent', script, '--', ...args], {
    cwd,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'close')
  let counts
  for await (const line of createInterface({ input: child.stdout })) {
    const [, why, tests] = NOT_RUN.exec(line) ?? []
    const closing = CLOSING.exec(line)
    if (why !== undefined) reasons.set(why, (reasons.get(why) ?? 0) + Number(tests))
    else if (closing !== null) counts = closing.slice(1).map((number) => Number(number ?? 0))
    else console.log(line)
  }
  const [code] = await ended
  return { script, failed: code !== 0, counts }
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
if (reasons.size > 0) console.log('\nwhat this machine cannot do:')
for (const [why, tests] of reasons)
  console.log(`  ${why}: ${tests} ${tests === 1 ? 'test' : 'tests'}`)
if (broken.length > 0) console.log(`\nfailed: ${broken.map(({ script }) => script).join(', ')}`)
console.log(
  `\n${passed} passed, ${failed + others.length} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`,
)
process.exitCode = broken.length > 0 || counts.length < 2 ? 1 : 0
