import { Worker } from 'bullmq'
import type { Redis } from 'ioredis'
import { PREFIX, QUEUE } from './queue.js'
import type { CaptureJob, CaptureResult } from './queue.js'

/** Milliseconds a worker may be silent before another one takes its capture, and between two looks for such workers. */
const LOCK_MILLIS = 10_000
const STALLED_MILLIS = 5_000
/** Workers that may die over one capture before it counts as failed: a host that is killed again and again is no fault of it. */
const MOST_STALLS = 100

export interface QueueWorkerOptions {
  /** Captures read at one time, each in a process of its own. */
  readonly jobs: number
  readonly onDone?: (job: CaptureJob, result: CaptureResult) => void
  readonly onFailed?: (path: string, reason: string) => void
}

/** Takes captures from the queue until it is closed. */
export function startQueueWorker(
  connection: Redis,
  { jobs, onDone, onFailed }: QueueWorkerOptions,
): Worker<CaptureJob, CaptureResult> {
  const processor = new URL(import.meta.resolve('#package/dist/batch/queue-processor.js'))
  const worker = new Worker<CaptureJob, CaptureResult>(QUEUE, processor, {
    connection: connection,
    prefix: PREFIX,
    concurrency: jobs,
    lockDuration: LOCK_MILLIS,
    stalledInterval: STALLED_MILLIS,
    maxStalledCount: MOST_STALLS,
  })
  worker.on('completed', ({ data }, result) => onDone?.(data, result))
  worker.on('failed', (job, { message }) => onFailed?.(job?.data.path ?? 'a capture', message))
  // an unreachable Redis is waited for, and reported by its next success
  worker.on('error', () => undefined)
  return worker
}
