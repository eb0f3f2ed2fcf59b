// What BullMQ runs for each capture, in a process of its own: a busy event loop would look like a stalled worker.

import { UndecodedTraffic } from '../model/undecoded.js'
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { SandboxedJob } from 'bullmq'
import { newCounters } from '../base/counters.js'
import type { ByteWriter } from '../base/byte-writer.js'
import { HistoryWriter } from '../history/history-writer.js'
import { zstd } from '../history/zstd.js'
import { FdOutput } from '../output/fd-output.js'
import type { CaptureJob, CaptureResult } from './queue.js'
import { newPipeline, readSet } from './read-set.js'
import type { ReadSink } from './read-set.js'

// Its worker has ended: another one has the capture by then. Where the next message to the worker finds that out first,
// BullMQ would report the error to the worker, again and again.
process.once('disconnect', () => process.exit(1))
process.prependListener('uncaughtException', ({ code }: NodeJS.ErrnoException) => {
  if (!process.connected || code === 'EPIPE') process.exit(1)
})

/** Bytes of lines gathered before they are written. */
const BATCH_LEN = 1 << 20
const DECODER = new TextDecoder()

/** Reads one capture. @throws Error if it cannot be read at all, or a result cannot be written */
export default async function processCapture(
  job: SandboxedJob<CaptureJob>,
): Promise<CaptureResult> {
  const { path, hash, lines, history, options } = job.data
  const name = hash.slice(0, 16)
  const target = lines === undefined ? undefined : join(lines, `${basename(path)}.${name}.jsonl`)
  const aside = `${target ?? ''}.${process.pid}.tmp`
  if (target !== undefined) mkdirSync(dirname(target), { recursive: true })
  const fd = target === undefined ? undefined : openSync(aside, 'w', 0o640)
  const output = fd === undefined ? undefined : new FdOutput(fd)
  const writer =
    history === undefined
      ? undefined
      : new HistoryWriter({
          folder: history,
          name,
          compressors: (await zstd()).compressors,
          onStuck: (reason) => {
            throw new Error(`the history ${history} cannot be written: ${reason}`)
          },
        })
  const counters = newCounters()
  const faults: string[] = []
  const flush = (written: ByteWriter) => {
    const bytes = written.bytes.subarray(0, written.len)
    output?.write(bytes, bytes.length)
    writer?.put(DECODER.decode(bytes))
    written.len = 0
  }
  const sink: ReadSink = {
    counters,
    undecoded: new UndecodedTraffic(),
    bytes: 0,
    files: 0,
    failed: 0,
    take: (written) => {
      if (written.len >= BATCH_LEN) flush(written)
    },
    room: () => undefined,
    flush,
    note: (text) => faults.push(text),
    fail(text) {
      this.failed++
      faults.push(text)
    },
  }
  try {
    const never = new AbortController().signal
    await readSet([path], await newPipeline(options, sink), options, sink, never)
    if (sink.failed > 0 && counters.packets === 0) throw new Error(faults.join('; '))
    writer?.close()
    if (fd !== undefined) fsyncSync(fd)
  } catch (error) {
    if (fd !== undefined) rmSync(aside, { force: true })
    throw error
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
  if (target !== undefined) renameSync(aside, target)
  const files = target === undefined ? [] : [target]
  return { sightings: counters.hellos, files, faults }
}
