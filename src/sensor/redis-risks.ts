import { checkRedis, redisRisks } from '../store/redis/redis-check.js'
import type { EventLog } from '../telemetry/event-log.js'

/** Logs once what of the Redis at `url` puts sightings at risk. A Redis that is unreachable is logged elsewhere. */
export async function logRedisRisks(url: string, log: EventLog): Promise<void> {
  const state = await checkRedis(url).catch(() => undefined)
  for (const [risk, remedy] of state === undefined ? [] : redisRisks(state))
    log.warn('redis-at-risk', `Redis at ${state?.address ?? ''}: ${risk}. ${remedy}`)
}
