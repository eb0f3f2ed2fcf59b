import * as z from 'zod/mini'
import type { Option } from './option.js'
import { named, positive, redisUrl } from './schemas.js'

/** Options of the store and the history. */
export const STORE_OPTIONS = {
  redis: {
    type: 'string',
    group: 'Store',
    describe: 'URL of the Redis that stores sightings',
    shownDefault: 'none',
    schema: z.optional(redisUrl),
    default: undefined,
  },
  ttl: {
    type: 'number',
    group: 'Store',
    describe: 'seconds a sighting is stored',
    schema: positive(366 * 86_400),
    default: 86_400,
  },
  remember: {
    type: 'number',
    group: 'Store',
    describe: 'seconds clients are counted for rarity after their last sighting; at least --ttl',
    schema: positive(366 * 86_400),
    default: 30 * 86_400,
  },
  'as-of': {
    type: 'string',
    group: 'Store',
    describe: "start of a sighting's lifetime in the store: capture (its own time) or now",
    schema: z.enum(['capture', 'now'], 'must be capture or now'),
    default: 'capture',
  },
  dedupe: {
    type: 'boolean',
    group: 'Store',
    describe: 'count each hello once in the store, even if several sensors or captures contain it',
    schema: z.boolean(),
    default: false,
  },
  'store-size': {
    type: 'number',
    group: 'Store',
    describe: 'MiB the store may use',
    shownDefault: '256 in memory, 8192 in Redis',
    schema: z.optional(positive(1 << 24)),
    default: undefined,
  },
  'per-ip': {
    type: 'number',
    group: 'Store',
    describe: 'sightings stored per address',
    schema: positive(100_000),
    default: 100,
  },
  spool: {
    type: 'number',
    group: 'Store',
    describe: 'sightings kept in memory while Redis is unreachable',
    schema: positive(10_000_000),
    default: 100_000,
  },
  'spool-dir': {
    type: 'string',
    group: 'Store',
    describe: 'folder in which sightings that wait for Redis survive a crash; one for each process',
    shownDefault: 'none: in memory alone',
    schema: z.optional(named('a folder')),
    default: undefined,
  },
  'spool-size': {
    type: 'number',
    group: 'Store',
    describe: 'MiB that --spool-dir may take',
    schema: positive(1_048_576),
    default: 1024,
  },
  retention: {
    type: 'number',
    group: 'Store',
    describe:
      'seconds after which everything about a client is deleted; limits --ttl and --remember',
    shownDefault: 'no limit',
    schema: z.optional(positive(366 * 86_400)),
    default: undefined,
  },
  history: {
    type: 'string',
    group: 'Store',
    describe: 'folder of hourly Parquet files that sightings are written to',
    shownDefault: 'none',
    schema: z.optional(named('a folder')),
    default: undefined,
  },
  'history-days': {
    type: 'number',
    group: 'Store',
    describe: 'days a sighting is kept in the history',
    shownDefault: 'no limit',
    schema: z.optional(positive(36_500)),
    default: undefined,
  },
  'history-size': {
    type: 'number',
    group: 'Store',
    describe: 'MiB the history may use; the oldest hours are deleted',
    shownDefault: 'no limit',
    schema: z.optional(positive(1 << 30)),
    default: undefined,
  },
} as const satisfies Record<string, Option>
