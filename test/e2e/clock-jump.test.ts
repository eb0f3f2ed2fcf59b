// The wall clock jumps under `hellotap up`, as when a host is set right: nothing that is timed may notice.

import { expect } from 'chai'
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { engines, namespaces, needs, tools } from '../capability.js'
import { Daemon } from '../hellotap.js'
import { Rig } from '../live/rig.js'

const LIVE = resolve(import.meta.dirname, '../live')

/** Sends the first half of a hello from a port, and the second once standard input ends. */
const HALVES = `const { connect } = require('net'), hello = Buffer.from(process.argv[1], 'base64')
const ports = process.argv.slice(2).map(Number), half = hello.length >> 1
const sockets = ports.map((localPort) => connect({ host: '10.99.0.1', port: 443, localAddress: '10.99.1.1', localPort }))
for (const socket of sockets) socket.once('connect', () => socket.write(hello.subarray(0, half)))
setTimeout(() => console.log('halves'), 300)
process.stdin.resume().once('end', () => sockets.forEach((socket) => socket.end(hello.subarray(half))))`
const PORTS = Array.from({ length: 8 }, (_, i) => 62_000 + i)

for (const engine of ['native', 'cap'])
  describe(`a clock that jumps, under ${engine}, whose stamps ${engine === 'cap' ? 'jump too' : 'do not'}`, function () {
    this.timeout(40_000)
    let rig: Rig
    let clock: string
    let steps = 0
    const jump = (seconds: number) => writeFileSync(clock, String(seconds))

    before(async function () {
      needs(this, namespaces, engines, tools('c++'))
      rig = await Rig.start()
      const library = join(rig.folder, 'clock.so')
      execFileSync('c++', ['-O2', '-shared', '-fPIC', '-o', library, join(LIVE, 'clock.cc')])
      clock = join(rig.folder, 'offset')
      jump(0)
      const env = { ...process.env, LD_PRELOAD: library, CLOCK_OFFSET_FILE: clock }
      await rig.hellotap('up', ['--engine', engine], { env })
      // clients by the same clock find what is of now
      rig.clientsEnvironment = env
    })
    after(() => (rig as Rig | undefined)?.close())

    const gaps = () => rig.metric('hellotap_capture_gaps_total')

    const JUMPS = [
      ['an hour ahead', 3600],
      ['three hours back', -7200],
      ['right again', 0],
    ] as const
    for (const [what, seconds] of engine === 'native' ? JUMPS : JUMPS.slice(0, 1))
      it(`${what}: no gap, no restart, every hello found, also one that had begun`, async () => {
        const [hello = ''] = readFileSync(join(rig.folder, 'hellos'), 'latin1').split('\n')
        const ports = PORTS.map((port) => String(port + 100 * steps))
        const halves = new Daemon(
          'ip',
          ['netns', 'exec', rig.lab.b, process.execPath, '-e', HALVES, hello, ...ports],
          { stdio: ['pipe', 'pipe', 'pipe'] },
        )
        await halves.says(/halves/)
        jump(seconds)
        steps++
        // each new flow looks at two that are known, and forgets those long idle
        await rig.seesAll()
        halves.child.stdin?.end()
        await halves.ended()
        for (const port of ports) {
          const ask = `/connection?ip=10.99.1.1&port=${port}&wait=1000`
          const { srcport, timestamp } = JSON.parse(rig.get(ask)) as {
            srcport?: number
            timestamp: number
          }
          expect(srcport).to.equal(Number(port))
          expect(Math.abs(timestamp * 1000 - Date.now() - seconds * 1000)).to.be.below(10_000)
        }
        await rig.until('hellotap_clock_steps_total', (value) => value === steps)
        const { now } = JSON.parse(rig.get('/healthz')) as { now: string }
        expect(Math.abs(Date.parse(now) - Date.now() - seconds * 1000)).to.be.below(5000)
        // longer than a capture child may be silent, and than the reports of the sensor are apart
        await sleep(1500)
        await rig.seesAll()
        expect(gaps()).to.equal(0)
        expect(rig.metric('hellotap_sensor_restarts_total')).to.equal(0)
        expect(rig.metric('hellotap_sensor_capturing')).to.equal(1)
      })
  })
