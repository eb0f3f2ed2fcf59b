// A queue of captures in Redis, for any number of machines (BullMQ). A job is named by the content of its capture and by
// what is asked of it, and its results by the job: a job that runs twice makes the same files.

import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { resolve } from 'node:path'
import { Queue } from 'bullmq'
import type { Job } from 'bullmq'
import { Redis } from 'ioredis'
import type { ReadOptions } from './read-set.js'

export const QUEUE = 'captures'
/** In braces: all keys of the queue in one slot of a Cluster. */
export const PREFIX = '{hellotap-batch}'
/** Times a capture is tried whose worker reports an error. */
const ATTEMPTS = 3
const BACKOFF_MILLIS = 1_000

/** What a worker does with one capture. */
export interface CaptureJob {
  readonly path: string
  /** SHA-256 of the capture, hex. */
  readonly hash: string
  /** Folder for a file of JSON lines each; undefined for none. */
  readonly lines: string | undefined
  /** Folder of a history; undefined for none. */
  readonly history: string | undefined
  readonly options: ReadOptions
}

/** What came of it. */
export interface CaptureResult {
  readonly sightings: number
  readonly files: readonly string[]
  /** Why the capture could be read in part only. */
  readonly faults: readonly string[]
}

export type CaptureQueue = Queue<CaptureJob, CaptureResult>

/** A connection to the queue's Redis; it waits for a Redis that restarts. */
export function queueConnection(url: string): Redis {
  const isSocket = url.startsWith('unix://')
  const redis = isSocket
    ? new Redis(url.slice('unix://'.length), { maxRetriesPerRequest: null })
    : new Redis(url, { maxRetriesPerRequest: null })
  redis.on('error', () => undefined)
  return redis
}

export function openQueue(connection: Redis): CaptureQueue {
  return new Queue(QUEUE, { connection: connection, prefix: PREFIX })
}

/** How many captures were queued, and how many were queued or done before. */
export interface Added {
  readonly added: number
  readonly known: number
}

/** Queues captures. One that is queued, under way or done is left out, unless `again`. */
export async function addCaptures(
  queue: CaptureQueue,
  paths: readonly string[],
  asked: Pick<CaptureJob, 'lines' | 'history' | 'options'>,
  again: boolean,
): Promise<Added> {
  let added = 0
  let known = 0
  for (const path of paths) {
    const hash = await contentHash(path)
    const job: CaptureJob = { ...asked, path: resolve(path), hash }
    const jobId = jobName(job)
    const before = await queue.getJob(jobId)
    const isDone = before === undefined ? false : await isOver(before)
    if (before !== undefined && !(again && isDone)) {
      known++
      continue
    }
    await before?.remove()
    await queue.add('read', job, {
      jobId,
      attempts: ATTEMPTS,
      backoff: { type: 'exponential', delay: BACKOFF_MILLIS },
      removeOnComplete: false,
      removeOnFail: false,
    })
    added++
  }
  return { added, known }
}

/** State of a queue. */
export interface BatchStatus {
  readonly waiting: number
  readonly active: number
  readonly done: number
  readonly failed: number
  readonly sightings: number
  readonly failures: readonly { readonly path: string; readonly reason: string }[]
}

export async function batchStatus(queue: CaptureQueue): Promise<BatchStatus> {
  const counts = await queue.getJobCounts('waiting', 'delayed', 'active', 'completed', 'failed')
  const { waiting = 0, delayed = 0, active = 0, completed = 0, failed = 0 } = counts
  let sightings = 0
  for (const job of await queue.getCompleted()) sightings += job.returnvalue.sightings
  const failures = (await queue.getFailed()).map(({ data, failedReason }) => ({
    path: data.path,
    reason: failedReason,
  }))
  return { waiting: waiting + delayed, active, done: completed, failed, sightings, failures }
}

/** Queues the failed captures again. @returns how many */
export async function retryFailed(queue: CaptureQueue): Promise<number> {
  const failed = await queue.getFailed()
  for (const job of failed) await job.retry('failed', { resetAttemptsMade: true })
  return failed.length
}

async function isOver(job: Job): Promise<boolean> {
  return (await job.isCompleted()) || (await job.isFailed())
}

/** The same for the same capture and the same wishes. */
function jobName({ hash, lines, history, options }: CaptureJob): string {
  const wishes = JSON.stringify([lines, history, options])
  return `${hash.slice(0, 32)}-${createHash('sha256').update(wishes).digest('hex').slice(0, 8)}`
}

async function contentHash(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}
