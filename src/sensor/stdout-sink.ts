import { writeSync } from 'node:fs'
import { OUTPUT_HELD_BYTES } from '../base/limits.js'
import { PatientFile, isFile, reasonOf } from '../output/retrying-file.js'
import type { EventLog } from '../telemetry/event-log.js'
import { count } from '../telemetry/log.js'
import type { LinesSink } from './sinks.js'

/** Where a sensor prints its sightings. */
export interface StdoutSink {
  readonly put: LinesSink
  /** Tells what is left that could not be written. */
  close(): void
}

/** Standard output: a file whose disk may be full for a while, or a pipe whose reader the capture waits for. */
export function stdoutSink(log: EventLog): StdoutSink {
  if (!isFile(1)) return { put: toPipe(), close: () => undefined }
  const file = new PatientFile(1, {
    held: OUTPUT_HELD_BYTES,
    onStuck: (error) => {
      const most = OUTPUT_HELD_BYTES >> 20
      log.error(
        'output-stuck',
        `standard output cannot be written: ${reasonOf(error)}. Make room on its disk: until then ${most} MiB of ` +
          'sightings wait, and what comes then is dropped and counted; capture goes on',
        { code: error.code ?? '' },
      )
    },
    onFree: ({ millis, dropped }) => {
      const seconds = millis / 1000
      log.info(
        'output-back',
        `standard output is written again, after ${seconds} s; ${count(dropped, 'sighting')} dropped meanwhile`,
        { seconds, dropped },
      )
    },
  })
  return {
    put: (lines, counters) => {
      counters.sightings_unwritten += file.put(lines)
    },
    close: () => {
      const left = file.close()
      if (left > 0)
        log.error(
          'output-lost',
          `${count(left, 'sighting')} lost that waited to be written to standard output`,
          { dropped: left },
        )
    },
  }
}

/**
 * Writes at once what the pipe takes; for the rest the capture waits. A stream's write by itself would cost as much as all
 * else that a batch of a few hellos does.
 */
function toPipe(): LinesSink {
  // being asked for, it has the descriptor no longer wait for a slow reader
  const { stdout } = process
  return (lines) => {
    const written = stdout.writableLength > 0 ? 0 : writeNow(stdout.fd, lines)
    if (written === lines.length) return
    return new Promise((resolve, reject) => {
      // a copy: the pipeline writes over its lines as soon as we return
      const rest = Uint8Array.from(lines.subarray(written))
      stdout.write(rest, (error) => (error ? reject(error) : resolve()))
    })
  }
}

/** @returns bytes written, 0 where there is no room. @throws Error */
function writeNow(fd: number, bytes: Uint8Array): number {
  try {
    return writeSync(fd, bytes)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return 0
    throw error
  }
}
