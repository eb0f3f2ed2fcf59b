// The wall clock jumps under `hellotap up`, as when a host is set right: nothing that is timed may notice.

import { expect } from 'chai'
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { whyNoLab } from '../capture/live-lab.js'
import { Rig } from '../live/rig.js'

const LIVE = resolve(import.meta.dirname, '../live')
const why = whyNoLab()

describe('a clock that jumps', function () {
  this.timeout(40_000)
  let rig: Rig
  let clock: string
  const jump = (seconds: number) => writeFileSync(clock, String(seconds))

  before(async function () {
    if (why !== undefined) {
      console.log(`      skipped: ${why}`)
      this.skip()
    }
    rig = await Rig.start()
    const library = join(rig.folder, 'clock.so')
    execFileSync('c++', ['-O2', '-shared', '-fPIC', '-o', library, join(LIVE, 'clock.cc')])
    clock = join(rig.folder, 'offset')
    jump(0)
    const env = { ...process.env, LD_PRELOAD: library, CLOCK_OFFSET_FILE: clock }
    await rig.hellotap('up', [], { env })
    await rig.seesAll()
  })
  after(() => (why === undefined ? rig.close() : undefined))

  const gaps = () => rig.metric('hellotap_capture_gaps_total')

  for (const [what, seconds] of [
    ['an hour ahead', 3600],
    ['three hours back', -7200],
    ['right again', 0],
  ] as const)
    it(`${what}: no gap, no restart, every hello found`, async () => {
      jump(seconds)
      const { utc_now } = JSON.parse(rig.get('/healthz')) as { utc_now: string }
      const told = Date.parse(`${utc_now.replace(' ', 'T')}Z`)
      expect(Math.abs(told - Date.now() - seconds * 1000)).to.be.below(5000)
      await rig.seesAll()
      // longer than a capture child may be silent, and than the reports of the sensor are apart
      await sleep(1500)
      await rig.seesAll()
      expect(gaps()).to.equal(0)
      expect(rig.metric('hellotap_sensor_restarts_total')).to.equal(0)
      expect(rig.metric('hellotap_sensor_capturing')).to.equal(1)
    })
})
