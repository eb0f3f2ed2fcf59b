import { expect } from 'chai'
import { resolve } from 'node:path'
import { openSightingStore } from '../../src/sighting-store.js'
import { hellotap } from '../hellotap.js'
import { RedisServer } from '../store/redis-server.js'

const capture = resolve(import.meta.dirname, '../../captures/chromium156.pcap')
const LIMITS = { ttlSeconds: 86_400, perIp: 100, spool: 1000 }

describe('read --redis', () => {
  let server: RedisServer
  beforeEach(async () => (server = await RedisServer.start()))
  afterEach(() => server.stop())

  it('refuses a capture older than the TTL with exit code 2, and says how to keep it', async () => {
    const args = ['read', capture, '--redis', server.url, '--ttl', '60']
    const { code, stderr, stdout } = await hellotap(args)
    expect(stderr).to.match(/sightings are older than --ttl .* add --as-of now/)
    expect([code, stdout]).to.deep.equal([2, ''])
  })

  it('keeps it from now on with --as-of now, and with --dedupe only once however often it is read', async () => {
    const args = ['read', capture, '--redis', server.url, '--as-of', 'now', '--dedupe']
    const first = await hellotap(args)
    expect(first.code, first.stderr).to.equal(0)
    const stored = Number(/(\d+) stored, 0 known already/.exec(first.stderr)?.[1])
    expect(stored).to.be.above(0)
    const again = await hellotap(args)
    expect(again.stderr).to.include(`0 stored, ${stored} known already`)
    const store = await openSightingStore(server.url, LIMITS)
    expect(await store.total()).to.equal(stored)
    await store.close()
  })
})
