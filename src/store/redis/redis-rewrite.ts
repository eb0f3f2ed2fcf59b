import type { Redis } from 'ioredis'
import { STORE_KEYS_SCANNED, STORE_ROWS_SCANNED } from '../../base/limits.js'
import type { Sighting } from '../../model/sighting.js'
import { REPLACE_ROWS } from './redis-scripts.js'
import { ROWS_KEYS, rowOf } from './redis-writer.js'
import { parseSighting } from '../sighting-schema.js'

/**
 * Gives every row's sighting to `remake` and puts what comes back in its place, a few rows at a time.
 * @param expired microseconds since the epoch: rows up to it are past their time to live
 */
export async function rewriteRows(
  redis: Redis,
  expired: number,
  remake: (sighting: Sighting) => Sighting | undefined,
): Promise<void> {
  let cursor = '0'
  do {
    const [next, keys] = await redis.scan(
      cursor,
      'MATCH',
      ROWS_KEYS,
      'COUNT',
      STORE_KEYS_SCANNED,
      'TYPE',
      'zset',
    )
    for (const key of keys) await rewriteKey(redis, key, expired, remake)
    cursor = next
  } while (cursor !== '0')
}

async function rewriteKey(
  redis: Redis,
  key: string,
  expired: number,
  remake: (sighting: Sighting) => Sighting | undefined,
): Promise<void> {
  let cursor = '0'
  do {
    const [next, scanned] = await redis.zscan(key, cursor, 'COUNT', STORE_ROWS_SCANNED)
    const replacements: string[] = []
    // rows and scores by turns
    for (let i = 0; i < scanned.length; i += 2) {
      const row = scanned[i] ?? ''
      if (Number(scanned[i + 1]) <= expired) continue
      const again = remadeRow(row, remake)
      if (again !== undefined && again !== row) replacements.push(row, again)
    }
    if (replacements.length > 0) await redis.eval(REPLACE_ROWS, 1, key, ...replacements)
    cursor = next
  } while (cursor !== '0')
}

function remadeRow(
  row: string,
  remake: (sighting: Sighting) => Sighting | undefined,
): string | undefined {
  const json = row.slice(row.indexOf('{'))
  if (parseSighting(json) === undefined) return undefined
  // keys that another version of this program wrote are kept, where parseSighting leaves them out
  const sighting = remake(JSON.parse(json) as Sighting)
  return sighting && rowOf({ sighting, order: row.slice(0, row.indexOf(' ')) })
}
