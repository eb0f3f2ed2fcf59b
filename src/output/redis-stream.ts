import { Redis } from 'ioredis'
import type { Transport } from './sink.js'

/** Entries a stream keeps unless the URL says otherwise: some 4 GB of sightings in full. */
const USUAL_MAXLEN = 1_000_000

/**
 * Rows as entries of a Redis stream, in the field `sighting`: `redis://host/0?stream=hellotap:out&maxlen=100000`.
 * The stream is trimmed to about `maxlen` entries (XADD … MAXLEN ~).
 */
export function redisStreamTransport(url: URL): Transport {
  const stream = url.searchParams.get('stream') ?? 'hellotap:out'
  const maxlen = Number(url.searchParams.get('maxlen') ?? USUAL_MAXLEN)
  const bare = new URL(url)
  bare.search = ''
  const redis = new Redis(bare.href, {
    lazyConnect: true,
    maxRetriesPerRequest: 1,
    enableOfflineQueue: true,
    connectTimeout: 5_000,
    commandTimeout: 10_000,
  })
  // each failed command is reported by its own rejection
  redis.on('error', () => undefined)
  return {
    send: async (rows): Promise<undefined> => {
      const pipeline = redis.pipeline()
      for (const row of rows)
        pipeline.xadd(stream, 'MAXLEN', '~', maxlen, '*', 'sighting', row.trimEnd())
      const replies = (await pipeline.exec()) ?? []
      const failed = replies.find(([error]) => error !== null)
      if (failed?.[0]) throw failed[0]
    },
    close: () => {
      redis.disconnect()
      return Promise.resolve()
    },
  }
}
