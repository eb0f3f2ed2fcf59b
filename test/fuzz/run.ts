// Every capture there is, changed in all the ways of mutate.ts and readers.ts, through the file readers and the pipeline:
//
//   npm run fuzz -- --seconds N [--seed S] [--round R]      rounds from R on (0), each a sequence of inputs of its own
//   npm run fuzz -- --replay FILE                           one input that was written on a failure
//
// Nothing may throw, take longer than a second, read past a frame's end, print what is no sighting, or keep memory.
// Exit 0 done, 1 with a failure.

import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { Pair, Subject } from './drive.js'
import type { Frame } from './frame.js'
import { capturePaths, framesOf, pcapngOf, someOf } from './frame.js'
import { mutate } from './mutate.js'
import { Random } from './random.js'
import { mutateFile, readingOf } from './readers.js'

/** Inputs of one round, which share a pair of pipelines. */
const INPUTS = 100
/** One input in so many is a file. */
const FILE_EVERY = 5
/** One input in so many has each read of its bytes watched. */
const WATCH_EVERY = 10
/** Frames of one input before it is changed. */
const MOST_FRAMES = 150
/** Bytes of a file that is changed as such. */
const MOST_FILE_LEN = 200_000
/** Rounds after which, and after a third of the time, what is held must not grow any more; megabytes by which it may. */
const WARM_ROUNDS = 20
const MOST_GROWTH_MB = 32
/** Megabytes resident: three pipelines a round leave garbage that takes its time. */
const MOST_RESIDENT_MB = 600

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(Date.now() % 1e9) },
    round: { type: 'string' },
    replay: { type: 'string' },
  },
})
const seed = Number(values.seed)
const folder = mkdtempSync(join(tmpdir(), 'hellotap-fuzz-'))
/** Inputs done, and the round under way: for the watchdog. */
const done = new Int32Array(new SharedArrayBuffer(8))
const watchdog = new Worker(new URL('watchdog.mjs', import.meta.url), {
  workerData: { done, seed },
  execArgv: [],
})
watchdog.unref()

/** An input that something is wrong with. */
interface Failure {
  readonly fault: string
  readonly file: Uint8Array
}

const captures = await Promise.all(
  capturePaths().map(async (path) => ({ path, frames: await framesOf(path) })),
)
const withFrames = captures.filter(({ frames }) => frames.length > 0)
const files = captures.map(({ path }) => path).filter((path) => statSync(path).size < MOST_FILE_LEN)
/** Takes every input, so that what it keeps of them shows. */
const lasting = new Subject(true)
const total = { inputs: 0, files: 0, frames: 0, hellos: 0 }

/** One round; what came before in it is part of the input that fails. */
async function round(index: number): Promise<Failure | undefined> {
  Atomics.store(done, 1, index)
  const server = index % 2 === 1
  const pair = new Pair(server, new Random(seed, index), WATCH_EVERY)
  const before: Frame[] = []
  for (let i = 0; i < INPUTS; i++) {
    Atomics.add(done, 0, 1)
    const random = new Random(seed, index, i)
    let frames: Frame[]
    if (i % FILE_EVERY === 0) {
      const [one, other] = [random.pick(files), random.pick(files)].map((path) =>
        readFileSync(path),
      )
      const file = mutateFile(one as Uint8Array, other as Uint8Array, random)
      const reading = await readingOf(file, folder, random)
      if (reading.fault !== undefined) return { fault: reading.fault, file }
      total.files++
      frames = reading.frames
    } else {
      frames = someOf(random.pick(withFrames).frames, random.between(1, MOST_FRAMES), random)
      mutate(frames, random.pick(withFrames).frames, random)
    }
    const fault = pair.faultOf(frames)
    if (fault !== undefined) {
      const alone = new Pair(server, random, 1).faultOf(frames)
      return alone === undefined
        ? { fault, file: pcapngOf([...before, ...frames]) }
        : { fault: alone, file: pcapngOf(frames) }
    }
    before.push(...frames)
    lasting.take(frames, () => 0x16, 1)
    total.inputs++
  }
  total.frames += pair.frames
  total.hellos += pair.hellos
  return undefined
}

/** Megabytes of objects and buffers held once garbage is gone, for which buffers take their time. */
async function heldMegabytes(): Promise<number> {
  let least = Infinity
  for (let i = 0; i < 4; i++) {
    globalThis.gc?.()
    await setTimeout(50)
    const { heapUsed, external } = process.memoryUsage()
    least = Math.min(least, (heapUsed + external) / 1e6)
  }
  return least
}

async function fuzz(): Promise<number> {
  console.log(`seed ${seed}, ${captures.length} captures`)
  const start = performance.now()
  const runMillis = Number(values.seconds) * 1000
  const first = Number(values.round ?? 0)
  let warm = NaN
  let index = first
  for (; performance.now() < start + runMillis; index++) {
    const failure = await round(index)
    if (failure !== undefined) {
      const path = join(tmpdir(), `hellotap-fuzz-${seed}-${index}.pcapng`)
      writeFileSync(path, failure.file)
      console.log(`seed ${seed}, round ${index}: ${failure.fault}`)
      console.log(`again by: npm run fuzz -- --replay ${path}`)
      console.log(`      or: npm run fuzz -- --seed ${seed} --round ${index}`)
      return 1
    }
    const isWarm = index - first >= WARM_ROUNDS && performance.now() > start + runMillis / 3
    if (isWarm && Number.isNaN(warm)) warm = await heldMegabytes()
  }
  const held = await heldMegabytes()
  const resident = process.memoryUsage.rss() / 1e6
  console.log(
    `seed ${seed}: ${index - first} rounds, ${total.inputs} inputs, ${total.files} of them files, ` +
      `${total.frames} frames, ${total.hellos} hellos; ${resident.toFixed(0)} MB resident, ${held.toFixed(1)} held, ` +
      (Number.isNaN(warm) ? 'too few rounds to tell its growth' : `${warm.toFixed(1)} when warm`),
  )
  if (held - warm > MOST_GROWTH_MB || resident > MOST_RESIDENT_MB) {
    console.log(`seed ${seed}: memory grew`)
    return 1
  }
  return 0
}

/** Reads a written input and takes it as one. */
async function replay(path: string): Promise<number> {
  const reading = await readingOf(readFileSync(path), folder, new Random(seed))
  let { fault } = reading
  for (const server of [false, true]) {
    const pair = new Pair(server, new Random(seed), 1)
    for (let at = 0; at < reading.frames.length && fault === undefined; at += MOST_FRAMES)
      fault = pair.faultOf(reading.frames.slice(at, at + MOST_FRAMES))
  }
  console.log(`${basename(path)}: ${fault ?? 'nothing wrong'}`)
  return fault === undefined ? 0 : 1
}

try {
  process.exitCode = await (values.replay === undefined ? fuzz() : replay(values.replay))
} finally {
  rmSync(folder, { recursive: true })
  await watchdog.terminate()
}
