// A worker thread of `read`: does one task after the other, until it is ended.

import { parentPort, workerData } from 'node:worker_threads'
import { raiseInterruptBudget } from './interrupt-budget.js'
import type { Task, WorkerStart } from './read-messages.js'
import { TaskReader } from './task-reader.js'
import { WorkerDesk } from './worker-desk.js'

/** Milliseconds between two looks whether all are told to stop. */
const LOOK_MS = 50

const start = workerData as WorkerStart
const port = parentPort
if (port === null) throw new Error('read-worker is to be run as a worker thread')
const desk = new WorkerDesk(port, start)
const stopped = new AbortController()
const reader = new TaskReader(start.index, start.options, desk, stopped.signal)
raiseInterruptBudget()

port.on('message', (task: Task) => {
  // The thread that could be told of a stop is busy reading: it looks for itself, now and then.
  const look = setInterval(() => {
    if (desk.isStopped) stopped.abort()
  }, LOOK_MS)
  void reader.perform(task).then(() => {
    clearInterval(look)
    desk.endTask()
  })
})
