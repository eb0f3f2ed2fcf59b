// Redis is killed and comes back while the sensor captures: every hello below the spool's bound is stored, once.

import { expect } from 'chai'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect, createServer } from 'node:tls'
import { selfSigned } from '../../src/api/self-signed.js'
import { openStore } from '../../src/store/open-store.js'
import { Daemon, HELLOTAP } from '../hellotap.js'
import { RedisServer } from '../store/redis-server.js'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const LIMITS = { ttlSeconds: 3600, perIp: 10_000, spool: 10_000 }

describe('capture while Redis is away', function () {
  this.timeout(60_000)

  it('loses nothing below the spool’s bound, and stores nothing twice', async function () {
    if (process.getuid?.() !== 0) {
      console.log('      skipped: capturing needs root')
      this.skip()
    }
    const folder = mkdtempSync(join(tmpdir(), 'hellotap-away-'))
    const redis = await RedisServer.start({ durable: true })
    const server = createServer(await selfSigned(folder), (socket) => socket.end())
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const sensor = new Daemon(process.execPath, [
      ...[HELLOTAP, 'capture', '-i', 'lo', '--ports', String(port), '--redis', redis.url],
    ])
    const hellos = async (count: number) => {
      for (let i = 0; i < count; i++) {
        const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false }).resume()
        await once(socket, 'close')
      }
    }
    const stored = async () => {
      const store = await openStore(redis.url, LIMITS)
      const total = await store.total()
      await store.close()
      return total
    }
    const until = async (count: number) => {
      for (let i = 0; i < 200 && (await stored()) < count; i++)
        await new Promise((settle) => setTimeout(settle, 50))
    }
    try {
      await sensor.says(/capturing on lo/)
      await hellos(50)
      await until(50)
      expect(await stored()).to.equal(50)
      // in the middle of a stream of hellos
      const stream = hellos(100)
      await redis.kill()
      await stream
      await hellos(30)
      await redis.restart()
      await hellos(20)
      await until(200)
      expect(await stored()).to.equal(200)
      // what is seen just before the end is stored first
      await hellos(10)
      expect(await sensor.stop()).to.equal(0)
      expect(await stored()).to.equal(210)
    } finally {
      await sensor.stop()
      server.close()
      await redis.stop()
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
