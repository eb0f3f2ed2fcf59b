import { MAX_CHECKED_HELLO_BYTES, MAX_CHECKED_HELLOS } from '../base/limits.js'
import type { Sighting } from '../model/sighting.js'
import { isSettledSighting } from '../model/trust.js'
import type { Store } from '../store/contract.js'
import { pagedSightings } from './paged-sightings.js'
import type { Take } from './turns.js'

/**
 * Hellos of an address that a User-Agent is judged by: the newest, bounded in number and in bytes. One that anybody may
 * have sent counts only where there is no other. @throws StoreError
 */
export async function checkedHellos(
  store: Pick<Store, 'sightings'>,
  ip: string,
  take: Take,
): Promise<Sighting[]> {
  const kept: Sighting[] = []
  const others: Sighting[] = []
  let bytes = 0
  for await (const { sightings } of pagedSightings(store, ip, 0, MAX_CHECKED_HELLOS, take))
    for (const sighting of sightings) {
      if (sighting.hello === undefined) continue
      if (!isSettledSighting(sighting)) {
        if (others.length === 0) others.push(sighting)
        continue
      }
      bytes += sighting.hello_len
      if (kept.length > 0 && bytes > MAX_CHECKED_HELLO_BYTES) return kept
      kept.push(sighting)
    }
  return kept.length > 0 ? kept : others
}
