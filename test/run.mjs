// Everything `npm test` stands for: types, lint, formatting, then all tests with their coverage.
// The last line is "N passed, N failed" (", N skipped" where any were).

import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const cwd = fileURLToPath(new URL('..', import.meta.url))
const CLOSING = /^\d+ passed, \d+ failed.*$/m

/** Runs a command, shows what it says but for the closing line. */
function run(name, command, args) {
  console.log(`\n── ${name}`)
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'inherit'] })
    let closing = ''
    child.stdout.setEncoding('utf8').on('data', (text) => {
      closing = CLOSING.exec(text)?.[0] ?? closing
      process.stdout.write(text.replace(CLOSING, ''))
    })
    child.once('close', (code) => resolve({ failed: code !== 0, closing }))
  })
}

const npm = (script) => run(script, 'npm', ['run', '--silent', script])
const results = [await npm('check'), await npm('lint'), await npm('coverage')]
const closing = results.at(-1).closing
const broken = results.filter(({ failed }) => failed).length
if (broken > 0) console.log(`\n${broken} of check, lint and coverage failed: see above`)
console.log(`\n${closing || '0 passed, 1 failed'}`)
process.exitCode = broken > 0 || closing === '' ? 1 : 0
