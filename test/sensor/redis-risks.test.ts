import { expect } from 'chai'
import { logRedisRisks } from '../../src/sensor/redis-risks.js'
import { openEventLog } from '../../src/telemetry/event-log.js'
import { RedisServer } from '../store/redis-server.js'

describe('a sensor that starts', () => {
  async function warningsOf(url: string): Promise<string[]> {
    const lines: { event: string; msg: string }[] = []
    const log = openEventLog({
      'log-format': 'json',
      'log-level': 'info',
      isTerminal: false,
      write: (line) => lines.push(JSON.parse(line) as (typeof lines)[number]),
    })
    await logRedisRisks(url, log)
    log.close()
    expect(lines.filter(({ event }) => event !== 'redis-at-risk')).to.deep.equal([])
    return lines.map(({ msg }) => msg)
  }

  it('warns of a Redis that persists nothing or evicts, without its password', async () => {
    const redis = await RedisServer.start({
      password: 'secret',
      args: ['--maxmemory', '50mb', '--maxmemory-policy', 'allkeys-lru'],
    })
    try {
      const warnings = await warningsOf(redis.url)
      expect(warnings).to.have.length(2)
      expect(warnings[0]).to.match(/maxmemory-policy is allkeys-lru.*noeviction/)
      expect(warnings[1]).to.match(/persists nothing.*appendonly yes/)
      expect(warnings.join()).to.not.include('secret')
    } finally {
      await redis.stop()
    }
  })

  it('warns of nothing where Redis is durable, or unreachable', async () => {
    const redis = await RedisServer.start({ durable: true })
    const { url } = redis
    try {
      expect(await warningsOf(url)).to.deep.equal([])
    } finally {
      await redis.stop()
    }
    expect(await warningsOf(url)).to.deep.equal([])
  })
})
