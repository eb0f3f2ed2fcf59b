// The clock is set while frames come: real captures, cut in two by a step of an hour, give the lines they give without.

import { expect } from 'chai'
import { readdirSync } from 'node:fs'
import { newCounters } from '../../src/base/counters.js'
import { ClockSteps, StampShift } from '../../src/sensor/clock-steps.js'
import type { PacketBlock } from '../../src/model/packet-block.js'
import { newPacketBlock } from '../../src/model/packet-block.js'
import type { Sighting } from '../../src/model/sighting.js'
import { Pipeline } from '../../src/pipeline.js'
import type { Taken } from '../capture/support.js'
import { readAll } from '../capture/support.js'
import { sightingsIn } from '../hellotap.js'

const CAPTURES = new URL('../../captures/', import.meta.url)
const HOUR = 3600e6
const POINTS = 3

describe('the clocks', () => {
  it('tell how far the wall clock was set, and not that it drifts or that we slept', () => {
    let wall = 1e12
    let steady = 5
    const steps = new ClockSteps({ wall: () => wall, steady: () => steady })
    const pass = (wallMillis: number, steadyMillis: number) => {
      wall += wallMillis
      steady += steadyMillis
      return steps.look()
    }
    expect(pass(1000, 1000)).to.equal(0)
    expect(pass(3_600_000 + 20, 20)).to.equal(3_600_000)
    expect(pass(20, 20)).to.equal(0)
    expect(pass(-7_200_000, 10)).to.equal(-7_200_010)
    // a minute asleep, the laptop's lid closed: both clocks went on
    expect(pass(60_000, 60_000)).to.equal(0)
    // drift, an hour of it
    for (let i = 0; i < 3600; i++) expect(pass(1000.4, 1000)).to.equal(0)
  })

  it('say nothing of a look that was held up between the two', () => {
    let held = 0
    let now = 0
    const steps = new ClockSteps({ wall: () => now, steady: () => (now += held) })
    held = 2_000
    expect(steps.look()).to.equal(0)
  })
})

describe('stamps after a step', () => {
  const block = (...micros: readonly number[]): PacketBlock => {
    const made = newPacketBlock(new Uint8Array(0))
    made.timeMicros.set(micros)
    made.count = micros.length
    return made
  }
  const shifted = (stamps: StampShift, now: number, ...micros: readonly number[]) => {
    const made = block(...micros)
    stamps.apply(made, now)
    return [...made.timeMicros.subarray(0, made.count)]
  }

  it('of frames that waited while the clock was set are brought along, those after it stay', () => {
    for (const step of [HOUR, -HOUR]) {
      const stamps = new StampShift()
      const now = 1e15 + step
      expect(shifted(stamps, 1e15, 1e15 - 5)).to.deep.equal([1e15 - 5])
      stamps.step(step / 1000)
      expect(shifted(stamps, now, 1e15 - 4, 1e15 - 3)).to.deep.equal([now - 4, now - 3])
      expect(shifted(stamps, now, 1e15 - 2, now - 1, now)).to.deep.equal([now - 2, now - 1, now])
      // from then on all are as they come
      expect(shifted(stamps, now, now + HOUR)).to.deep.equal([now + HOUR])
    }
  })

  it('stay where the clock was set there and back', () => {
    const stamps = new StampShift()
    stamps.step(3_600_000)
    stamps.step(-3_600_000)
    expect(shifted(stamps, 1e15, 1e15 - HOUR)).to.deep.equal([1e15 - HOUR])
  })
})

describe('captures with a step of the clock in the middle', () => {
  const names = readdirSync(CAPTURES).filter((name) => /\.pcap(ng)?$/.test(name))
  const counters = newCounters()
  const pipeline = new Pipeline(
    {
      ports: undefined,
      fingerprints: new Set(['ja4']),
      keepHello: false,
      communityId: false,
      server: true,
      seed: 5,
    },
    counters,
  )

  /** Sightings and counters of frames, of which those from `at` on are `step` later; the pipeline is told, if it is. */
  function replay(frames: readonly Taken[], at: number, step: number, tells: boolean) {
    Object.assign(counters, newCounters())
    for (const [i, { micros, caplen, wirelen, linkType, bytes }] of frames.entries()) {
      if (i === at && tells) pipeline.shiftTime(step)
      const block = newPacketBlock(Buffer.from(bytes, 'hex'))
      block.count = 1
      block.caplen[0] = caplen
      block.wirelen[0] = wirelen
      block.linkType[0] = linkType
      block.timeMicros[0] = micros + (i >= at ? step : 0)
      pipeline.take(block)
    }
    pipeline.flush()
    const sightings = sightingsIn(pipeline.lines.text())
    pipeline.lines.len = 0
    pipeline.forget()
    return { sightings, counters: { ...counters } }
  }
  /** Without the step: times of after it as they would have been. */
  const unset = (sightings: readonly Sighting[], step: number, first: number, last: number) => {
    const back = (time: string) => {
      const millis = Date.parse(time)
      const isBefore = millis * 1000 >= first - 1000 && millis * 1000 <= last + 1000
      return isBefore
        ? time
        : new Date(millis - step / 1000).toISOString().slice(0, 23) + time.slice(23)
    }
    return sightings.map((each) => ({
      ...each,
      time: back(each.time),
      ...(each.hrr_of === undefined ? {} : { hrr_of: back(each.hrr_of) }),
    }))
  }

  it('give the same lines and counters, wherever it is, ahead and back', async () => {
    let worse = 0
    for (const name of names) {
      const { frames } = await readAll(new URL(name, CAPTURES).pathname)
      const times = frames.map(({ micros }) => micros)
      const [first, last] = [Math.min(...times), Math.max(...times)]
      const plain = replay(frames, frames.length, 0, false)
      for (let point = 1; point <= POINTS; point++) {
        const at = Math.round((frames.length * point) / (POINTS + 1))
        for (const step of [HOUR, -HOUR]) {
          const { sightings, counters: counted } = replay(frames, at, step, true)
          const what = `${name}, ${step > 0 ? 'ahead' : 'back'} at frame ${at}`
          expect(unset(sightings, step, first, last), what).to.deep.equal(plain.sightings)
          expect(counted, what).to.deep.equal(plain.counters)
          // that it does not come by itself
          const untold = replay(frames, at, step, false)
          if (JSON.stringify(untold.counters) !== JSON.stringify(plain.counters)) worse++
        }
      }
    }
    expect(worse).to.be.above(5)
  }).timeout(120_000)
})
