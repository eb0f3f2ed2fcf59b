import { connectRedis, newRedisClient, parseRedisUrl } from './redis-connection.js'
import { storeErrorOf } from './redis-error.js'

/** Milliseconds by which clocks may differ before it matters: the statistics' and the sensor's. */
const CLOCK_SLACK_MILLIS = 1_000

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

/** A risk to the sightings in a Redis, and its remedy. */
export type RedisRisk = readonly [risk: string, remedy: string]

/** What of a Redis puts sightings at risk. */
export function redisRisks(state: RedisState): RedisRisk[] {
  const { clockAheadMillis, maxmemoryPolicy, persistsNothing } = state
  const risks: RedisRisk[] = []
  if (Math.abs(clockAheadMillis) > CLOCK_SLACK_MILLIS)
    risks.push([
      `its clock and ours differ by ${(Math.abs(clockAheadMillis) / 1000).toFixed(1)} s`,
      'let a time server set both: sightings are kept by their time',
    ])
  if (maxmemoryPolicy !== 'noeviction' && maxmemoryPolicy !== '')
    risks.push([
      `its maxmemory-policy is ${maxmemoryPolicy}`,
      'redis-cli config set maxmemory-policy noeviction: the keys of the statistics belong together',
    ])
  if (persistsNothing)
    risks.push([
      'it persists nothing: its restart loses every sighting',
      'redis-cli config set appendonly yes, and appendonly yes in redis.conf',
    ])
  return risks
}

function field(info: string, name: string): string {
  return new RegExp(`^${name}:(\\S{1,64})`, 'm').exec(info)?.[1] ?? ''
}
