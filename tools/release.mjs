// Makes a release: sets the version, dates the changelog's heading, checks, commits and tags.
//
//   npm run release -- 0.3.0        any version npm knows, or patch, minor, major

import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const cwd = fileURLToPath(new URL('../', import.meta.url))
const run = (command, ...args) =>
  execFileSync(command, args, { cwd, stdio: ['ignore', 'inherit', 'inherit'] })
const output = (command, ...args) => execFileSync(command, args, { cwd, encoding: 'utf8' }).trim()

function fail(message) {
  console.error(`release: ${message}`)
  process.exit(1)
}

const [wanted] = process.argv.slice(2)
if (wanted === undefined) fail('name the version: npm run release -- 0.3.0')
if (output('git', 'status', '--porcelain') !== '')
  fail('the work tree has changes: commit them first')
const changelog = fileURLToPath(new URL('../CHANGELOG.md', import.meta.url))
const text = readFileSync(changelog, 'utf8')
if (!text.includes('## [Unreleased]')) fail('CHANGELOG.md has no heading "## [Unreleased]"')
run('npm', 'run', '--silent', 'check')
run('npm', 'run', '--silent', 'lint')
run('npm', 'run', '--silent', 'build')
run('npm', 'run', '--silent', 'test:fast')
run('npm', 'version', '--no-git-tag-version', wanted)
const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
const day = new Date().toISOString().slice(0, 10)
writeFileSync(
  changelog,
  text.replace('## [Unreleased]', `## [Unreleased]\n\n## [${version}] - ${day}`),
)
run('git', 'commit', '-am', `release: ${version}`)
run('git', 'tag', '-a', `v${version}`, '-m', `hellotap ${version}`)
console.log(`release: v${version} is tagged; push the commit and the tag`)
