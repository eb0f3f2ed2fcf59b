// More than a sensor can take, really sent: what it received and what it says it dropped must be what was sent, to the
// frame, and be told in /metrics, in /healthz and in the log.

import type { ChildProcess } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Lab } from '../capture/live-lab.js'
import { HELLOTAP } from '../hellotap.js'
import type { Sent } from './replay.js'
import { Replay, helloPcap } from './replay.js'

const METRICS_PORT = 9465
/** Hellos of one round: 256 rounds are as many connections as a test sends. */
const HELLOS = 4_000
/** Rounds of one try, the tries at most, frames a second of the first, and how near to `times` is enough. */
const ROUNDS = 50
const MOST_TRIES = 4
const FIRST_RATE = 200_000
const NEARLY = 0.95
/** Frames by which the sender's own limit is found out. */
const ALONE_FRAMES = 200_000
/**
 * Processor of the sensor, all of its processes, and of a program that takes half of it: so that the sender, by itself, has
 * several times as much.
 */
const SENSOR_CORE = 0
const IDLER = ['-c', String(SENSOR_CORE), process.execPath, '-e', 'for (;;);']
/** Seconds within which all three must tell of the loss. */
export const TOLD_WITHIN = 10
/** Every how many milliseconds it is looked. */
const LOOK_MILLIS = 250

export interface OverloadOptions {
  readonly folder: string
  /** Seconds that are sent. */
  readonly seconds: number
  /** How many times what it takes; as fast as can be unless given. */
  readonly times?: number
  /** Further arguments of the sensor. */
  readonly args?: readonly string[]
}

export interface Overload {
  /** Frames a second: the sender's with nobody listening, and what the sensor was sent. */
  readonly alone: number
  readonly offered: number
  readonly sent: number
  readonly received: number
  readonly dropped: number
  /** Frames the log told of, all its lines together. */
  readonly logged: number
  /** Seconds from the sending's end until each told of all that was dropped; NaN where it never did. */
  readonly told: Readonly<Record<'metrics' | 'healthz' | 'log', number>>
  /** Seconds from the first loss in /metrics until the log told of it. */
  readonly firstLine: number
}

interface Counts {
  readonly received: number
  readonly dropped: number
}

/** A sensor whose loss is looked at. */
class Watched {
  readonly #lab: Lab
  readonly #process: ChildProcess
  readonly #idler: ChildProcess
  readonly #ended: Promise<void>
  #said = ''

  constructor(lab: Lab, args: readonly string[]) {
    this.#lab = lab
    const words = ['taskset', '-c', String(SENSOR_CORE), process.execPath, HELLOTAP, 'capture']
    words.push('-i', 'va', '--ports', '443', '--stdout', '--log-format', 'text')
    words.push('--metrics-port', String(METRICS_PORT), ...args)
    // who reads the lines is not what is looked at
    this.#process = lab.spawn(lab.a, 'sh', '-c', `exec ${words.join(' ')} > /dev/null`)
    this.#process.stderr?.on('data', (chunk: Buffer) => (this.#said += chunk.toString()))
    this.#idler = lab.spawn(lab.a, 'taskset', ...IDLER)
    this.#ended = new Promise((done) => this.#process.once('close', () => done()))
  }

  async ready(): Promise<void> {
    for (let i = 0; i < 400; i++) {
      if (/metrics at/.test(this.#said)) return
      await sleep(50)
    }
    throw new Error(`the sensor did not start: ${this.#said}`)
  }

  #get(path: string): string {
    const url = `http://127.0.0.1:${METRICS_PORT}${path}`
    return this.#lab.exec(this.#lab.a, 'curl', '-s', url).toString()
  }

  get metrics(): Counts {
    const text = this.#get('/metrics')
    const sum = (name: RegExp) =>
      [...text.matchAll(name)].reduce((total, [, count]) => total + Number(count), 0)
    return {
      received: sum(/^hellotap_packets_total\{[^}]*\} (\d+)/gm),
      dropped: sum(/^hellotap_capture_\w*dropped\w*\{[^}]*\} (\d+)/gm),
    }
  }

  get health(): Counts {
    const { sensor } = JSON.parse(this.#get('/healthz')) as {
      readonly sensor: { readonly counters: Readonly<Record<string, number>> }
    }
    const counts = Object.entries(sensor.counters)
    const dropped = counts.filter(([name]) => /^capture_\w*dropped$/.test(name))
    return {
      received: sensor.counters['packets'] ?? 0,
      dropped: dropped.reduce((total, [, count]) => total + count, 0),
    }
  }

  /** Frames the log told of as lost. */
  get logged(): number {
    const lines = [...this.#said.matchAll(/ (\d+) frames lost/g)]
    return lines.reduce((total, [, count]) => total + Number(count), 0)
  }

  async stop(): Promise<void> {
    this.#idler.kill('SIGKILL')
    this.#process.kill('SIGTERM')
    await this.#ended
  }
}

/**
 * Sends a sensor, its own, hellos as fast as can be, or, where `times` says so, that many times what it takes of them, found
 * out by trying; waits until all of that is told.
 */
export async function overload(lab: Lab, options: OverloadOptions): Promise<Overload> {
  const { folder, seconds, times, args = [] } = options
  const file = join(folder, 'hellos.pcap')
  writeFileSync(file, helloPcap(HELLOS))
  const replay = new Replay(lab, folder)
  const first = await replay.send({ file, rate: 0, frames: ALONE_FRAMES })
  const alone = first.frames / first.seconds
  const sensor = new Watched(lab, args)
  try {
    await sensor.ready()
    let rate = times === undefined ? alone : FIRST_RATE
    for (let i = 0; ; i++) {
      const load = { file, rate: rate < alone ? rate : 0, frames: Math.round(seconds * rate) }
      const done = await once(sensor, () => replay.send({ ...load, round: i * ROUNDS }))
      const isEnough = times === undefined || done.sent >= NEARLY * times * done.received
      if (isEnough || rate >= alone || i === MOST_TRIES) return { alone, ...done }
      rate = Math.min(alone, (times * done.received) / seconds)
    }
  } finally {
    await sensor.stop()
  }
}

/** Has frames sent, and waits until it is told what became of them. */
async function once(sensor: Watched, send: () => Promise<Sent>): Promise<Omit<Overload, 'alone'>> {
  const before = await settled(sensor)
  const loggedBefore = sensor.logged
  const startedAt = performance.now()
  let [firstDrop, firstLine] = [NaN, NaN]
  const lookForFirst = () => {
    const now = (performance.now() - startedAt) / 1000
    if (Number.isNaN(firstDrop) && sensor.metrics.dropped > before.dropped) firstDrop = now
    if (Number.isNaN(firstLine) && sensor.logged > loggedBefore) firstLine = now
  }
  const look = setInterval(lookForFirst, 2 * LOOK_MILLIS)
  const { frames: sent, seconds } = await send()
  const endedAt = performance.now()
  const told = { metrics: NaN, healthz: NaN, log: NaN }
  const isAll = ({ received, dropped }: Counts) =>
    received + dropped - before.received - before.dropped >= sent
  while (performance.now() - endedAt < 1.5 * TOLD_WITHIN * 1000) {
    const { metrics, health } = sensor
    const after = (performance.now() - endedAt) / 1000
    if (Number.isNaN(told.metrics) && isAll(metrics)) told.metrics = after
    if (Number.isNaN(told.healthz) && isAll(health)) told.healthz = after
    const isLogged = isAll(metrics) && sensor.logged >= metrics.dropped
    if (Number.isNaN(told.log) && isLogged) told.log = after
    lookForFirst()
    if (!Object.values(told).some(Number.isNaN)) break
    await sleep(LOOK_MILLIS)
  }
  clearInterval(look)
  // nothing is counted on top
  await sleep(1000)
  const { received, dropped } = sensor.metrics
  return {
    offered: sent / seconds,
    sent,
    received: received - before.received,
    dropped: dropped - before.dropped,
    logged: sensor.logged - loggedBefore,
    told,
    firstLine: firstLine - firstDrop,
  }
}

/** What is counted once nothing comes any more, and the log has told of it. */
async function settled(sensor: Watched): Promise<Counts> {
  let before = sensor.metrics
  for (let i = 0; i < 20; i++) {
    await sleep(1000)
    const now = sensor.metrics
    if (now.received === before.received && sensor.logged === now.dropped) return now
    before = now
  }
  throw new Error('the sensor counts on, though nothing is sent, or its log does not tell all')
}
