import { join } from 'node:path'
import { TOKENS_FILE, TokenFile } from '../api/token-file.js'
import { RedisTokens } from '../api/token-redis.js'
import type { TokenStore } from '../api/tokens.js'
import type { Config } from '../config.js'
import { connectRedis, newRedisClient, parseRedisUrl } from '../store/redis/redis-connection.js'
import { dataDir } from '../config/data-dir.js'

/** Where tokens are kept, open. */
export interface OpenTokens {
  readonly tokens: TokenStore
  /** Where that is, for messages. */
  readonly place: string
  close(): void
}

/**
 * The tokens of a configuration: in Redis where sightings are, so that every API process knows them, else in a file of
 * the data directory.
 * @param wait whether to connect at once and fail where Redis is unreachable; else commands fail while it is
 * @throws StoreError
 */
export async function openTokens(
  config: Pick<Config, 'redis' | 'data-dir'>,
  wait: boolean,
): Promise<OpenTokens> {
  if (config.redis === undefined) {
    const path = join(dataDir(config), TOKENS_FILE)
    return { tokens: new TokenFile(path), place: path, close: () => undefined }
  }
  const address = parseRedisUrl(config.redis)
  const redis = newRedisClient(address)
  // the store's own client tells of it
  redis.on('error', () => undefined)
  try {
    const connected = connectRedis(redis, address)
    if (wait) await connected
    else connected.catch(() => undefined)
  } catch (error) {
    redis.disconnect()
    throw error
  }
  return {
    tokens: new RedisTokens(redis),
    place: address.shown,
    close: () => redis.disconnect(),
  }
}
