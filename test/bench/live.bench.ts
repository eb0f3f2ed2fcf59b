// The live sensor against `tcpdump -w /dev/null` with the same filter, in turn, over a veth pair between two network
// namespaces: frames lost, hellos found of those sent, and processor time of each for every frame offered.
//
//   npm run bench:live -- [--rate 200000] [--seconds 10] [--warm 10] [--runs 3]
//
// Traffic is the span mix of ../shared/perf (or the pcap file that --file names) at its frames' own size; rate 0 is as
// fast as the sender can. Both are warmed up with the same traffic before their time is taken. Needs root, as the
// namespaces do, and a C++ compiler for the sender.

import type { ChildProcess } from 'node:child_process'
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { captureFilter } from '../../src/capture/capture-filter.js'
import { LIVE_PORTS } from '../../src/config.js'
import { Lab } from '../capture/live-lab.js'
import { HELLOTAP } from '../hellotap.js'

const SPAN = resolve(import.meta.dirname, '../../../shared/perf/gen-span.mjs')
const { values } = parseArgs({
  options: {
    rate: { type: 'string', default: '200000' },
    seconds: { type: 'string', default: '10' },
    warm: { type: 'string', default: '10' },
    runs: { type: 'string', default: '3' },
    file: { type: 'string' },
    engine: { type: 'string', default: 'native' },
  },
})
const rate = Number(values.rate)
/** Rounds through the file whose addresses the measured traffic has, apart from those of the warm-up. */
const MEASURED_ROUND = 128
const METRICS_PORT = 9464

interface Subject {
  readonly name: string
  readonly command: readonly string[]
  readonly ready: RegExp
}

interface Result {
  /** Frames a second that were sent. */
  readonly offered: number
  /** Frames dropped by the kernel, where it says. */
  readonly lost: number
  readonly hellos: number
  /** Nanoseconds of processor time for each frame sent, a process each. */
  readonly nanos: readonly number[]
}

const folder = mkdtempSync(join(tmpdir(), 'hellotap-bench-'))
const lab = new Lab()
lab.quiet()

/** A process and all under it. */
function familyOf(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ')
  return [pid, ...children.filter((text) => text !== '').flatMap((text) => familyOf(Number(text)))]
}

/** Nanoseconds a process was on a processor, over all its threads, by the scheduler's account. */
function timeOf(pid: number): number {
  return readdirSync(`/proc/${pid}/task`)
    .map((tid) => Number(readFileSync(`/proc/${pid}/task/${tid}/schedstat`, 'utf8').split(' ')[0]))
    .reduce((sum, nanos) => sum + nanos, 0)
}

/** Sends `frames` and tells how many were sent, and in how many seconds. */
async function send(file: string, frames: number, round: number): Promise<[number, number]> {
  const words = [file, 'vb', String(rate), String(frames), String(round)]
  const sender = lab.spawn(lab.b, join(folder, 'replay'), ...words)
  const chunks: Buffer[] = []
  sender.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk))
  await new Promise((done) => sender.once('close', done))
  const [sent = NaN, , seconds = NaN] = Buffer.concat(chunks).toString().split(' ').map(Number)
  return [sent, seconds]
}

/** Frames dropped so far, as the sensor's metrics tell. */
function droppedBySensor(): number {
  const metrics = lab.exec(lab.a, 'curl', '-s', `http://127.0.0.1:${METRICS_PORT}/metrics`)
  return [...metrics.toString().matchAll(/^hellotap_capture_\w*dropped\w*\{[^}]*\} (\d+)/gm)]
    .map(([, count]) => Number(count))
    .reduce((sum, count) => sum + count, 0)
}

async function measure(subject: Subject, file: string, frames: number): Promise<Result> {
  const [command = '', ...args] = subject.command
  const child: ChildProcess = lab.spawn(lab.a, command, ...args)
  let said = ''
  let hellos = 0
  child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()))
  child.stdout?.on('data', (chunk: Buffer) => {
    for (const octet of chunk) if (octet === 10) hellos++
  })
  for (let i = 0; i < 200 && !subject.ready.test(said); i++) await sleep(50)
  await sleep(500)
  await send(file, Math.round((rate === 0 ? 200_000 : rate) * Number(values.warm)), 0)
  await sleep(1_500)
  const isSensor = subject.name !== 'tcpdump'
  const before = { hellos, lost: isSensor ? droppedBySensor() : 0 }
  const processes = familyOf(child.pid ?? 0)
  const start = processes.map(timeOf)
  const [sent, seconds] = await send(file, frames, MEASURED_ROUND)
  await sleep(100)
  const nanos = processes.map((pid, i) => (timeOf(pid) - (start[i] ?? 0)) / sent)
  await sleep(1_500)
  const lost = isSensor ? droppedBySensor() - before.lost : 0
  const ended = new Promise((done) => child.once('close', done))
  child.kill('SIGINT')
  await ended
  return {
    offered: sent / seconds,
    lost: isSensor ? lost : Number(/(\d+) packets dropped by kernel/.exec(said)?.[1]),
    hellos: hellos - before.hellos,
    nanos,
  }
}

const round = (number: number) => String(Math.round(number)).replace(/\B(?=(\d{3})+$)/g, ' ')

try {
  execFileSync('c++', ['-O2', '-o', join(folder, 'replay'), join(import.meta.dirname, 'replay.cc')])
  const file = values.file ?? join(folder, 'span.pcap')
  if (!existsSync(file)) execFileSync(process.execPath, [SPAN, file, '200000000'])
  const read = spawn(process.execPath, [HELLOTAP, 'read', '-f', 'ja3', file], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let summary = ''
  read.stderr.on('data', (chunk: Buffer) => (summary += chunk.toString()))
  await new Promise((done) => read.once('close', done))
  const counted = (noun: string) =>
    Number(new RegExp(`([\\d,]+) ${noun}`).exec(summary)?.[1]?.replaceAll(',', ''))
  const [framesOfFile, hellosOfFile] = [counted('(?:frame|packet)'), counted('hello')]
  const rounds = Math.max(
    1,
    Math.round(((rate === 0 ? 200_000 : rate) * Number(values.seconds)) / framesOfFile),
  )
  const filter = captureFilter(LIVE_PORTS, { tunnels: true })
  const sensor = [process.execPath, HELLOTAP, 'capture', '--stdout', '--log-format', 'text']
  const subjects: readonly Subject[] = [
    {
      name: 'tcpdump',
      command: ['tcpdump', '-i', 'va', '-Z', 'root', '-B', '65536', '-w', '/dev/null', filter],
      ready: /listening on/,
    },
    {
      name: 'hellotap',
      command: [
        ...[...sensor, '-i', 'va', '--engine', values.engine],
        ...['--metrics-port', String(METRICS_PORT)],
      ],
      ready: /capturing on/,
    },
  ]
  console.log(
    `${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.version}`,
  )
  console.log('')
  console.log('| | offered frames/s | lost | hellos found of sent | ns per frame offered |')
  console.log('| --- | --- | --- | --- | --- |')
  for (let run = 0; run < Number(values.runs); run++)
    for (const subject of subjects) {
      const { offered, lost, hellos, nanos } = await measure(subject, file, rounds * framesOfFile)
      const found = subject.name === 'tcpdump' ? '' : `${hellos} of ${rounds * hellosOfFile}`
      const parts = nanos.map(round).join(' + ')
      const total = round(nanos.reduce((sum, each) => sum + each, 0))
      console.log(
        `| ${subject.name} | ${round(offered)} | ${lost} | ${found} | ${nanos.length > 1 ? `${parts} = ` : ''}${total} |`,
      )
    }
} finally {
  await lab.close()
  rmSync(folder, { recursive: true })
}
