// `hellotap read` against `tcpdump -r FILE -w /dev/null`, in turn, as CPU seconds (user + system) of the whole process.
//
//   npm run bench -- [--runs N] [--scale 0.1] [--against FOLDER] [FILE…]
//
// With --against the peer is another version of hellotap, built in FOLDER: a pair of runs shows what changed between the two,
// on a busy machine as well. The least time of each is the surest.
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
import type { Used } from './meter.js'
import { measure, median } from './meter.js'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: 'string', default: '5' },
    scale: { type: 'string', default: '1' },
    against: { type: 'string' },
  },
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

const read = [process.execPath, HELLOTAP, 'read']
const SUBJECTS: readonly (readonly string[])[] = [
  ['--jobs', '1', '-f', 'ja3,ja4'],
  ['--jobs', '1'],
]

const { against } = values
if (against !== undefined) await compare(join(against, 'bin/hellotap'))
else await compareWithTcpdump()

/** Prints the processor time of this version in that of the one at `other`. */
async function compare(other: string): Promise<void> {
  console.log('| capture | CPU s | CPU s before | least / least | ratio of pairs: median (range) |')
  console.log('| --- | --- | --- | --- | --- |')
  const args = ['read', '-q', '--jobs', '1', '-f', 'ja3,ja4']
  for (const file of files) {
    const ours: number[] = []
    const theirs: number[] = []
    await measure([process.execPath, other, ...args, file])
    for (let run = 0; run < runs; run++) {
      theirs.push((await measure([process.execPath, other, ...args, file])).cpu)
      ours.push((await measure([process.execPath, HELLOTAP, ...args, file])).cpu)
    }
    const ratios = ours.map((cpu, i) => cpu / (theirs[i] ?? NaN))
    const [least, most] = [Math.min(...ratios), Math.max(...ratios)]
    const cells = [
      basename(file),
      `${median(ours).toFixed(2)} (least ${Math.min(...ours).toFixed(2)})`,
      `${median(theirs).toFixed(2)} (least ${Math.min(...theirs).toFixed(2)})`,
      (Math.min(...ours) / Math.min(...theirs)).toFixed(2),
      `${median(ratios).toFixed(2)} (${least.toFixed(2)}–${most.toFixed(2)})`,
    ]
    console.log(`| ${cells.join(' | ')} |`)
  }
}

async function compareWithTcpdump(): Promise<void> {
  console.log('| capture | command | CPU s | tcpdump CPU s | ratio | wall s | peak MB |')
  console.log('| --- | --- | --- | --- | --- | --- | --- |')
  for (const file of files) {
    await finishedReading(createReadStream(file, { highWaterMark: 1 << 20 }).resume())
    for (const args of SUBJECTS) {
      const ours: Used[] = []
      const theirs: Used[] = []
      for (let run = 0; run < runs; run++) {
        theirs.push(await measure(['tcpdump', '-r', file, '-w', '/dev/null']))
        ours.push(await measure([...read, ...args, file]))
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
}
