// A worker thread of `read`: reads one set of files after the other, until it is terminated.

import { parentPort, workerData } from 'node:worker_threads'
import type { ToWorker, WorkerStart } from './messages.js'
import { newPipeline, readSet } from './read-set.js'
import { WorkerSink } from './worker-sink.js'

/** Milliseconds between two looks at the stop word. */
const LOOK_MS = 50

const { options, stop, progress } = workerData as WorkerStart
if (parentPort === null) throw new Error('read-worker runs as a worker thread only')
const sink = new WorkerSink(parentPort, new Float64Array(progress))
const opening = newPipeline(options, sink)
const stopWord = new Int32Array(stop)
const stopped = new AbortController()

parentPort.on('message', (message: ToWorker) => {
  if (message.kind === 'written') sink.written(message.length)
  else void read(message.part, message.files)
})

async function read(part: number, files: readonly string[]): Promise<void> {
  const look = setInterval(() => {
    if (Atomics.load(stopWord, 0) !== 0) stopped.abort()
  }, LOOK_MS)
  sink.part = part
  await readSet(files, await opening, options, sink, stopped.signal)
  clearInterval(look)
  sink.endPart()
}
