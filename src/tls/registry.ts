// What the classic fingerprint asks of the IANA registries, as tables for the hot path. Names are in
// registry-names.ts: a reader that prints none does not load them.

import {
  CIPHER_DROPPED_RANGES,
  EXTENSION_DROPPED_RANGES,
  GROUP_DROPPED_RANGES,
  IANA_SNAPSHOT,
} from './registry-dropped.js'

export { IANA_SNAPSHOT }

/** 1 for each cipher suite that IANA lists as exactly `Reserved` or `Unassigned`, else 0. */
export const CIPHER_DROPPED = droppedTable(CIPHER_DROPPED_RANGES)
/** 1 for each extension type that IANA lists as exactly `Reserved` or `Unassigned`, else 0. */
export const EXTENSION_DROPPED = droppedTable(EXTENSION_DROPPED_RANGES)
/** 1 for each supported group that IANA lists as exactly `Reserved` or `Unassigned`, else 0. */
export const GROUP_DROPPED = droppedTable(GROUP_DROPPED_RANGES)

function droppedTable(ranges: string): Uint8Array {
  const table = new Uint8Array(65_536)
  for (const range of ranges.split(' ')) {
    const dash = range.indexOf('-')
    table.fill(1, Number(range.slice(0, dash)), Number(range.slice(dash + 1)) + 1)
  }
  return table
}
