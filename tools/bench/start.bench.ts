// What two measures at the start of `read` earn on a capture, as CPU seconds of the whole process, in turn:
// - words taken apart without loading yargs (cli/start.ts), against yargs (cli/main.ts)
// - V8's later optimization (cli/read-command.ts, Node 20 alone), against V8's default
//
//   npm run bench:start -- FILE [--runs N]

import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { PACKAGE } from '../../test/installed.js'

const {
  values,
  positionals: [file],
} = parseArgs({ allowPositionals: true, options: { runs: { type: 'string', default: '9' } } })
if (file === undefined) throw new Error('name a capture: npm run bench:start -- FILE')

const METER = `
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_utime + used.ru_stime)
`
/** Keeps V8's flags as they are. */
const NO_FLAGS =
  "data:text/javascript,import v8 from 'node:v8';import m from 'node:module';v8.setFlagsFromString=()=>{};m.syncBuiltinESMExports()"
const start = join(PACKAGE, 'dist/cli/start.js')
const SUBJECTS: Readonly<Record<string, readonly string[]>> = {
  'as it is': [start],
  'with yargs': [start, '--no-follow'],
  'with V8’s default budget': ['--import', NO_FLAGS, start],
}
const times = new Map(Object.keys(SUBJECTS).map((name) => [name, [] as number[]]))
for (let run = 0; run <= Number(values.runs); run++)
  for (const [name, words] of Object.entries(SUBJECTS)) {
    const command = [process.execPath, ...words, 'read', '-q', '--jobs', '1', '-f', 'ja3,ja4', file]
    const seconds = Number(execFileSync('python3', ['-c', METER, ...command], { encoding: 'utf8' }))
    // the first run warms the page cache
    if (run > 0) times.get(name)?.push(seconds)
  }
console.log('| `read -f ja3,ja4` | CPU s: median (range) |')
console.log('| --- | --- |')
for (const [name, all] of times) {
  all.sort((a, b) => a - b)
  const [median = NaN, least = NaN, most = NaN] = [all[all.length >> 1], all[0], all.at(-1)]
  console.log(`| ${name} | ${median.toFixed(3)} (${least.toFixed(3)}–${most.toFixed(3)}) |`)
}
