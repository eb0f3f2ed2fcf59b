// A worker thread of `read`: does one task after the other, until it is ended.

import { parentPort, workerData } from 'node:worker_threads'
import { readChunks } from './read-chunks.js'
import type { Task, WorkerStart } from './read-messages.js'
import type { Pipeline } from '../pipeline.js'
import { newPipeline, readSet } from './read-set.js'
import { WorkerDesk } from './worker-desk.js'
import { OctetWriter } from '../base/octet-writer.js'

const start = workerData as WorkerStart
const port = parentPort
if (port === null) throw new Error('read-worker is to be run as a worker thread')
const desk = new WorkerDesk(port, start)
const stopped = new AbortController()
const NO_LINES = new OctetWriter(0)
let pipeline: Pipeline | undefined

port.on('message', (task: Task) => {
  void perform(task).then(() => {
    desk.endTask()
  })
})

async function perform(task: Task): Promise<void> {
  desk.part = task.part
  if ('chunks' in task) {
    readChunks(task.chunks, start.index, start.options, desk)
    return
  }
  // The thread that could be told of a stop is busy reading: it looks for itself, now and then.
  const look = setInterval(() => {
    if (desk.isStopped) stopped.abort()
  }, 50)
  pipeline ??= newPipeline(start.options, desk.counters)
  await readSet(task.files, pipeline, start.options, desk, stopped.signal)
  clearInterval(look)
  desk.endPart(NO_LINES)
}
