import type { Store } from '../store/store.js'
import type { EventLog } from './event-log.js'
import { count } from './log.js'

/** Milliseconds between two looks at a store: an outage is told within them. */
const LOOK_MILLIS = 1_000
/** Milliseconds between two sentences about sightings dropped. */
const TELL_DROPS_MILLIS = 5_000

/** Tells when the store goes away, when it is back, and what was dropped meanwhile. @returns what ends it */
export function watchStore(store: Pick<Store, 'health'>, log: EventLog): () => void {
  let awaySince: number | undefined
  let droppedTold = 0
  let toldAt = -Infinity
  const look = () => {
    const { ready, reason = 'it does not answer', spooled, dropped } = store.health()
    const now = performance.now()
    if (!ready && awaySince === undefined) {
      awaySince = now
      log.warn('store-away', `${reason}; sightings wait in the spool`, { spooled })
    } else if (ready && awaySince !== undefined) {
      const seconds = Math.round(now - awaySince) / 1000
      awaySince = undefined
      log.info('store-back', `the store answers again, after ${seconds} s`, { seconds, spooled })
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
