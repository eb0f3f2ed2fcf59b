// The metrics of a store: its state, and counts of sightings.

import type { Registry } from 'prom-client'
import { addCounter, addGauge } from './metric.js'

/** State of a store, as `Store.health` gives it. */
interface Health {
  readonly ready: boolean
  readonly spooled: number
  readonly dropped: number
  readonly bad_rows: number
  readonly stored?: number
  readonly merged?: number
  readonly too_old?: number
  readonly unspooled?: number
  readonly refused?: number
  readonly evicted?: number
  readonly lost?: number
  readonly gaps: number
  readonly gap_millis: number
}

/** The figures of a store: its state, and how many sightings it holds. */
export interface StoreFigures {
  health(): Health
  total(): Promise<number>
}

/** Counters: the part of the name between `hellotap_store_` and `_total`, help, value. */
const COUNTERS: readonly (readonly [string, string, (health: Health) => number | undefined])[] = [
  [
    'dropped_sightings',
    'sightings dropped because the spool was full or the store refused them for good',
    ({ dropped }) => dropped,
  ],
  [
    'unspooled_sightings',
    'sightings that --spool-dir had no room for: they waited in memory alone',
    ({ unspooled }) => unspooled,
  ],
  ['stored_sightings', 'sightings that the store took', ({ stored }) => stored],
  ['merged_sightings', 'sightings that the store knew already by their id', ({ merged }) => merged],
  [
    'too_old_sightings',
    'sightings not taken because they were older than the TTL',
    ({ too_old }) => too_old,
  ],
  [
    'refused_sightings',
    'sightings not taken because their source prefix had used up its room',
    ({ refused }) => refused,
  ],
  [
    'evicted_sightings',
    'sightings pushed out for newer ones before their time was over',
    ({ evicted }) => evicted,
  ],
  ['lost_sightings', 'sightings that Redis had taken and lost', ({ lost }) => lost],
  ['gaps', 'times the store was unreachable, one that goes on included', ({ gaps }) => gaps],
  [
    'gap_seconds',
    'seconds the store was unreachable, over all times',
    ({ gap_millis }) => gap_millis / 1000,
  ],
  ['bad_rows', 'rows read back that were no sightings', ({ bad_rows }) => bad_rows],
]

/** Adds the metrics of `store`. */
export function addStoreMetrics(registry: Registry, store: StoreFigures): void {
  addGauge(registry, 'hellotap_store_ready', '1 while the store answers, else 0', () =>
    Number(store.health().ready),
  )
  addGauge(
    registry,
    'hellotap_store_spooled_sightings',
    'sightings that wait to be written to the store',
    () => store.health().spooled,
  )
  addGauge(
    registry,
    'hellotap_store_sightings',
    'sightings the statistics hold; no sample while the store is unreachable',
    () => store.total().catch(() => undefined),
  )
  for (const [name, help, value] of COUNTERS)
    addCounter(registry, `hellotap_store_${name}_total`, help, () => value(store.health()))
}
