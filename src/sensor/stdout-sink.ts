import { writeSync } from 'node:fs'
import { OUTPUT_HELD_BYTES } from '../base/limits.js'
import { reasonOf } from '../base/error-reason.js'
import { PatientFile, isFile } from '../output/retrying-file.js'
import type { EventLog } from '../telemetry/event-log.js'
import { count } from '../telemetry/log.js'
import type { LinesSink } from './sinks.js'

/** Where a sensor prints its sightings. */
export interface StdoutSink {
  readonly put: LinesSink
  /** Logs how many sightings could not be written. */
  close(): void
}

/** Standard output: a file whose disk may be full for a while, or a pipe, for whose reader the capture waits. */
export function stdoutSink(log: EventLog): StdoutSink {
  if (!isFile(1)) return { put: toPipe(), close: () => undefined }
  const file = new PatientFile(1, {
    held: OUTPUT_HELD_BYTES,
    onStuck: (error) => {
      const most = OUTPUT_HELD_BYTES >> 20
      log.error(
        'output-stuck',
        `standard output cannot be written: ${reasonOf(error)}. Free space on its disk: until then ${most} MiB of ` +
          'sightings wait, later sightings are dropped and counted; capture goes on',
        { code: error.code ?? '' },
      )
    },
    onFree: ({ millis, dropped }) => {
      const seconds = millis / 1000
      log.info(
        'output-back',
        `standard output is written again, after ${seconds} s; ${count(dropped, 'sighting')} dropped`,
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
          `${count(left, 'sighting')} lost that waited for standard output`,
          { dropped: left },
        )
    },
  }
}

/**
 * Writes directly as many bytes as the pipe takes; for the rest the capture waits. The stream's own write costs as much as all
 * other work on a batch of a few hellos.
 */
function toPipe(): LinesSink {
  // Access to process.stdout makes the descriptor non-blocking.
  const { stdout } = process
  return (lines) => {
    const written = stdout.writableLength > 0 ? 0 : writeNow(stdout.fd, lines)
    if (written === lines.length) return
    return new Promise((resolve, reject) => {
      // A copy: the pipeline overwrites its lines after this call.
      const rest = Uint8Array.from(lines.subarray(written))
      stdout.write(rest, (error) => (error ? reject(error) : resolve()))
    })
  }
}

/** @returns bytes written, 0 if the pipe is full. @throws Error */
function writeNow(fd: number, bytes: Uint8Array): number {
  try {
    return writeSync(fd, bytes)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return 0
    throw error
  }
}
