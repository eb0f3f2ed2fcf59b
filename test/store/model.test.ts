// Whatever is put, asked and waited for, in whatever order: both stores answer alike.

import { expect } from 'chai'
import fc from 'fast-check'
import type { Store } from '../../src/store/contract.js'
import { sighting } from './sightings.js'
import { Clock, memoryKind, redisKind } from './stores.js'

const IPS = ['192.0.2.1', '192.0.2.2', '2001:db8::1']
const LIMITS = { ttlSeconds: 120, perIp: 4, spool: 1000 }

const ip = fc.constantFrom(...IPS)
const port = fc.integer({ min: 1, max: 3 })
const fingerprint = fc.integer({ min: 0, max: 4 })

const operation = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('put' as const),
      sightings: fc.array(
        fc.record({
          ip,
          port,
          fingerprint,
          order: fc.integer({ min: 0, max: 2 }),
          // up to past the TTL, and into the future
          agoMs: fc.integer({ min: -5_000, max: 130_000 }),
        }),
        { maxLength: 6 },
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      ms: fc.constantFrom(1, 900, 10_000, 60_000, 200_000),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('observe' as const),
      ip,
      port: fc.option(port, { nil: undefined }),
      userAgent: fc.constantFrom('curl/8', 'Mozilla/5.0 (X11)', 'späher', 'a b  c'),
      agoSeconds: fc.integer({ min: 0, max: 130 }),
    }),
  },
)

/** All that can be asked. With three clients Redis' estimate of their number is exact too. */
async function answers(store: Store): Promise<unknown> {
  const asked: unknown[] = [await store.total()]
  for (const each of IPS) {
    asked.push(await store.latest(each), await store.concurrent(each))
    asked.push(await store.sightings(each, 0, 100), await store.sightings(each, 1, 2))
    for (const at of [1, 2, 3]) asked.push(await store.connection(each, at, 0))
  }
  for (const onlyWithUserAgent of [false, true])
    asked.push(await store.stats({ onlyWithUserAgent, top: 3 }))
  for (const number of [0, 1, 2, 3, 4]) {
    const { ja4 = '', ja3 = '' } = sighting({ fingerprint: number, order: 1 })
    asked.push(await store.fingerprint(ja4), await store.fingerprint(ja3))
  }
  return asked
}

describe('memory and Redis', () => {
  const memory = memoryKind()
  const redis = redisKind()
  before(() => redis.start())
  after(() => redis.stop())

  it('answer every question alike', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { minLength: 1, maxLength: 12 }), async (operations) => {
        const clock = new Clock()
        const stores = [await memory.open(LIMITS, clock), await redis.open(LIMITS, clock)]
        try {
          for (const each of operations) {
            if (each.kind === 'wait') clock.ms += each.ms
            else
              for (const store of stores) {
                if (each.kind === 'put') {
                  store.put(
                    each.sightings.map(({ agoMs, ...rest }) =>
                      sighting({ ...rest, micros: clock.micros - agoMs * 1000 }),
                    ),
                  )
                  await store.drain()
                } else
                  await store.observeUserAgent({
                    ip: each.ip,
                    ...(each.port === undefined ? {} : { port: each.port }),
                    userAgent: each.userAgent,
                    via: 'api',
                    time: clock.ms / 1000 - each.agoSeconds,
                  })
              }
          }
          const [held, stored] = await Promise.all(stores.map(answers))
          expect(stored).to.deep.equal(held)
        } finally {
          for (const store of stores) await store.close()
        }
      }),
      { interruptAfterTimeLimit: 2000, numRuns: 300 },
    )
  })
})
