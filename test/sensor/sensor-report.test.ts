import { expect } from 'chai'
import { proc } from '../capability.js'
import { newCounters } from '../../src/base/counters.js'
import {
  LoopDelay,
  knownCounters,
  processFigures,
  sumCounters,
} from '../../src/sensor/sensor-report.js'

describe('what a sensor says of itself', () => {
  it('adds interfaces up, and leaves out what an engine cannot know', () => {
    const one = { ...newCounters(), packets: 3, capture_kernel_dropped: 2 }
    const two = { ...newCounters(), packets: 4, hellos: 1 }
    const counters = sumCounters([one, two])
    expect(counters).to.include({ packets: 7, hellos: 1, capture_kernel_dropped: 2 })
    const status = {
      interfaces: ['a', 'b'],
      counters,
      byInterface: {
        a: { counters: one },
        b: { counters: two, unknown: ['capture_kernel_dropped'] as const },
      },
      process: {
        startedAt: 0,
        cpuSeconds: 0,
        residentBytes: 0,
        loopDelay: { p50: 0, p99: 0, max: 0 },
      },
      watch: {},
    }
    expect(knownCounters(status)).to.include({ packets: 7 })
    expect(knownCounters(status)).to.not.have.property('capture_kernel_dropped')
    expect(knownCounters({ ...status, byInterface: { a: { counters: one } } })).to.deep.equal(
      counters,
    )
  })

  it('knows how late its event loop was', async () => {
    const delay = new LoopDelay()
    try {
      await new Promise((settle) => setTimeout(settle, 350))
      // nothing else can run meanwhile
      const until = performance.now() + 350
      while (performance.now() < until);
      await new Promise((settle) => setTimeout(settle, 350))
      const { loopDelay, residentBytes, cpuSeconds, startedAt } = processFigures(delay)
      expect(loopDelay.max).to.be.within(0.2, 5)
      expect(loopDelay.p50).to.be.below(loopDelay.max)
      if (proc() === undefined) expect(residentBytes).to.be.above(1e7)
      else expect(residentBytes).to.equal(undefined)
      expect(cpuSeconds).to.be.above(0.1)
      expect(startedAt * 1000).to.be.closeTo(performance.timeOrigin, 10)
    } finally {
      delay.stop()
    }
  })
})
