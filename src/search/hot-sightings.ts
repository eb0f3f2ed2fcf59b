import type { SightingLine } from '../history/row.js'
import type { Store } from '../store/contract.js'
import { SearchError } from './search-error.js'

/** Sightings of the hot store that one search takes; each has some kilobytes. */
const MOST_HOT = 200_000

/**
 * The sightings the hot store holds from a time on. @param from milliseconds since the epoch
 * @throws SearchError if they are too many, StoreError
 */
export async function hotSightings(
  store: Pick<Store, 'visit'>,
  from: number,
): Promise<SightingLine[]> {
  const found: SightingLine[] = []
  await store.visit((sighting) => {
    if (Date.parse(sighting.time) >= from) found.push(sighting as SightingLine)
    return found.length <= MOST_HOT
  })
  if (found.length > MOST_HOT)
    throw new SearchError(
      `the hot store has more than ${MOST_HOT} sightings of that time: ask for a shorter time, or keep a history with --history`,
    )
  return found
}
