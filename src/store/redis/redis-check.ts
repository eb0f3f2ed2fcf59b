import { connectRedis, newRedisClient, parseRedisUrl } from './redis-connection.js'
import { storeErrorOf } from './redis-error.js'

/** What a Redis is, for who looks for faults. */
export interface RedisState {
  /** Where it is, without its password. */
  readonly address: string
  /** `redis_version`, which other servers of the protocol tell too. */
  readonly version: string
  /** "" where it does not tell. */
  readonly maxmemoryPolicy: string
  /** Neither an append-only file nor snapshots; false too where it does not tell. */
  readonly persistsNothing: boolean
  /** Milliseconds its clock is ahead of ours. */
  readonly clockAheadMillis: number
  readonly roundTripMillis: number
}

/**
 * Asks a Redis for its version, what it keeps and its time.
 * @throws StoreError
 */
export async function checkRedis(url: string, now: () => number = Date.now): Promise<RedisState> {
  const address = parseRedisUrl(url)
  const redis = newRedisClient(address)
  try {
    await connectRedis(redis, address)
    const sections = ['server', 'memory', 'persistence']
    const info = (await Promise.all(sections.map((section) => redis.info(section)))).join('\n')
    // hosted servers often refuse CONFIG
    const save = await redis.config('GET', 'save').catch(() => undefined)
    const asked = performance.now()
    const [seconds, micros] = await redis.time()
    const roundTripMillis = performance.now() - asked
    const theirs = Number(seconds) * 1000 + Number(micros) / 1000
    return {
      address: address.shown,
      version: field(info, 'redis_version'),
      maxmemoryPolicy: field(info, 'maxmemory_policy'),
      persistsNothing: field(info, 'aof_enabled') === '0' && Array.isArray(save) && save[1] === '',
      clockAheadMillis: theirs - (now() - roundTripMillis / 2),
      roundTripMillis,
    }
  } catch (error) {
    throw storeErrorOf(error, address)
  } finally {
    redis.disconnect()
  }
}

function field(info: string, name: string): string {
  return new RegExp(`^${name}:(\\S{1,64})`, 'm').exec(info)?.[1] ?? ''
}
