import { OctetWriter } from '../base/octet-writer.js'
import type { Pipeline } from '../pipeline.js'
import { readChunks } from './read-chunks.js'
import type { PartDesk, Task } from './read-messages.js'
import { newPipeline, readSet } from './read-set.js'
import type { ReadOptions } from './read-set.js'

const NO_LINES = new OctetWriter(0)

/** One of several threads that read: does one task after the other. */
export class TaskReader {
  readonly #index: number
  readonly #options: ReadOptions
  readonly #desk: PartDesk
  readonly #signal: AbortSignal
  #pipeline: Pipeline | undefined

  /** @param index the thread's number, from 0 */
  constructor(index: number, options: ReadOptions, desk: PartDesk, signal: AbortSignal) {
    this.#index = index
    this.#options = options
    this.#desk = desk
    this.#signal = signal
  }

  /** Reads what the task names, or until `signal` aborts or the chunks are stopped. */
  async perform(task: Task): Promise<void> {
    const desk = this.#desk
    desk.part = task.part
    if ('chunks' in task) return readChunks(task.chunks, this.#index, this.#options, desk)
    this.#pipeline ??= newPipeline(this.#options, desk.counters)
    const next = new Int32Array(task.next)
    while (!this.#signal.aborted) {
      const number = Atomics.add(next, 0, 1)
      const files = task.sets[number]
      if (files === undefined) return
      desk.part = task.part + number
      await readSet(files, this.#pipeline, this.#options, desk, this.#signal)
      await desk.endPart(NO_LINES)
    }
  }
}
