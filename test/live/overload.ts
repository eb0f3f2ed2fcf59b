// More than a sensor can take, really sent: what it received and what it says it dropped must be what was sent, to the
// frame, and be told in /metrics, in /healthz and in the log.

import type { ChildProcess } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Lab } from '../capture/live-lab.js'
import { HELLOTAP } from '../hellotap.js'
import { Replay, helloPcap } from './replay.js'

const METRICS_PORT = 9465
/** Hellos of one round: 256 rounds are as many connections as a test sends. */
const HELLOS = 4_000
/** The round that comes after those of the first try. */
const SECOND_ROUND = 128
/** Frames by which the sender's own limit is found out. */
const ALONE_FRAMES = 200_000
/** Processor of the sensor, all of its processes: so that the sender, by itself, has more. */
const SENSOR_CORE = 0
/** Seconds within which all three must tell of the loss. */
export const TOLD_WITHIN = 10
/** Every how many milliseconds it is looked. */
const LOOK_MILLIS = 250

export interface OverloadOptions {
  readonly folder: string
  /** Seconds that are sent to find out what the sensor can take; 0 not to, and to send as fast as can be. */
  readonly trySeconds: number
  /** Seconds that are sent more than it can take. */
  readonly seconds: number
  /** How many times what it can take. */
  readonly times: number
  /** Further arguments of the sensor. */
  readonly args?: readonly string[]
}

export interface Overload {
  /** Frames a second: the sender's with nobody listening; what the sensor can take, if tried; what it was sent. */
  readonly alone: number
  readonly capacity: number | undefined
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
    this.#process.kill('SIGTERM')
    await this.#ended
  }
}

/** Finds out what a sensor, its own, can take, sends it `times` as much, and waits until all of that is told. */
export async function overload(lab: Lab, options: OverloadOptions): Promise<Overload> {
  const file = join(options.folder, 'hellos.pcap')
  writeFileSync(file, helloPcap(HELLOS))
  const replay = new Replay(lab, options.folder)
  const send = (rate: number, frames: number, round: number) =>
    replay.send({ file, rate, frames: Math.round(frames), round })
  const first = await send(0, ALONE_FRAMES, 0)
  const alone = first.frames / first.seconds

  const sensor = new Watched(lab, options.args ?? [])
  try {
    await sensor.ready()
    let capacity: number | undefined
    if (options.trySeconds > 0) {
      // for as long as there is more than it can take, it takes what it can
      const trying = send(0, options.trySeconds * alone, 0)
      await sleep((options.trySeconds / 2) * 1000)
      const [half, halfAt] = [sensor.metrics.received, performance.now()]
      await trying
      capacity = (sensor.metrics.received - half) / ((performance.now() - halfAt) / 1000)
    }
    const before = await settled(sensor)
    const loggedBefore = sensor.logged

    const rate = capacity === undefined ? 0 : Math.min(options.times * capacity, alone)
    const count = options.seconds * (rate === 0 ? alone : rate)
    const startedAt = performance.now()
    let [firstDrop, firstLine] = [NaN, NaN]
    const lookForFirst = () => {
      const now = (performance.now() - startedAt) / 1000
      if (Number.isNaN(firstDrop) && sensor.metrics.dropped > before.dropped) firstDrop = now
      if (Number.isNaN(firstLine) && sensor.logged > loggedBefore) firstLine = now
    }
    const look = setInterval(lookForFirst, 2 * LOOK_MILLIS)
    const { frames: sent, seconds } = await send(rate, count, SECOND_ROUND)
    const endedAt = performance.now()
    const told = { metrics: NaN, healthz: NaN, log: NaN }
    let now: Counts = before
    while (performance.now() - endedAt < 1.5 * TOLD_WITHIN * 1000) {
      now = sensor.metrics
      const health = sensor.health
      const isAll = (counts: Counts) =>
        counts.received + counts.dropped - before.received - before.dropped >= sent
      const after = (performance.now() - endedAt) / 1000
      if (Number.isNaN(told.metrics) && isAll(now)) told.metrics = after
      if (Number.isNaN(told.healthz) && isAll(health)) told.healthz = after
      const isLogged = sensor.logged >= now.dropped && isAll(now)
      if (Number.isNaN(told.log) && isLogged) told.log = after
      lookForFirst()
      if (!Object.values(told).some(Number.isNaN)) break
      await sleep(LOOK_MILLIS)
    }
    clearInterval(look)
    // nothing is counted on top
    await sleep(1000)
    now = sensor.metrics
    return {
      alone,
      capacity,
      offered: sent / seconds,
      sent,
      received: now.received - before.received,
      dropped: now.dropped - before.dropped,
      logged: sensor.logged - loggedBefore,
      told,
      firstLine: firstLine - firstDrop,
    }
  } finally {
    await sensor.stop()
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
