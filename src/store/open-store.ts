import type { MakeSighting } from '../model/row.js'
import { isKeepAll } from '../privacy/privacy.js'
import type { Store, StoreLimits } from './contract.js'
import { MemoryStore } from './memory/memory-store.js'
import { privateStore } from './private-store.js'
import type { RedisStoreOptions } from './redis/redis-store.js'
import { openRedisStore } from './redis/redis-store.js'

/** How a store is opened. */
export type OpenStoreOptions = RedisStoreOptions

/**
 * The store a configuration asks for: Redis at `url`, or without one this process's memory.
 * @param make makes sightings of what a store keeps (fingerprint/stored-sighting.ts)
 * @throws StoreError
 */
export async function openStore(
  url: string | undefined,
  limits: StoreLimits,
  make: MakeSighting,
  options: OpenStoreOptions = {},
): Promise<Store> {
  const { privacy, now } = options
  const store =
    url === undefined
      ? new MemoryStore(limits, make, options)
      : await openRedisStore(url, limits, make, options)
  return privacy === undefined || isKeepAll(privacy)
    ? store
    : privateStore(store, privacy, limits, now)
}
