// Several threads read side by side, this one and workers. Large classic pcaps are read by all of them together, one after
// the other (read-chunks.ts); of all other files, whoever has nothing to do takes the next. What they find is printed by
// this thread alone: in the order of the files, and within a file that is read together by rounds of some megabytes, so that
// the same command prints the same lines in the same order each time. A thread that is far ahead waits.

import { SHARE_ENV, Worker } from 'node:worker_threads'
import { isClassicPcap, newSharedChunks, stopChunks } from '../capture/file/shared-chunks.js'
import { CHUNK_LEN } from '../capture/file/chunk-slot.js'
import type { SharedChunks, SharedFile } from '../capture/file/shared-chunks.js'
import type { LinesOutput } from '../output/lines-output.js'
import { LineSlots } from './line-slots.js'
import { MainDesk } from './main-desk.js'
import { OrderedOutput } from './ordered-output.js'
import { PROGRESS_NUMBERS, ROUND_CHUNKS } from './read-messages.js'
import type { Said, Task, WorkerStart } from './read-messages.js'
import { newSeed } from './read-set.js'
import type { ReadOptions } from './read-set.js'
import type { ReadTally } from './read-tally.js'
import { TaskReader } from './task-reader.js'

/** Octets of a capture from which on all workers share it. Below, dealing it would take longer than it saves. */
const SHARE_FROM = 16 << 20
/** Megabytes of each worker's young objects: what its hot path makes none of. Without a bound it is 48. */
const YOUNG_MB = 4

/** Files that continue one another, with their sizes. */
export type FileSet = readonly SharedFile[]

/** Reads `sets` in `count` threads. @throws OutputClosed, or what ended a worker */
export async function readParallel(
  sets: readonly FileSet[],
  count: number,
  options: ReadOptions,
  tally: ReadTally,
  output: LinesOutput,
  signal: AbortSignal,
): Promise<void> {
  const crew = new Crew(count, options, tally, new OrderedOutput(output), signal)
  const stop = () => crew.stop()
  signal.addEventListener('abort', stop)
  try {
    let whole: FileSet[] = []
    for (const set of sets) {
      if (!isShared(set)) {
        whole.push(set)
        continue
      }
      await crew.readWhole(whole)
      whole = []
      await crew.readShared(set, options.linkType)
    }
    await crew.readWhole(whole)
  } finally {
    signal.removeEventListener('abort', stop)
    await crew.end()
  }
}

function isShared(set: FileSet): boolean {
  const size = set.reduce((sum, file) => sum + file.size, 0)
  return size >= SHARE_FROM && set.every(({ path }) => isClassicPcap(path))
}

/** The threads, this one the first, and what they are at. */
class Crew {
  /** Worker i is thread i + 1. */
  readonly #workers: readonly Worker[]
  readonly #slots: readonly LineSlots[]
  readonly #self: TaskReader
  readonly #tally: ReadTally
  readonly #output: OrderedOutput
  readonly #stop = new Int32Array(new SharedArrayBuffer(4))
  readonly #progress: Float64Array
  /** Called when thread i has done its task. */
  readonly #done: (() => void)[] = []
  #broken: ((error: unknown) => void) | undefined
  #error: unknown
  #chunks: SharedChunks | undefined
  #part = 0
  #failures = new Set<string>()

  constructor(
    count: number,
    options: ReadOptions,
    tally: ReadTally,
    output: OrderedOutput,
    signal: AbortSignal,
  ) {
    this.#tally = tally
    this.#output = output
    this.#progress = new Float64Array(new SharedArrayBuffer(8 * PROGRESS_NUMBERS * count))
    tally.watch(this.#progress)
    this.#slots = Array.from({ length: count - 1 }, () => new LineSlots())
    this.#workers = this.#slots.map((slots, at) => {
      const index = at + 1
      const workerData: WorkerStart = {
        index,
        options,
        stop: this.#stop.buffer,
        lines: slots.memory,
        progress: this.#progress.buffer as SharedArrayBuffer,
      }
      const worker = new Worker(new URL('./read-worker.js', import.meta.url), {
        workerData,
        env: SHARE_ENV,
        resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
      })
      worker.on('message', (said: Said) => {
        try {
          this.#hear(index, slots, said)
        } catch (error) {
          this.#break(error)
        }
      })
      worker.on('error', (error) => {
        this.#break(error)
      })
      return worker
    })
    const desk = new MainDesk(tally, output, (text) => {
      this.#fail(text)
    })
    this.#self = new TaskReader(0, options, desk, signal)
  }

  /** All threads read the set's chunks, each its own flows. */
  async readShared(set: FileSet, linkType: number | undefined): Promise<void> {
    if (this.#isStopped) return
    const threads = this.#workers.length + 1
    const chunks = newSharedChunks(set, threads, newSeed(), linkType)
    this.#chunks = chunks
    const part = this.#part
    const rounds = Math.floor(chunksOf(set) / ROUND_CHUNKS) + 1
    this.#part += rounds * threads
    this.#failures = new Set()
    await this.#until((thread) => this.#perform(thread, { part, chunks }))
    this.#chunks = undefined
    this.#tally.files += set.length - this.#failures.size
    this.#output.endBefore(this.#part)
  }

  /** The sets are read whole, each by one thread. */
  async readWhole(sets: readonly FileSet[]): Promise<void> {
    if (sets.length === 0 || this.#isStopped) return
    const task: Task = {
      part: this.#part,
      sets: sets.map((set) => set.map(({ path }) => path)),
      next: new SharedArrayBuffer(4),
    }
    this.#part += sets.length
    await this.#until((thread) => this.#perform(thread, task))
    this.#output.endBefore(this.#part)
  }

  /** Tells all to end what they are at. */
  stop(): void {
    Atomics.store(this.#stop, 0, 1)
    if (this.#chunks !== undefined) stopChunks(this.#chunks)
  }

  async end(): Promise<void> {
    this.stop()
    await Promise.all(this.#workers.map((worker) => worker.terminate()))
  }

  get #isStopped(): boolean {
    return Atomics.load(this.#stop, 0) !== 0
  }

  #perform(thread: number, task: Task): Promise<void> {
    if (thread === 0) return this.#self.perform(task)
    return new Promise((resolve) => {
      this.#done[thread] = resolve
      this.#workers[thread - 1]?.postMessage(task)
    })
  }

  /** All threads do `work`, the workers first: they have to be told. @throws what ended a worker, or the output */
  async #until(work: (thread: number) => Promise<void>): Promise<void> {
    const theirs = this.#workers.map((_, i) => work(i + 1))
    await Promise.race([
      Promise.all([...theirs, work(0)]),
      new Promise((_, reject) => {
        this.#broken = reject
        if (this.#error !== undefined) reject(asError(this.#error))
      }),
    ])
  }

  #break(error: unknown): void {
    this.#error ??= error
    this.stop()
    this.#broken?.(error)
  }

  #hear(thread: number, slots: LineSlots, said: Said): void {
    switch (said.kind) {
      case 'lines':
        this.#output.take(said.part, slots.octetsOf(said.slot, said.length), () => {
          slots.release(said.slot)
        })
        break
      case 'end':
        this.#output.end(said.part)
        break
      case 'say':
        this.#tally.say(said.text)
        break
      case 'fail':
        this.#fail(said.text)
        break
      case 'done':
        this.#tally.add(said.files, said.counters)
        this.#done[thread]?.()
    }
  }

  #fail(text: string): void {
    // Each thread opens a shared file by itself.
    if (this.#chunks === undefined || !this.#failures.has(text)) this.#tally.fail(text)
    this.#failures.add(text)
  }
}

function chunksOf(set: FileSet): number {
  return set.reduce((sum, { size }) => sum + Math.max(1, Math.ceil(size / CHUNK_LEN)), 0)
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
