import { checkRedis, redisRisks } from '../store/redis/redis-check.js'
import type { EventLog } from '../telemetry/event-log.js'

/** Logs settings of the Redis at `url` that risk the loss of sightings. `watchStore` logs an unreachable Redis. */
export async function logRedisRisks(url: string, log: EventLog): Promise<void> {
  const state = await checkRedis(url).catch(() => undefined)
  for (const [risk, remedy] of state === undefined ? [] : redisRisks(state))
    log.warn('redis-at-risk', `Redis at ${state?.address ?? ''}: ${risk}. ${remedy}`)
}
