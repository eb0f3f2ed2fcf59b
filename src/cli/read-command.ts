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

/** Total size from which on several files are read in parallel: a worker needs 0.1 s to start. */
const PARALLEL_FROM = 32 << 20

/**
 * Bytes of bytecode that a function runs before V8 11 (Node 20) optimizes it: seven times the default. The loops over frames are
 * kernels; with the default, V8 spends the whole run optimizing functions that handle a thousand hellos. Measured by
 * `npm run bench:start`. Later versions of V8 have no such flag.
 */
const INTERRUPT_BUDGET = 450_000

/** Exit codes after a signal, as in shells. */
const STOPPED: Readonly<Record<string, number>> = { SIGINT: 130, SIGTERM: 143 }

/**
 * `read FILE…`: fingerprints of captures, one JSON line each.
 * Exit 0 done, 1 if a file could not be read, 2 on bad usage, 130 or 143 after SIGINT or SIGTERM.
 */
export async function read(args: Readonly<Record<string, unknown>>): Promise<number> {
  const config = configOf(args)
  // HELLOTAP_REDIS is for the daemons: `read` stores only if the command line asks for it.
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
  // A capture older than the TTL needs --as-of now: bad usage.
  if (!isKept) return 2
  return summary.failed > 0 ? 1 : 0
}

/** The store of --redis, with the other outputs. */
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

/** Whether the reader of stdout has closed it. */
function isOutputClosed(error: unknown): boolean {
  return error instanceof Error && error.name === 'OutputClosed'
}

/**
 * The captures named on the command line, in reading order: the files of one ring buffer as one set, any other file alone.
 * Skipped files are logged. A word without a capture is a failure, and the others are still read.
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

/** Size of a regular file, bytes; 0 for any other. */
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

/** Total bytes to read; undefined for pipes and compressed files, whose size is unknown. */
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
