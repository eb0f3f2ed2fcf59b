// What happens to a sensor that stays for months, done to `hellotap up` between two namespaces: it goes on by itself, and
// each time without capture is a counted event with its duration. What the capture child goes through alone is in
// test/capture/live-suite.ts, what the store does in test/store/redis-drills.test.ts.

import { expect } from 'chai'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { namespaces, needs, proc, tools } from '../capability.js'
import { ip } from '../capture/live-lab.js'
import type { Daemon } from '../hellotap.js'
import { Rig } from '../live/rig.js'

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

const LIVE = resolve(import.meta.dirname, '../live')

describe('drills', function () {
  this.timeout(40_000)
  let rig: Rig
  let up: Daemon

  before(async function () {
    needs(this, namespaces, proc, tools('pgrep'))
    rig = await Rig.start()
  })
  after(() => (rig as Rig | undefined)?.close())

  const gaps = () => rig.metric('hellotap_capture_gaps_total')
  const inA = (...args: string[]) => ip('-n', rig.lab.a, ...args)
  const inB = (...args: string[]) => ip('-n', rig.lab.b, ...args)
  const processesOf = (pid: number | undefined, words: string) =>
    execFileSync('pgrep', ['-P', String(pid), '-f', words], { encoding: 'utf8' })
      .split('\n')
      .filter((line) => line !== '')
      .map(Number)
  const sensorPid = () => processesOf(up.child.pid, 'capture --stdout')[0] ?? 0
  const capturePid = () => processesOf(sensorPid(), 'child.js')[0] ?? 0

  describe('of the cable', () => {
    before(async () => {
      up = await rig.hellotap('up')
      await rig.seesAll()
      // the figures come once a second
      await rig.until('hellotap_hellos_total', (value) => value === 50)
    })
    after(() => up.stop())
    afterEach(() => expect(rig.metric('hellotap_sensor_restarts_total')).to.equal(0))

    it('another MTU, larger and smaller, while hellos come', async () => {
      const seen = rig.seesAll(1.5)
      for (const mtu of ['9000', '1280', '1500']) {
        await sleep(400)
        inA('link', 'set', 'va', 'mtu', mtu)
        inB('link', 'set', 'vb', 'mtu', mtu)
      }
      await seen
      expect(gaps()).to.equal(0)
    })

    it('offloads off and on, while hellos come', async () => {
      const seen = rig.seesAll(1.5)
      for (const state of ['off', 'on']) {
        await sleep(400)
        rig.lab.exec(rig.lab.a, 'python3', join(LIVE, 'offload.py'), 'va', state)
        rig.lab.exec(rig.lab.b, 'python3', join(LIVE, 'offload.py'), 'vb', state)
      }
      await seen
      expect(gaps()).to.equal(0)
    })

    it('a VLAN that was not there before', async () => {
      const [hello = ''] = readFileSync(join(rig.folder, 'hellos'), 'latin1').split('\n')
      rig.lab.exec(rig.lab.b, 'python3', join(LIVE, 'tagged-hello.py'), 'vb', '77', '4077', hello)
      const found = JSON.parse(rig.get('/connection?ip=10.99.2.7&port=4077&wait=2000')) as object
      expect(found).to.include({ vlan: 77, srcport: 4077 })
      await rig.seesAll()
      expect(gaps()).to.equal(0)
    })

    it('silence, since the other end is down: no gap of ours', async () => {
      inB('link', 'set', 'vb', 'down')
      await sleep(2000)
      inB('link', 'set', 'vb', 'up')
      await rig.seesAll()
      expect(gaps()).to.equal(0)
    })

    it('the interface down and up: one gap, with its duration in log and metrics', async () => {
      inA('link', 'set', 'va', 'down')
      await sleep(1000)
      inA('link', 'set', 'va', 'up')
      await up.says(/va is captured again, after [\d.]+ s/)
      await rig.seesAll()
      await rig.until('hellotap_capture_gaps_total', (value) => value === 1)
      expect(rig.metric('hellotap_capture_gap_seconds_total')).to.be.within(0.8, 5)
    })

    it('the interface deleted and made again: another', async () => {
      inA('link', 'delete', 'va')
      await sleep(1000)
      rig.lab.addPair()
      rig.address()
      await up.says(/va is captured again[^]*va is captured again/)
      await rig.seesAll()
      await rig.until('hellotap_capture_gaps_total', (value) => value === 2)
    })
  })

  describe('of processes', () => {
    before(async () => {
      up = await rig.hellotap('up')
    })
    after(() => up.stop())

    it('kill -9 of the capture child: a counted gap, and hellos again', async () => {
      process.kill(capturePid(), 'SIGKILL')
      await up.says(/va is captured again, after [\d.]+ s/)
      await rig.seesAll()
      await rig.until('hellotap_capture_gaps_total', (value) => value === 1)
      expect(rig.metric('hellotap_capture_child_crashes_total')).to.equal(1)
      expect(rig.metric('hellotap_capture_gap_seconds_total')).to.be.within(0.05, 5)
    })

    it('kill -9 of the sensor: a counted gap, no capture child left behind, and hellos again', async () => {
      const child = capturePid()
      process.kill(sensorPid(), 'SIGKILL')
      await up.says(/capturing again on va, after [\d.]+ s/)
      await rig.seesAll()
      expect(rig.metric('hellotap_sensor_restarts_total')).to.equal(1)
      expect(rig.metric('hellotap_sensor_gap_seconds_total')).to.be.within(0.2, 5)
      const { sensor } = JSON.parse(rig.get('/healthz')) as { sensor: { gap_millis: number } }
      expect(sensor.gap_millis).to.be.within(200, 5000)
      for (let i = 0; i < 50 && isAlive(child); i++) await sleep(100)
      expect(isAlive(child)).to.equal(false)
    })
  })
})
