// `hellotap read` against `tcpdump -r FILE -w /dev/null`, in turn, as CPU seconds (user + system) of the whole process.
//
//   npm run bench -- [--runs N] [--scale 0.1] [FILE…]
//
// Without a FILE the workloads of the README's table are generated: 2 GB of a span port's mix and 300,000 hellos.
// The files are read once before, so that both find them in the page cache. tcpdump does nothing but read and write
// the frames: its time is the yardstick for what any reader of the file must spend.

import { execFileSync } from 'node:child_process'
import { createReadStream, existsSync, mkdirSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { finished as finishedReading } from 'node:stream/promises'
import { parseArgs } from 'node:util'
import { HELLOTAP } from '../../test/hellotap.js'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { runs: { type: 'string', default: '5' }, scale: { type: 'string', default: '1' } },
})
const runs = Number(values.runs)
const scale = Number(values.scale)

/** Generates a workload once. @returns its file */
function workload(generator: string, name: string, size: number): string {
  const folder = join(tmpdir(), 'hellotap-bench')
  mkdirSync(folder, { recursive: true })
  const file = join(folder, `${name}-${size}.pcap`)
  const script = join(import.meta.dirname, generator)
  if (!existsSync(file)) execFileSync(process.execPath, [script, file, String(size)])
  return file
}

const files =
  positionals.length > 0
    ? positionals
    : [
        workload('gen-span.mjs', 'span', 2e9 * scale),
        workload('gen-hellos.mjs', 'hellos', 3e5 * scale),
      ]

/** What one finished process has used, by the kernel's account. */
interface Used {
  readonly cpu: number
  readonly wall: number
  readonly rss: number
}

// Node does not tell a child's resource usage; python3 does, and is there wherever cap was built
const METER = `
import resource, subprocess, sys, time
# what started python may have left its own children's time behind
before = resource.getrusage(resource.RUSAGE_CHILDREN)
start = time.time()
done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
wall = time.time() - start
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime, wall, used.ru_maxrss * 1024, done.returncode)
`
function measure(command: readonly string[]): Used {
  // certificates that Node is told to load at its start are no part of what is measured
  const env = { ...process.env, NODE_EXTRA_CA_CERTS: undefined }
  const text = execFileSync('python3', ['-c', METER, ...command], { encoding: 'utf8', env })
  const [cpu = NaN, wall = NaN, rss = NaN, code = NaN] = text.trim().split(' ').map(Number)
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}`)
  return { cpu, wall, rss }
}

const median = (numbers: readonly number[]) =>
  [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? NaN

const read = [process.execPath, HELLOTAP, 'read']
const SUBJECTS: readonly (readonly string[])[] = [
  ['--jobs', '1', '-f', 'ja3,ja4'],
  ['--jobs', '1'],
]

console.log('| capture | command | CPU s | tcpdump CPU s | ratio | wall s | peak MB |')
console.log('| --- | --- | --- | --- | --- | --- | --- |')
for (const file of files) {
  await finishedReading(createReadStream(file, { highWaterMark: 1 << 20 }).resume())
  for (const args of SUBJECTS) {
    const ours: Used[] = []
    const theirs: Used[] = []
    for (let run = 0; run < runs; run++) {
      theirs.push(measure(['tcpdump', '-r', file, '-w', '/dev/null']))
      ours.push(measure([...read, ...args, file]))
    }
    const ratio = median(ours.map(({ cpu }, i) => cpu / (theirs[i]?.cpu ?? NaN)))
    const cells = [
      `${basename(file)}, ${(statSync(file).size / 1e6).toFixed(0)} MB`,
      `\`${['read', ...args].join(' ')}\``,
      median(ours.map(({ cpu }) => cpu)).toFixed(2),
      median(theirs.map(({ cpu }) => cpu)).toFixed(2),
      ratio.toFixed(2),
      median(ours.map(({ wall }) => wall)).toFixed(2),
      (Math.max(...ours.map(({ rss }) => rss)) / 1e6).toFixed(0),
    ]
    console.log(`| ${cells.join(' | ')} |`)
  }
}
