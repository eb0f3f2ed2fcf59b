import { MemoryStore } from './memory/memory-store.js'
import type { RedisStoreOptions } from './redis/redis-store.js'
import { openRedisStore } from './redis/redis-store.js'
import type { Store, StoreLimits } from './contract.js'

/**
 * The store a configuration asks for: Redis at `url`, or without one this process's memory.
 * @throws StoreError
 */
export async function openStore(
  url: string | undefined,
  limits: StoreLimits,
  options: RedisStoreOptions = {},
): Promise<Store> {
  return url === undefined ? new MemoryStore(limits, options) : openRedisStore(url, limits, options)
}
