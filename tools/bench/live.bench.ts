// The live sensor against `tcpdump -w /dev/null` with the same filter, in turn, over a veth pair between two network
// namespaces: frames lost, hellos found of those sent, and processor time of each for every frame offered.
//
//   npm run bench:live -- [--rate 200000] [--warm 10] [--seconds 20] [--runs 3]
//   npm run bench:live -- --overload [--seconds 10]
//
// Traffic is the span mix of gen-span.mjs (or the pcap file that --file names) at its frames' own size, without a break
// for --warm and then --seconds seconds; processor time is told of both spans and of all, since in the first V8 compiles
// what it runs often. Rate 0 is as fast as the sender can. With --overload it is twice as many hellos as the sensor can
// take, and the accounts of that; see test/live/overload.ts. Needs root, as the namespaces do, and a C++ compiler for the
// sender.

import type { ChildProcess } from 'node:child_process'
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { captureFilter } from '../../src/capture/filter/capture-filter.js'
import { LIVE_PORTS } from '../../src/config.js'
import { Lab } from '../../test/capture/live-lab.js'
import { HELLOTAP } from '../../test/hellotap.js'
import { overload } from '../../test/live/overload.js'
import { Replay } from '../../test/live/replay.js'

const SPAN = resolve(import.meta.dirname, 'gen-span.mjs')
const { values } = parseArgs({
  options: {
    rate: { type: 'string', default: '200000' },
    seconds: { type: 'string' },
    warm: { type: 'string', default: '10' },
    runs: { type: 'string', default: '3' },
    file: { type: 'string' },
    engine: { type: 'string', default: 'native' },
    overload: { type: 'boolean', default: false },
  },
})
const rate = Number(values.rate)
const [warm, seconds] = [Number(values.warm), Number(values.seconds ?? (values.overload ? 10 : 20))]
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
  /** Nanoseconds of processor time for each frame sent, a process each: of the first span, of the second, of both. */
  readonly nanos: Readonly<Record<'warm' | 'steady' | 'whole', readonly number[]>>
  /** Milliseconds from a hello's last frame to its line in the second span, ascending. */
  readonly millis: readonly number[]
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
  const isSensor = subject.name !== 'tcpdump'
  let said = ''
  let hellos = 0
  let isSteady = false
  const millis: number[] = []
  child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()))
  child.stdout?.on('data', (chunk: Buffer) => {
    const now = performance.timeOrigin + performance.now()
    for (const byte of chunk) if (byte === 10) hellos++
    if (!isSteady) return
    for (const [, time = ''] of chunk.toString('latin1').matchAll(/^\{"time":"([^"]+)"/gm))
      millis.push(now - Date.parse(time))
  })
  for (let i = 0; i < 200 && !subject.ready.test(said); i++) await sleep(50)
  await sleep(1_500)
  const processes = familyOf(child.pid ?? 0)
  const look = () => ({ at: performance.now(), times: processes.map(timeOf) })
  let start = look()
  let middle = start
  const sending = replay.send({ file, rate, frames }, () => {
    start = look()
    setTimeout(() => {
      middle = look()
      isSteady = true
    }, warm * 1000)
  })
  const sent = await sending
  const end = look()
  isSteady = false
  await sleep(1_500)
  const lost = isSensor ? droppedBySensor() : 0
  const ended = new Promise((done) => child.once('close', done))
  child.kill('SIGINT')
  await ended
  const between = (from: typeof start, to: typeof start) => {
    const frames = (sent.frames * (to.at - from.at)) / (end.at - start.at)
    return to.times.map((time, i) => (time - (from.times[i] ?? 0)) / frames)
  }
  return {
    offered: sent.frames / sent.seconds,
    lost: isSensor ? lost : Number(/(\d+) packets dropped by kernel/.exec(said)?.[1]),
    hellos,
    nanos: {
      warm: between(start, middle),
      steady: between(middle, end),
      whole: between(start, end),
    },
    millis: millis.sort((a, b) => a - b),
  }
}

const round = (number: number) => String(Math.round(number)).replace(/\B(?=(\d{3})+$)/g, ' ')

const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0)
const at = (sorted: readonly number[], part: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]?.toFixed(1) ?? ''

/** Prints what becomes of twice what the sensor can take. */
async function benchOverload(): Promise<void> {
  const all = await overload(lab, { folder, seconds, times: 2 })
  const share = round((100 * all.sent) / all.received)
  console.log(`the sender alone       ${round(all.alone)} frames/s, each a hello`)
  console.log(
    `offered for ${seconds} s       ${round(all.offered)} frames/s, ${share} % of what the sensor took, its processes on half a core`,
  )
  console.log(`sent                   ${round(all.sent)}`)
  console.log(`received + dropped     ${round(all.received)} + ${round(all.dropped)}`)
  console.log(`difference             ${round(all.received + all.dropped - all.sent)}`)
  console.log(`told by the log        ${round(all.logged)}`)
  const { metrics, healthz, log } = all.told
  console.log(
    `seconds after the end  ${metrics.toFixed(1)} /metrics, ${healthz.toFixed(1)} /healthz, ${log.toFixed(1)} log`,
  )
  console.log(
    `first line in the log  ${Math.max(0, all.firstLine).toFixed(1)} s after /metrics told of the first`,
  )
  if (all.received + all.dropped !== all.sent || all.logged !== all.dropped) process.exitCode = 1
}

/** Prints processor time, loss and hellos found, in turn with tcpdump. */
async function benchCost(): Promise<void> {
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
  const wanted = (rate === 0 ? 200_000 : rate) * (warm + seconds)
  const rounds = Math.max(1, Math.round(wanted / framesOfFile))
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
  const spans = `first ${warm} s | then ${seconds} s | all`
  console.log(
    `| | offered frames/s | lost | hellos found of sent | line after ms p50, p99 | ${spans} |`,
  )
  console.log('| --- | --- | --- | --- | --- | --- | --- | --- |')
  for (let run = 0; run < Number(values.runs); run++)
    for (const subject of subjects) {
      const { offered, lost, hellos, nanos, millis } = await measure(
        subject,
        file,
        rounds * framesOfFile,
      )
      const isSensor = subject.name !== 'tcpdump'
      const found = isSensor ? `${hellos} of ${rounds * hellosOfFile}` : ''
      const late = isSensor ? `${at(millis, 0.5)}, ${at(millis, 0.99)}` : ''
      const parts = nanos.steady.map(round).join(' + ')
      const steady = round(sum(nanos.steady))
      const cells = [subject.name, round(offered), lost, found, late, round(sum(nanos.warm))]
      cells.push(isSensor ? `${parts} = ${steady}` : steady, round(sum(nanos.whole)))
      console.log(`| ${cells.join(' | ')} |`)
    }
}

const replay = new Replay(lab, folder)
try {
  console.log(
    `${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.version}; nanoseconds of processor time for each frame offered, parser + capture process`,
  )
  console.log('')
  await (values.overload ? benchOverload() : benchCost())
} finally {
  await lab.close()
  rmSync(folder, { recursive: true })
}
