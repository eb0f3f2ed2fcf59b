// Inputs through the real pipeline, each twice: once in a buffer that ends where the last frame does, zeros between the
// frames, and once with other bytes around them, in a pipeline whose buffers hold other bytes. What is read past a
// frame's end, or is left over from other flows, makes the two differ. So does what the frame filter should not have
// taken out: it looks at the second alone.

import type { Counters } from '../../src/base/counters.js'
import { newCounters } from '../../src/base/counters.js'
import { Pipeline } from '../../src/pipeline.js'
import { faultOfLine } from './check-line.js'
import type { Frame } from './frame.js'
import { blockOf } from './frame.js'
import { Guard } from './guard.js'
import { leftovers } from './leftovers.js'
import type { Random } from './random.js'

const OPTIONS = {
  ports: undefined,
  fingerprints: 'all',
  keepHello: true,
  communityId: true,
  seed: 0x1234_5678_9abc,
} as const
const UTF8 = new TextDecoder('utf-8', { fatal: true })
/** Flows of leftovers, which begin anew after so many inputs. */
const MOST_LEFTOVERS = 200
/** Characters of a line that are shown. */
const SHOWN = 1000
/** CPU milliseconds one input may take. */
const MOST_MILLIS = 1000

/** A pipeline and what it counts. */
export class Subject {
  readonly counters: Counters = newCounters()
  readonly #pipeline: Pipeline

  /** @param server whether the server's side is looked at too */
  constructor(server: boolean) {
    this.#pipeline = new Pipeline({ ...OPTIONS, server }, this.counters)
  }

  /** Takes frames that count for nothing. */
  prepare(frames: readonly Frame[]): void {
    const before = { ...this.counters }
    this.take(frames, () => 0xff, 0)
    Object.assign(this.counters, before)
  }

  /** The lines that `frames` give, bytes from `fill` around them. */
  take(frames: readonly Frame[], fill: () => number, tail: number, isFiltered = false): string {
    const { lines } = this.#pipeline
    lines.len = 0
    this.#pipeline.take(blockOf(frames, fill, tail, isFiltered))
    this.#pipeline.flush()
    return UTF8.decode(lines.bytes.subarray(0, lines.len))
  }

  /** Takes `frames` one by one with each read of them watched. @returns where one went wrong */
  watch(frames: readonly Frame[]): string | undefined {
    const guard = new Guard()
    for (const frame of frames) this.#pipeline.take(guard.blockOf(frame))
    this.#pipeline.flush()
    this.#pipeline.lines.len = 0
    return guard.fault
  }
}

/** Two pipelines that must say the same of every input. A new pair costs some 30 ms, so it takes many inputs. */
export class Pair {
  frames = 0
  hellos = 0
  readonly #plain: Subject
  readonly #poisoned: Subject
  readonly #watched: Subject
  readonly #random: Random
  readonly #watchEvery: number
  #inputs = 0

  /**
   * @param server whether the server's side is looked at too
   * @param watchEvery one input in so many has each read of its bytes watched, which takes a hundred times as long
   */
  constructor(server: boolean, random: Random, watchEvery: number) {
    this.#random = random
    this.#watchEvery = watchEvery
    this.#plain = new Subject(server)
    this.#poisoned = new Subject(server)
    this.#watched = new Subject(server)
  }

  /** What is wrong with how the pipeline takes `frames`, a sentence; undefined where nothing is. */
  faultOf(frames: readonly Frame[]): string | undefined {
    const start = process.cpuUsage()
    try {
      const index = this.#inputs++ % MOST_LEFTOVERS
      const micros = frames[0]?.micros ?? 0
      this.#plain.prepare(leftovers(index, false, micros))
      this.#poisoned.prepare(leftovers(index, true, micros))
      const lines = this.#plain.take(frames, () => 0, 0)
      const poison = () => this.#random.word() & 0xff
      const others = this.#poisoned.take(frames, poison, 1 + this.#random.below(64), true)
      const { user, system } = process.cpuUsage(start)
      if (user + system > MOST_MILLIS * 2000) return `takes ${(user + system) / 2000} ms`
      const fault = this.#faultOfRun(frames.length, lines, others)
      if (fault !== undefined || !this.#random.oneIn(this.#watchEvery)) return fault
      return this.#watched.watch(frames)
    } catch (error) {
      return `throws ${(error as Error).stack ?? String(error)}`
    }
  }

  #faultOfRun(frames: number, lines: string, others: string): string | undefined {
    if (lines !== others)
      return `bytes outside the frames, or of other flows, or the frame filter, change lines: ${difference(lines, others)}`
    const { counters } = this.#plain
    for (const [name, value] of Object.entries(counters)) {
      const other = this.#poisoned.counters[name as keyof Counters]
      if (value !== other)
        return `bytes outside the frames, or of other flows, or the frame filter, change ${name}: ${value}, ${other}`
      if (!Number.isSafeInteger(value) || value < 0) return `counter ${name} is ${value}`
    }
    const list = lines.split('\n').slice(0, -1)
    this.frames += frames
    // a ServerHello whose client was not seen has a row of its own
    this.hellos += list.filter((line) => !line.includes(',"side":"server"')).length
    if (this.frames !== counters.packets) return `${frames} frames counted otherwise`
    if (this.hellos !== counters.hellos)
      return `${this.hellos} lines, but ${counters.hellos} hellos are counted`
    for (const line of list) {
      const fault = faultOfLine(line)
      if (fault !== undefined) return `${fault}: ${line.slice(0, SHOWN)}`
    }
    return undefined
  }
}

function difference(a: string, b: string): string {
  const ours = a.split('\n')
  const theirs = b.split('\n')
  const index = ours.findIndex((line, i) => line !== theirs[i])
  return `\n  ${(ours[index] ?? 'none').slice(0, SHOWN)}\n  ${(theirs[index] ?? 'none').slice(0, SHOWN)}`
}
