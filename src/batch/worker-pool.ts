// Many captures are read in parallel, one set of files a thread. The main thread prints: lines come out in the order of
// the files, whichever thread found them first, so that the same command prints the same output each time.

import { SHARE_ENV, Worker } from 'node:worker_threads'
import type { LinesOutput } from '../output/lines-output.js'
import { PROGRESS_NUMBERS } from './messages.js'
import type { FromWorker, ToWorker, WorkerStart } from './messages.js'
import { OrderedOutput } from './ordered-output.js'
import type { ReadOptions } from './read-set.js'
import type { ReadSummary } from './read-summary.js'

/** Files that continue one another, as those of one ring buffer do. */
export type FileSet = readonly { readonly path: string; readonly size: number }[]

/**
 * Reads `sets` in `count` worker threads, until all are read or `signal` aborts.
 * @throws OutputClosed, OutputError, or the error that ended a worker
 */
export async function readInParallel(
  sets: readonly FileSet[],
  count: number,
  options: ReadOptions,
  summary: ReadSummary,
  output: LinesOutput,
  signal: AbortSignal,
): Promise<void> {
  const ordered = new OrderedOutput(output)
  const stop = new Int32Array(new SharedArrayBuffer(4))
  const onAbort = () => Atomics.store(stop, 0, 1)
  signal.addEventListener('abort', onAbort)
  let next = 0
  const workers: Worker[] = []
  const readAll = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const progress = new SharedArrayBuffer(8 * PROGRESS_NUMBERS)
      const workerData: WorkerStart = { options, stop: stop.buffer, progress }
      const worker = new Worker(
        new URL(import.meta.resolve('#package/dist/batch/read-worker.js')),
        {
          workerData,
          env: SHARE_ENV,
        },
      )
      workers.push(worker)
      summary.watch(new Float64Array(progress))
      const post = (message: ToWorker) => worker.postMessage(message)
      const readNext = () => {
        const part = next++
        const set = sets[part]
        if (set === undefined || signal.aborted) resolve()
        else post({ kind: 'read', part, files: set.map(({ path }) => path) })
      }
      const take = (message: FromWorker) => {
        switch (message.kind) {
          case 'lines': {
            const { part, bytes } = message
            ordered.take(part, bytes, () => post({ kind: 'written', length: bytes.length }))
            break
          }
          case 'note':
            summary.note(message.text)
            break
          case 'failure':
            summary.fail(message.text)
            break
          case 'end':
            summary.add(message.files, message.counters, message.undecoded)
            ordered.end(message.part)
            readNext()
        }
      }
      worker.on('error', reject)
      worker.on('message', (message: FromWorker) => {
        try {
          take(message)
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)))
        }
      })
      readNext()
    })
  try {
    await Promise.all(Array.from({ length: Math.min(count, sets.length) }, readAll))
  } finally {
    signal.removeEventListener('abort', onAbort)
    await Promise.all(workers.map((worker) => worker.terminate()))
  }
}
