import { StoreError } from '../contract.js'
import type { RedisAddress, RedisClient } from './redis-connection.js'

/** The format that this version writes; docs/store.md has its keys. */
export const FORMAT = '4'
const FORMAT_KEY = 'hellotap:format'
/** A key that every database in the format of 0.1 has. */
const FIRST_FORMAT_KEY = 'hellotap:{stats}:buckets'

/**
 * Marks a database as one of this format.
 * @throws StoreError STORE_OLD_FORMAT where it holds another, and what Redis fails by
 */
export async function claimFormat(redis: RedisClient, address: RedisAddress): Promise<void> {
  const found =
    (await redis.get(FORMAT_KEY)) ?? ((await redis.exists(FIRST_FORMAT_KEY)) > 0 ? '1' : undefined)
  if (found === undefined) await redis.set(FORMAT_KEY, FORMAT)
  else if (found !== FORMAT)
    throw new StoreError(
      'STORE_OLD_FORMAT',
      `Redis at ${address.shown} holds sightings in format ${found.slice(0, 16)}, and this version reads and writes format ${FORMAT}: give it a database of its own, or empty this one (redis-cli FLUSHDB)`,
    )
}
