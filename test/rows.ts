import { newCounters } from '../src/base/counters.js'
import { openCapture } from '../src/capture/file/open-capture.js'
import { RowCursor } from '../src/model/row.js'
import type { Sighting } from '../src/model/sighting.js'
import { Pipeline } from '../src/pipeline.js'

/** The rows of a capture, as a sensor hands them to a store. */
export async function rowsOfCapture(path: string, server = false): Promise<Buffer> {
  const pipeline = new Pipeline(
    {
      ports: undefined,
      fingerprints: 'all',
      keepHello: true,
      communityId: true,
      sightingId: true,
      rows: true,
      sensor: 'tap',
      server,
      seed: 1,
    },
    newCounters(),
  )
  pipeline.setOrigin({ file: path })
  const blocks = openCapture(path).blocks(new AbortController().signal)
  for await (const block of blocks) pipeline.take(block)
  pipeline.flush()
  return Buffer.from(pipeline.lines.bytes.subarray(0, pipeline.lines.len))
}

/** The lines of rows, parsed. */
export function linesOfRows(rows: Uint8Array): Sighting[] {
  const lines: Sighting[] = []
  const cursor = new RowCursor(rows)
  while (cursor.next())
    lines.push(
      JSON.parse(Buffer.from(rows.subarray(cursor.line, cursor.end)).toString()) as Sighting,
    )
  return lines
}
