// Opens the store. It rebuilds stored sightings with the fingerprints of this version.

import { storedSightings } from './fingerprint/stored-sighting.js'
import type { Store, StoreLimits } from './store/contract.js'
import type { OpenStoreOptions } from './store/open-store.js'
import { openStore } from './store/open-store.js'

/**
 * The store a configuration asks for: Redis at `url`, or without one this process's memory.
 * @throws StoreError
 */
export function openSightingStore(
  url: string | undefined,
  limits: StoreLimits,
  options: OpenStoreOptions = {},
): Promise<Store> {
  return openStore(url, limits, storedSightings(), options)
}
