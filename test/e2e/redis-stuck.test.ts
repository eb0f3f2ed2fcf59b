// Redis says nothing, or cannot write: what `hellotap up` sees waits within the spool's bound and is found all the while.

import { expect } from 'chai'
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { mounts, namespaces, needs, tools } from '../capability.js'
import type { Daemon } from '../hellotap.js'
import { Rig } from '../live/rig.js'

describe('a Redis that is stuck', function () {
  this.timeout(40_000)
  let rig: Rig
  let up: Daemon
  const SPOOL = 100
  const PORT = '6390'
  let redis: Daemon
  let disk: string

  before(async function () {
    needs(this, namespaces, mounts, tools('redis-server'))
    rig = await Rig.start()
    disk = join(rig.folder, 'disk')
    mkdirSync(disk)
    // a disk of its own, which can be full without harm to others
    const script = `mount -t tmpfs -o size=4m none ${disk} &&
      exec redis-server --port ${PORT} --save '' --appendonly yes --dir ${disk}`
    redis = await rig.run(/Ready to accept/, 'sh', '-c', script)
    const url = `redis://127.0.0.1:${PORT}`
    up = await rig.hellotap('up', ['--redis', url, '--spool', String(SPOOL)])
  })
  after(async () => {
    // held still it would not end
    ;(redis as Daemon | undefined)?.child.kill('SIGCONT')
    await (rig as Rig | undefined)?.close()
  })

  const gaps = () => rig.metric('hellotap_capture_gaps_total')

  it('silent: hellos wait up to the spool’s bound, are found all the while, and what is beyond is counted', async () => {
    await rig.seesAll()
    await rig.until('hellotap_store_sightings', (value) => value === 50)
    redis.child.kill('SIGSTOP')
    await rig.seesAll(0.4)
    expect(rig.metric('hellotap_store_spooled_sightings')).to.equal(40)
    // it is given up after some seconds in which it said nothing
    await rig.until('hellotap_store_ready', (value) => value === 0)
    await rig.seesAll(1)
    expect(rig.metric('hellotap_store_spooled_sightings')).to.equal(SPOOL)
    expect(rig.metric('hellotap_store_dropped_sightings_total')).to.equal(40)
    redis.child.kill('SIGCONT')
    await rig.until('hellotap_store_spooled_sightings', (value) => value === 0)
    // those before, the spool's, and no other
    expect(rig.metric('hellotap_store_sightings')).to.equal(150)
    expect(gaps()).to.equal(0)
    await rig.seesAll()
    await rig.until('hellotap_store_sightings', (value) => value === 200)
  })

  it('its disk full: the same, and all is stored once there is room', async () => {
    const filler = join(`/proc/${redis.child.pid}/root`, disk, 'filler')
    const file = openSync(filler, 'w')
    const chunk = new Uint8Array(1 << 12)
    try {
      for (;;) writeSync(file, chunk)
    } catch (error) {
      expect((error as NodeJS.ErrnoException).code).to.equal('ENOSPC')
    } finally {
      closeSync(file)
    }
    // what is refused first shows that it is full
    await rig.seesAll(0.2)
    await up.says(/MISCONF|disk/)
    await rig.seesAll(0.3)
    expect(rig.metric('hellotap_store_spooled_sightings')).to.be.above(0)
    expect(rig.metric('hellotap_store_ready')).to.equal(0)
    rmSync(filler)
    await rig.until('hellotap_store_spooled_sightings', (value) => value === 0)
    await rig.until('hellotap_store_sightings', (value) => value === 250)
    expect(rig.metric('hellotap_store_dropped_sightings_total')).to.equal(40)
    expect(gaps()).to.equal(0)
  })
})
