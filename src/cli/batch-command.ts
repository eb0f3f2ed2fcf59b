import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import {
  addCaptures,
  batchStatus,
  openQueue,
  queueConnection,
  retryFailed,
} from '../batch/queue.js'
import { startQueueWorker } from '../batch/queue-worker.js'
import { expandInputs } from '../capture/file/inputs.js'
import type { Config } from '../config.js'
import { ConfigError } from '../config/config-error.js'
import { count, log } from '../telemetry/log.js'
import { configOf } from './options.js'
import { print } from '../output/print.js'
import { checkRedis } from '../store/redis/redis-check.js'
import { stopSignal } from '../sensor/stop-signal.js'

/** Milliseconds between two checks whether the queue is empty. */
const IDLE_MILLIS = 200

/**
 * `batch add|work|status|retry`: captures read by any number of machines. Exit 0 done, 1 if captures failed.
 * @throws ConfigError, StoreError
 */
export async function batch(args: Readonly<Record<string, unknown>>): Promise<number> {
  const config = configOf(args)
  if (config.redis === undefined)
    throw new ConfigError(
      'batch needs --redis URL, the Redis of the queue; `hellotap read` needs none',
    )
  // BullMQ waits for an unreachable Redis without an error: the first connection reports it.
  await checkRedis(config.redis)
  const connection = queueConnection(config.redis)
  const queue = openQueue(connection)
  try {
    switch (args['action'] as string) {
      case 'add':
        return await add(queue, config, args)
      case 'work':
        return await work(queue, config, args['drain'] === true)
      case 'retry':
        log(`${count(await retryFailed(queue), 'capture')} queued again`)
        return 0
      default:
        return await status(queue, args['json'] === true)
    }
  } finally {
    await queue.close()
    connection.disconnect()
  }
}

type Queue = ReturnType<typeof openQueue>

async function add(
  queue: Queue,
  config: Config,
  args: Readonly<Record<string, unknown>>,
): Promise<number> {
  const words = (args['file'] as string[] | undefined) ?? []
  if (words.length === 0) throw new ConfigError('batch add needs a folder, a file or a glob')
  const [lines, ...more] = config.output
  if (more.length > 0 || (lines === undefined && config.history === undefined))
    throw new ConfigError('batch add needs -o FOLDER for JSON lines, --history FOLDER, or both')
  const { files, notes, failures } = await expandInputs(words)
  for (const note of notes) log(note)
  for (const { message } of failures) log(`hellotap: ${message}`)
  const { ports, fingerprints, hello, server, sensor, link: linkType } = config
  const history = config.history === undefined ? undefined : resolve(config.history)
  const { added, known } = await addCaptures(
    queue,
    files,
    {
      lines: lines === undefined ? undefined : resolve(lines),
      history,
      options: {
        ...{ ports, fingerprints, hello, server, sensor, linkType, follow: false },
        id: history !== undefined,
        identify: config.identify,
        knowledge: config.knowledge,
      },
    },
    args['again'] === true,
  )
  log(`${count(added, 'capture')} queued, ${known} queued or done before`)
  return failures.length > 0 ? 1 : 0
}

async function work(queue: Queue, config: Config, isDrained: boolean): Promise<number> {
  const signal = stopSignal()
  const connection = queueConnection(config.redis ?? '')
  const worker = startQueueWorker(connection, {
    jobs: config.jobs ?? availableParallelism(),
    onDone: ({ path }, { sightings, faults }) => {
      log(`${path}: ${count(sightings, 'sighting')}`)
      for (const fault of faults) log(`${path}: ${fault}`)
    },
    onFailed: (path, reason) => log(`${path}: failed: ${reason}`),
  })
  try {
    while (!signal.aborted) {
      if (isDrained) {
        const { waiting, active } = await batchStatus(queue)
        if (waiting + active === 0) break
      }
      await new Promise((settle) => setTimeout(settle, IDLE_MILLIS))
    }
  } finally {
    // Captures in progress are finished. A second signal ends at once, and other workers repeat them.
    await worker.close()
    connection.disconnect()
  }
  return 0
}

async function status(queue: Queue, isJson: boolean): Promise<number> {
  const found = await batchStatus(queue)
  if (isJson) print(`${JSON.stringify(found)}\n`)
  else {
    const { waiting, active, done, failed, sightings, failures } = found
    print(
      `waiting ${waiting}\nactive  ${active}\ndone    ${done} (${count(sightings, 'sighting')})\nfailed  ${failed}\n` +
        failures.map(({ path, reason }) => `  ${path}: ${reason}\n`).join(''),
    )
  }
  return found.failed > 0 ? 1 : 0
}
