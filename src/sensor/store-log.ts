import type { Store } from '../store/contract.js'
import type { EventLog } from '../telemetry/event-log.js'
import { count } from '../telemetry/log.js'

/** Milliseconds between two looks at a store: an outage is told within them. */
const LOOK_MILLIS = 1_000
/** Milliseconds between two sentences about sightings dropped. */
const TELL_DROPS_MILLIS = 5_000

/** Tells when the store goes away, when it is back, and what was dropped meanwhile. @returns what ends it */
export function watchStore(store: Pick<Store, 'health'>, log: EventLog): () => void {
  let toldAway = false
  let gapsTold = 0
  let millisTold = 0
  let droppedTold = 0
  let toldAt = -Infinity
  let lostTold = 0
  let unspooledTold = 0
  const look = () => {
    const health = store.health()
    const { ready, reason = 'it does not answer', spooled, dropped, gaps } = health
    const now = performance.now()
    if (!ready && !toldAway) {
      toldAway = true
      log.warn('store-away', `${reason}; sightings wait in the spool`, { spooled })
    } else if (ready && gaps > gapsTold) {
      // also of times too short to be looked at
      const seconds = (health.gap_millis - millisTold) / 1000
      const times = gaps - gapsTold
      toldAway = false
      gapsTold = gaps
      millisTold = health.gap_millis
      log.info('store-back', `the store answers again, after ${seconds} s`, {
        seconds,
        gaps: times,
        spooled,
      })
    }
    const { unspooled = 0 } = health
    if (unspooled > unspooledTold) {
      log.error(
        'spool-full',
        `${count(unspooled - unspooledTold, 'sighting')} not written to --spool-dir and waiting in memory alone: free disk space, or raise --spool-size`,
        { unspooled: unspooled - unspooledTold, unspooled_total: unspooled },
      )
      unspooledTold = unspooled
    }
    if (health.lost > lostTold) {
      const lost = health.lost - lostTold
      lostTold = health.lost
      log.error(
        'sightings-lost',
        `Redis lost ${count(lost, 'sighting')} that it had taken: see to its persistence (appendonly yes) and its replicas`,
        { lost, lost_total: health.lost },
      )
    }
    if (dropped > droppedTold && now - toldAt >= TELL_DROPS_MILLIS) {
      log.warn(
        'sightings-dropped',
        `${count(dropped - droppedTold, 'sighting')} dropped: the spool is full (--spool), or the store refuses them`,
        { dropped: dropped - droppedTold, dropped_total: dropped },
      )
      droppedTold = dropped
      toldAt = now
    }
  }
  const timer = setInterval(look, LOOK_MILLIS).unref()
  return () => {
    clearInterval(timer)
    toldAt = -Infinity
    look()
  }
}
