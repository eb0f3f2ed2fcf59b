import { rowsOf } from '../rows.js'
// What a policy hides is in nothing that Redis writes to disk or answers, and is found all the same.

import { expect } from 'chai'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { PrivacyPolicy } from '../../src/privacy/privacy.js'
import { openSightingStore } from '../../src/sighting-store.js'
import { sighting } from '../api/fixture.js'
import { RedisServer } from './redis-server.js'

const LIMITS = { ttlSeconds: 3 * 86_400, perIp: 100, spool: 1000 }
const SECRET = Buffer.from('0123456789abcdef')
const IP = '192.0.2.77'
const NAME = 'private.secret-site.example'
const ago = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString()

describe('a store behind a privacy policy', () => {
  let redis: RedisServer
  before(async () => (redis = await RedisServer.start()))
  after(() => redis.stop())

  for (const [address, sni] of [
    ['truncated', 'off'],
    ['hmac', 'hashed'],
  ] as const)
    it(`keeps no address and no server name in Redis with ${address} and ${sni}`, async () => {
      const privacy: PrivacyPolicy = { address, sni, secret: SECRET }
      const store = await openSightingStore(redis.url, LIMITS, { privacy })
      const hello = Buffer.from(`not a hello, but it names ${NAME}`).toString('base64')
      const changes = { src: IP, sni: NAME, hello, community_id: '1:x' }
      try {
        store.put(
          rowsOf([
            sighting({ ...changes, time: ago(0), srcport: 1 }),
            sighting({ ...changes, time: ago(1), srcport: 2 }),
          ]),
        )
        await store.drain()
        await store.observeUserAgent({
          ip: IP,
          userAgent: 'curl/8',
          via: 'api',
          time: Date.now() / 1000,
        })
        // found by the address it came from
        expect((await store.latest(IP))?.srcport).to.equal(1)
        expect((await store.connection(IP, 2, 0))?.srcport).to.equal(2)
        const { sightings, total } = await store.sightings(IP, 0, 10)
        expect([total, sightings.map(({ srcport }) => srcport)]).to.deep.equal([2, [1, 2]])
        const paged = [0, 1].map(async (at) => (await store.sightings(IP, at, 1)).sightings)
        expect((await Promise.all(paged)).flat().map(({ srcport }) => srcport)).to.deep.equal([
          1, 2,
        ])

        const cli = (...words: string[]) =>
          execFileSync('redis-cli', ['-u', redis.url, ...words]).toString()
        cli('CONFIG', 'SET', 'rdbcompression', 'no')
        cli('SAVE')
        const [, folder = ''] = cli('CONFIG', 'GET', 'dir').split('\n')
        const dump = readFileSync(join(folder, 'dump.rdb'), 'latin1')
        const answers = cli('--scan')
        for (const raw of [IP, NAME, hello]) {
          expect(dump.includes(raw), raw).to.equal(false)
          expect(answers.includes(raw), raw).to.equal(false)
        }
        expect(await store.forget(IP)).to.equal(2)
        expect((await store.sightings(IP, 0, 10)).total).to.equal(0)
      } finally {
        await store.close()
        execFileSync('redis-cli', ['-u', redis.url, 'FLUSHALL'])
      }
    })
})
