// Where the sightings of a sensor go: adapters between rows, lines and their consumers.

import type { Counters } from '../base/counters.js'
import { linesOfRows } from '../model/row.js'
import type { Sighting } from '../model/sighting.js'
import type { PrivacyPolicy } from '../privacy/privacy.js'
import { isKeepAll, privateSighting } from '../privacy/privacy.js'
import type { Store } from '../store/contract.js'

/**
 * Takes complete JSON lines, or rows (model/row.ts) if the sensor writes rows. It copies the bytes it needs beyond the
 * call. A returned promise makes the capture wait. Sightings it drops are counted in `counters`, those of the interface.
 */
export type LinesSink = (lines: Uint8Array, counters: Counters) => Promise<void> | void

/** Puts rows into the store unchanged. */
export function storeSink(store: Store): LinesSink {
  return (rows) => {
    if (!store.put(rows)) return store.room()
  }
}

/** Takes rows and passes their lines to `sink`. */
export function linesSink(sink: LinesSink): LinesSink {
  return (rows, counters) => sink(linesOfRows(rows), counters)
}

/** Passes to `sink` each line as the privacy policy allows it, and the same bytes if the policy changes nothing. */
export function privateLines(sink: LinesSink, policy: PrivacyPolicy): LinesSink {
  if (isKeepAll(policy)) return sink
  return (lines, counters) => {
    const kept = sightingsOf(lines).map(
      (one) => `${JSON.stringify(privateSighting(policy, one))}\n`,
    )
    return sink(Buffer.from(kept.join('')), counters)
  }
}

/** Passes the lines to every one of `sinks`; the capture waits for the slowest. */
export function joinSinks(sinks: readonly LinesSink[]): LinesSink {
  const [only] = sinks
  if (only !== undefined && sinks.length === 1) return only
  return (lines, counters) => {
    const waits = sinks.flatMap((sink) => sink(lines, counters) ?? [])
    if (waits.length > 0) return Promise.all(waits).then(() => undefined)
  }
}

/** The sightings in complete JSON lines that this program wrote. */
export function sightingsOf(lines: Uint8Array): Sighting[] {
  return Buffer.from(lines.buffer, lines.byteOffset, lines.length)
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Sighting)
}
