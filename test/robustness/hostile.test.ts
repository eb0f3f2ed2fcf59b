// Attackers on the sensor's own network, at a hundred thousand frames a second beside ordinary clients: `hellotap up` takes
// bounded memory, finds the clients' hellos, and counts what it refused.

import { expect } from 'chai'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { namespaces, needs, proc } from '../capability.js'
import { writePcap } from '../capture/pcap-writer.js'
import type { Daemon } from '../hellotap.js'
import { Replay } from '../live/replay.js'
import { Rig } from '../live/rig.js'
import type { Attack } from './hostile-frames.js'
import { ATTACKS, framesOf } from './hostile-frames.js'

/** Frames a second of the attack, seconds of it, and of the clients' traffic in the middle of it. */
const RATE = 100_000
const SECONDS = 1.6
const CLIENT_SECONDS = 1
/** Frames made of each attack; they are sent over and over, with other addresses each time. */
const FRAMES = 1_000
/** Megabytes resident of program, sensor and capture child together. */
const MOST_RESIDENT_MB = 500
/** Part of the clients' hellos that must be found, whatever is lost; lost are those of dropped frames alone. */
const LEAST_FOUND = 0.95
/** What counts the frames of each attack that were refused, or forgotten to make room. */
const REFUSALS: Readonly<Record<Attack, readonly string[]>> = {
  syns: ['tcp_syns'],
  morsels: ['hello_evicted'],
  halves: ['hello_evicted'],
  fragments: ['ip_datagrams_evicted'],
  tunnels: ['header_depth_exceeded'],
}

describe('attackers on the wire', function () {
  this.timeout(60_000)
  let rig: Rig
  let up: Daemon
  let replay: Replay

  before(async function () {
    needs(this, namespaces, proc)
    rig = await Rig.start(20)
    replay = new Replay(rig.lab, rig.folder)
    for (const attack of ATTACKS)
      writeFileSync(join(rig.folder, `${attack}.pcap`), writePcap(framesOf(attack, FRAMES)))
    up = await rig.hellotap('up')
    await rig.seesAll()
  })
  after(() => (rig as Rig | undefined)?.close())

  const childrenOf = (pid: number): number[] =>
    readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
      .split(' ')
      .filter((text) => text !== '')
      .flatMap((text) => [Number(text), ...childrenOf(Number(text))])
  const residentMegabytes = () =>
    [up.child.pid ?? 0, ...childrenOf(up.child.pid ?? 0)]
      .map((pid) => /^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1])
      .reduce((sum, kilobytes) => sum + Number(kilobytes) / 1024, 0)
  const counted = (names: readonly string[]) =>
    names.reduce((sum, name) => sum + (rig.metric(`hellotap_${name}_total`) ?? 0), 0)
  const DROPS = ['capture_kernel_dropped', 'capture_child_dropped', 'capture_interface_dropped']

  for (const attack of ATTACKS)
    it(`${attack}: memory is bounded, the clients’ hellos are found, and the rest is counted`, async () => {
      const before = { refused: counted(REFUSALS[attack]), dropped: counted(DROPS) }
      const file = join(rig.folder, `${attack}.pcap`)
      const over = replay.send({ file, rate: RATE, frames: RATE * SECONDS, round: 1 })
      const clients = await rig.clients({ rate: 100, seconds: CLIENT_SECONDS, wait: 2000 })
      const { frames: sent, seconds } = await over
      // the figures come once a second
      await new Promise((settle) => setTimeout(settle, 1200))
      const refused = counted(REFUSALS[attack]) - before.refused
      const dropped = counted(DROPS) - before.dropped
      const resident = residentMegabytes()
      console.log(
        `      ${Math.round(sent / seconds)} frames/s, ${refused} refused, ${dropped} dropped, ` +
          `${clients.found} of ${clients.sent} hellos found, ${Math.round(resident)} MB resident at most`,
      )
      expect(refused).to.be.above(0)
      expect(resident).to.be.below(MOST_RESIDENT_MB)
      if (dropped === 0) expect(clients.other).to.deep.equal({})
      expect(clients.found).to.be.at.least(LEAST_FOUND * clients.sent)
      expect(rig.metric('hellotap_sensor_restarts_total')).to.equal(0)
      expect(rig.metric('hellotap_capture_gaps_total')).to.equal(0)
    })
})
