import { API_ROWS_AT_A_TIME, API_ROWS_AT_A_TIME_BYTES } from '../base/limits.js'
import type { SightingPage, Store } from '../store/contract.js'
import type { Take } from './turns.js'

/** Some sightings of an address, and how many newer ones there are before the first. */
export interface PlacedPage extends SightingPage {
  readonly offset: number
}

/**
 * Sightings of an address, newest first, from `offset` on and `limit` at most, taken from the store a few at a time: the
 * store fingerprints each again, which takes milliseconds for a hello of 20 KB. @throws StoreError
 */
export async function* pagedSightings(
  store: Pick<Store, 'sightings'>,
  ip: string,
  offset: number,
  limit: number,
  take: Take,
): AsyncGenerator<PlacedPage> {
  const end = offset + limit
  let at = offset
  let rows = 1
  while (at < end) {
    const count = Math.min(rows, end - at)
    const page = await take(() => store.sightings(ip, at, count))
    yield { ...page, offset: at }
    // rows that are no sightings are left out of the page
    at += count
    if (at >= page.total) return
    const largest = Math.max(1, ...page.sightings.map(({ hello_len }) => hello_len))
    rows = Math.max(1, Math.min(API_ROWS_AT_A_TIME, Math.floor(API_ROWS_AT_A_TIME_BYTES / largest)))
  }
}
