import { linesOfRows } from '../model/row.js'
import type { Sighting } from '../model/sighting.js'
import type { Store } from '../store/contract.js'
import type { LinesSink } from './sensor.js'

/** Puts rows into the store as they are. */
export function storeSink(store: Store): LinesSink {
  return (rows) => {
    if (!store.put(rows)) return store.room()
  }
}

/** Hands the lines of rows on, without their heads. */
export function linesSink(sink: LinesSink): LinesSink {
  return (rows, counters) => sink(linesOfRows(rows), counters)
}

/** The sightings of complete JSON lines, which are our own. */
export function sightingsOf(lines: Uint8Array): Sighting[] {
  return Buffer.from(lines.buffer, lines.byteOffset, lines.length)
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Sighting)
}
