import type { Store, StoreHealth } from '../store/contract.js'
import type { EventLog } from '../telemetry/event-log.js'
import { count } from '../telemetry/log.js'

/** Milliseconds between two checks of a store: the longest delay before an outage is logged. */
const CHECK_MILLIS = 1_000
/** Milliseconds between two log lines about dropped sightings. */
const DROPS_LOG_MILLIS = 5_000

/**
 * Logs when the store becomes unreachable and reachable again, and which sightings were dropped, lost or kept in memory alone.
 * @returns a function that ends this, after a last check
 */
export function watchStore(store: Pick<Store, 'health'>, log: EventLog): () => void {
  const storeLog = new StoreLog(log)
  const timer = setInterval(
    () => storeLog.check(store.health(), performance.now()),
    CHECK_MILLIS,
  ).unref()
  return () => {
    clearInterval(timer)
    storeLog.check(store.health(), Infinity)
  }
}

/** What was logged of a store so far. */
class StoreLog {
  readonly #log: EventLog
  #isUnreachable = false
  #gaps = 0
  #gapMillis = 0
  #dropped = 0
  #droppedAt = -Infinity
  #lost = 0
  #unspooled = 0

  constructor(log: EventLog) {
    this.#log = log
  }

  /** Logs the changes since the last check. @param now milliseconds of a monotonic clock */
  check(health: StoreHealth, now: number): void {
    this.#checkReachable(health)
    const { unspooled: unspooledTotal = 0, lost: lostTotal, dropped: droppedTotal } = health
    const unspooled = unspooledTotal - this.#unspooled
    if (unspooled > 0) {
      this.#unspooled = unspooledTotal
      this.#log.error(
        'spool-full',
        `${count(unspooled, 'sighting')} not written to --spool-dir and waiting in memory alone: free disk space, or raise --spool-size`,
        { unspooled, unspooled_total: unspooledTotal },
      )
    }
    const lost = lostTotal - this.#lost
    if (lost > 0) {
      this.#lost = lostTotal
      this.#log.error(
        'sightings-lost',
        `Redis lost ${count(lost, 'sighting')} that it had stored: check its persistence (appendonly yes) and its replicas`,
        { lost, lost_total: lostTotal },
      )
    }
    const dropped = droppedTotal - this.#dropped
    if (dropped > 0 && now - this.#droppedAt >= DROPS_LOG_MILLIS) {
      this.#dropped = droppedTotal
      this.#droppedAt = now
      this.#log.warn(
        'sightings-dropped',
        `${count(dropped, 'sighting')} dropped: the spool is full (--spool), or the store refuses them`,
        { dropped, dropped_total: droppedTotal },
      )
    }
  }

  #checkReachable({ ready, reason, spooled, gaps, gap_millis }: StoreHealth): void {
    if (!ready && !this.#isUnreachable) {
      this.#isUnreachable = true
      this.#log.warn(
        'store-away',
        `${reason ?? 'the store does not answer'}; sightings wait in the spool`,
        { spooled },
      )
    } else if (ready && gaps > this.#gaps) {
      // Includes gaps that began and ended between two checks.
      const seconds = (gap_millis - this.#gapMillis) / 1000
      const gapsSince = gaps - this.#gaps
      this.#isUnreachable = false
      this.#gaps = gaps
      this.#gapMillis = gap_millis
      this.#log.info('store-back', `the store answers again, after ${seconds} s`, {
        seconds,
        gaps: gapsSince,
        spooled,
      })
    }
  }
}
