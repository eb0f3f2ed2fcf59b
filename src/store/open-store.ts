import type { PrivacyPolicy } from '../privacy/privacy.js'
import { isKeepAll } from '../privacy/privacy.js'
import { privateStore } from './private-store.js'
import { MemoryStore } from './memory/memory-store.js'
import type { RedisStoreOptions } from './redis/redis-store.js'
import { openRedisStore } from './redis/redis-store.js'
import type { Store, StoreLimits } from './contract.js'

/** How a store is opened. */
export interface OpenStoreOptions extends RedisStoreOptions {
  /** What is kept of a client; everything where absent. */
  readonly privacy?: PrivacyPolicy
}

/**
 * The store a configuration asks for: Redis at `url`, or without one this process's memory.
 * @throws StoreError
 */
export async function openStore(
  url: string | undefined,
  limits: StoreLimits,
  options: OpenStoreOptions = {},
): Promise<Store> {
  const { privacy, now } = options
  const store =
    url === undefined
      ? new MemoryStore(limits, options)
      : await openRedisStore(url, limits, options)
  return privacy === undefined || isKeepAll(privacy)
    ? store
    : privateStore(store, privacy, limits, now)
}
