import { statSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { ConfigError } from '../config/config-error.js'
import type { Config } from '../config.js'
import { expandInputs } from '../capture/file/inputs.js'
import { ringBufferOf } from '../capture/file/ring-buffer.js'
import { FdOutput } from '../output/fd-output.js'
import { makeStdoutBlocking } from '../output/blocking-stdout.js'
import { log } from '../telemetry/log.js'
import { configOf } from './options.js'
import type { ReadOutput } from '../open-outputs.js'
import type { StoreOutput } from '../batch/store-output.js'
import type { FileSet } from '../batch/worker-pool.js'
import type { ReadOptions } from '../batch/read-set.js'
import { ReadSummary } from '../batch/read-summary.js'
import { stopSignal } from '../sensor/stop-signal.js'

/** Bytes to read from which several files are read in parallel: a worker takes a tenth of a second to start. */
const PARALLEL_FROM = 32 << 20

/**
 * Bytes of bytecode that a function runs through before V8 11, that of Node 20, optimizes it: seven times its default. The
 * loops over frames are kernels, and with the default what sees a thousand hellos of a big capture is optimized for as long
 * as it runs. `npm run bench:start` shows what this earns. Later versions of V8 have no such flag.
 */
const INTERRUPT_BUDGET = 450_000

/** Exit codes of a reading that a signal ended, as shells have them. */
const STOPPED: Readonly<Record<string, number>> = { SIGINT: 130, SIGTERM: 143 }

/**
 * `read FILE…`: fingerprints of captures, one JSON line each.
 * Exit 0 done, 1 where a file could not be read, 130 and 143 where a signal ended the reading before its end.
 */
export async function read(args: Readonly<Record<string, unknown>>): Promise<number> {
  const config = configOf(args)
  // a Redis that the environment names for the daemons is not meant by every reading
  const toStore = args['redis'] !== undefined || args['as-of'] !== undefined
  if (toStore && config.redis === undefined)
    throw new ConfigError('--as-of goes with --redis URL, the store that takes the sightings')
  const options: ReadOptions = {
    ports: config.ports,
    fingerprints: config.fingerprints,
    hello: config.hello,
    identify: config.identify,
    knowledge: config.knowledge,
    server: config.server,
    tunnelPorts: config['tunnel-port'],
    sensor: config.sensor,
    linkType: config.link,
    follow: config.follow,
    id: config.history !== undefined || config.format === 'parquet',
    rows: toStore,
  }
  const isQuiet = config.quiet
  makeStdoutBlocking()
  const kept = toStore ? await openStoreFor(config) : undefined
  const opened = kept ?? (await openOutput(config))
  const output = opened ?? new FdOutput(1)
  const summary = new ReadSummary(output)
  const signal = stopSignal()
  const sets = await inputs(args['file'] as string[], isQuiet, summary)
  if (options.follow && (sets.length !== 1 || sets[0]?.length !== 1 || sets[0][0]?.path === '-'))
    throw new ConfigError('--follow reads on in one file: name that file alone')
  if (!isQuiet && process.stderr.isTTY && !process.stdout.isTTY) {
    const { ReadProgress } = await import('../batch/read-progress.js')
    summary.show(new ReadProgress(await totalOf(sets, options), process.stderr))
  }
  try {
    const jobs = config.jobs ?? (await import('node:os')).availableParallelism()
    if (jobs > 1 && !options.follow && opened?.isPatient !== true && isWorthWorkers(sets)) {
      const { readInParallel } = await import('../batch/worker-pool.js')
      await readInParallel(sets, jobs, options, summary, output, signal)
    } else {
      const { newPipeline, readSet } = await import('../batch/read-set.js')
      const pipeline = await newPipeline(options, summary)
      if (process.versions.v8.startsWith('11.'))
        setFlagsFromString(`--interrupt-budget=${INTERRUPT_BUDGET}`)
      for (const set of sets) {
        if (signal.aborted) break
        await readSet(
          set.map(({ path }) => path),
          pipeline,
          options,
          summary,
          signal,
        )
      }
    }
    await opened?.close()
  } catch (error) {
    if (isOutputClosed(error)) return 0
    throw error
  } finally {
    summary.hide()
  }
  const isStopped = signal.aborted && !options.follow
  if (!isQuiet) summary.sum(isStopped)
  const isKept = kept?.report(isQuiet) !== false
  if (isStopped) return STOPPED[String(signal.reason)] ?? 1
  // a capture that is too old for the store is a mistake in the command
  if (!isKept) return 2
  return summary.failed > 0 ? 1 : 0
}

/** The store of --redis, and what else is asked for beside it. */
async function openStoreFor(config: Config): Promise<StoreOutput> {
  const { openStoreOutput } = await import('../batch/store-output.js')
  const hasOthers =
    config.format !== undefined || config.output.length > 0 || config.history !== undefined
  if (!hasOthers) return openStoreOutput(config, [])
  const { openConsumers } = await import('../open-outputs.js')
  return openStoreOutput(config, (await openConsumers(config, { isLive: false })).consumers)
}

/** Outputs other than plain JSON lines to stdout; undefined for those. */
async function openOutput(config: Config): Promise<ReadOutput | undefined> {
  const isPlain =
    (config.format ?? (process.stdout.isTTY ? 'table' : 'jsonl')) === 'jsonl' &&
    config.output.length === 0 &&
    config.history === undefined
  if (isPlain) return undefined
  const { openReadOutput } = await import('../open-outputs.js')
  return openReadOutput(config)
}

/** Whether the reader of our output has closed it. */
function isOutputClosed(error: unknown): boolean {
  return error instanceof Error && error.name === 'OutputClosed'
}

/**
 * The captures that the words name, in reading order: those of one ring buffer as a set, every other file by itself.
 * What lay beside them unread is said, and a word that names nothing keeps nobody from reading the others.
 */
async function inputs(
  words: readonly string[],
  isQuiet: boolean,
  summary: ReadSummary,
): Promise<FileSet[]> {
  const { files, notes, failures } = await expandInputs(words)
  if (!isQuiet) for (const note of notes) log(note)
  for (const { message } of failures) summary.fail(message)
  const sets = new Map<string, { path: string; size: number }[]>()
  for (const path of files) {
    const key = path === '-' ? path : ringBufferOf(path)
    const file = { path, size: sizeOf(path) }
    const set = sets.get(key)
    if (set === undefined) sets.set(key, [file])
    else set.push(file)
  }
  return [...sets.values()]
}

/** Bytes of a regular file; 0 of what is none, or cannot be looked at. */
function sizeOf(path: string): number {
  const found = path === '-' ? undefined : statSync(path, { throwIfNoEntry: false })
  return found?.isFile() === true ? found.size : 0
}

/** Whether the files are worth worker threads. Only the main thread can read stdin. */
function isWorthWorkers(sets: readonly FileSet[]): boolean {
  const files = sets.flat()
  if (sets.length < 2 || files.some(({ path }) => path === '-')) return false
  return files.reduce((sum, { size }) => sum + size, 0) >= PARALLEL_FROM
}

/** Bytes to be read, or undefined where that is not known beforehand: of pipes, and of compressed files. */
async function totalOf(
  sets: readonly FileSet[],
  options: ReadOptions,
): Promise<number | undefined> {
  if (options.follow) return undefined
  const { isPlainCapture } = await import('../capture/file/file-blocks.js')
  let total = 0
  for (const { path, size } of sets.flat()) {
    if (path === '-' || !isPlainCapture(path)) return undefined
    total += size
  }
  return total
}
