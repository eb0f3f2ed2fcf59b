import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'chai'
import { engines, namespaces, needs } from '../capability.js'
import { Lab, datagramOf } from './live-lab.js'

describe('native engine', function () {
  let lab: Lab

  before(function () {
    needs(this, namespaces, engines)
    lab = new Lab()
    lab.quiet()
  })
  after(() => (lab as Lab | undefined)?.close())

  it('is what captures unless told otherwise', async () => {
    const runner = await lab.run({ interface: 'va' }).opened()
    expect(runner.engine).to.equal('native')
    expect(runner.dropped).to.equal(0)
    await runner.stop()
  })

  it('gives or counts every frame while its process is held up', async () => {
    const runner = await lab
      .run({ interface: 'va', ports: [443], ringBytes: 1 << 20, heartbeatMillis: 200 })
      .opened()
    await lab.send({ count: 50 })
    process.kill(runner.childPid, 'SIGSTOP')
    const held = await lab.send({ count: 4000, burst: 40, everyMillis: 8, size: 1200 })
    process.kill(runner.childPid, 'SIGCONT')
    const heldUntil = performance.now()
    await runner.until('the loss is in the log', () => /frames lost/.test(runner.logs.join()))
    expect(performance.now() - heldUntil).to.be.below(10_000)
    await lab.send({ count: 50 })
    await runner.stop()
    const { capture_kernel_dropped = 0, capture_child_dropped } = runner.counters
    expect(held).to.equal(4000)
    expect(capture_kernel_dropped).to.be.within(1000, 4000)
    expect(runner.frames.length + capture_kernel_dropped).to.equal(4100)
    expect(capture_child_dropped).to.equal(0)
    expect(runner.dropped).to.equal(capture_kernel_dropped)
    expect(runner.gaps).to.deep.equal([])
    const told = runner.logs.map((line) => Number(/ (\d+) frames lost/.exec(line)?.[1] ?? 0))
    expect(told.reduce((sum, count) => sum + count, 0)).to.equal(capture_kernel_dropped)
    expect(runner.logs.join()).to.contain('--ring')
  })

  it('counts what its parent did not take before it was stopped', async () => {
    const bounds = { queueBytes: 1 << 18, heartbeatMillis: 100 }
    const runner = await lab.run({ interface: 'va', ports: [443], ...bounds }).opened()
    // longer than a child is given to hand over what it holds
    runner.process.send({ pauseMillis: 2500 })
    const sent = await lab.send({ count: 1000, burst: 20, everyMillis: 5, size: 1200 })
    await runner.stop()
    const { capture_kernel_dropped, capture_child_dropped = 0 } = runner.counters
    expect(capture_kernel_dropped).to.equal(0)
    expect(capture_child_dropped).to.be.above(0)
    expect(runner.frames.length + capture_child_dropped).to.equal(sent)
  })

  it('gives a frame within the timeout, also after its reader was late once', async () => {
    const timeoutMillis = 100
    const runner = await lab.run({ interface: 'va', ports: [443], timeoutMillis }).opened()
    runner.process.send({ pauseMillis: 3 * timeoutMillis })
    await lab.send({ count: 300, everyMillis: 5 })
    await runner.until('all are seen', () => runner.frames.length === 300)
    await runner.stop()
    const delays = runner.frames
      .slice(150)
      .map((frame) => frame.at - (datagramOf(frame)?.sentMillis ?? NaN))
      .sort((a, b) => a - b)
    // half of it on average; a batch that had to wait for the next one would be late by the whole
    expect(delays[delays.length >> 1]).to.be.within(0.2 * timeoutMillis, 0.9 * timeoutMillis)
  })

  it('gives the kernel’s time, to the nanosecond as far as a block can tell', async () => {
    const runner = await lab.run({ interface: 'va', ports: [443] }).opened()
    const before = Date.now()
    await lab.send({ count: 200, everyMillis: 2 })
    await runner.until('they are seen', () => runner.sequences().length === 200)
    await runner.stop()
    const times = runner.frames.map(({ timeMicros }) => timeMicros)
    expect(Math.min(...times) / 1000).to.be.within(before - 1, Date.now())
    expect([...times].sort((a, b) => a - b)).to.deep.equal(times)
    // halves of a microsecond are what doubles of today's epoch keep
    expect(times.some((time) => time % 1 === 0.5)).to.equal(true)
  })

  it('gives a frame within a millisecond when that is asked for and they are few', async () => {
    const runner = await lab.run({ interface: 'va', ports: [443], timeoutMillis: 1 }).opened()
    await lab.send({ count: 200, everyMillis: 10 })
    await runner.until('all are seen', () => runner.frames.length === 200)
    await runner.stop()
    const delays = runner.frames
      .slice(50)
      .map((frame) => frame.at - (datagramOf(frame)?.sentMillis ?? Number.NaN))
      .sort((a, b) => a - b)
    // the sender's clock is read before its system call, and this machine may have other work
    expect(delays[delays.length >> 1]).to.be.below(3)
  })

  it('keeps the first bytes of a frame, and tells how many it had', async () => {
    const runner = await lab.run({ interface: 'va', ports: [443], snaplen: 80 }).opened()
    await lab.send({ count: 3, size: 1000 })
    await runner.until('they are seen', () => runner.frames.length === 3)
    await runner.stop()
    for (const { bytes, wirelen } of runner.frames) {
      expect(bytes).to.have.lengthOf(160)
      expect(wirelen).to.equal(14 + 20 + 8 + 1000)
    }
  })

  it('takes other ports while it captures, without a gap', async () => {
    const runner = await lab.run({ interface: 'va', ports: [443] }).opened()
    const ports = () => new Set(runner.frames.map((frame) => frame.bytes.slice(72, 76)))
    await lab.send({ count: 5, port: 444 })
    await lab.send({ count: 5, port: 443 })
    await runner.until('those to 443 are seen', () => runner.frames.length === 5)
    expect(ports()).to.deep.equal(new Set(['01bb']))
    const { childPid } = runner
    runner.process.send({ watch: [443, 444] })
    await sleep(200)
    await lab.send({ count: 5, port: 444 })
    await runner.until('those to 444 are seen', () => runner.frames.length === 10)
    expect(ports()).to.deep.equal(new Set(['01bb', '01bc']))
    expect(runner.childPid).to.equal(childPid)
    await runner.stop()
  })

  it('captures on all interfaces at once', async () => {
    const runner = await lab.run({ interface: 'any', ports: [443] }).opened()
    await lab.send({ count: 5 })
    await runner.until('they are seen', () => runner.frames.length >= 5)
    await runner.stop()
    for (const frame of runner.frames) expect(frame.linkType).to.equal(113)
    expect(runner.frames[0]?.bytes.slice(28, 32)).to.equal('0800')
  })

  it('deals out flows among several, each whole to one of them', async () => {
    const fanoutGroup = process.pid % 65_536
    const each = { interface: 'va', ports: [443], fanoutGroup }
    const runners = await Promise.all([1, 2].map(() => lab.run(each).opened()))
    await lab.send({ count: 640, flows: 64, burst: 8, everyMillis: 2 })
    const all = () => runners.flatMap((runner) => runner.sequences())
    await runners[0]?.until('all are seen', () => all().length === 640)
    const flows = runners.map(
      (runner) => new Set(runner.frames.map(({ bytes }) => bytes.slice(68, 72))),
    )
    await Promise.all(runners.map((runner) => runner.stop()))
    expect(new Set(all()).size).to.equal(640)
    expect(flows.map(({ size }) => size).reduce((sum, size) => sum + size)).to.equal(64)
    for (const { size } of flows) expect(size).to.be.above(10)
  })

  it('has the kernel tell of each frame at once, if asked', async () => {
    const runner = await lab.run({ interface: 'va', ports: [443], immediate: true }).opened()
    await lab.send({ count: 20 })
    await runner.until('they are seen', () => runner.sequences().length === 20)
    await runner.stop()
  })

  it('tells that npm cap cannot share an interface', async () => {
    const error = await lab.run({ interface: 'va', engine: 'cap', fanoutGroup: 1 }).failed()
    expect(error.message).to.match(/--fanout.*--engine native/)
  })
})
