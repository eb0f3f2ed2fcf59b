// What each engine's kernel filter passes of frames that are really on a wire: Linux takes the outer VLAN tag off before
// the filter sees the frame, and libpcap puts it back after.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'chai'
import { engines, namespaces, needs } from '../capability.js'
import type { LiveOptions } from '../../src/capture/live/live-options.js'
import type { Frames } from './frames.js'
import {
  DROP,
  HTTP_WATCHED,
  NO_REQUESTS,
  OF_SERVERS,
  PASS,
  REQUESTS,
  STREAMS,
  STREAM_PAYLOAD,
  TUNNELS,
  WATCHED,
} from './frames.js'
import { Lab } from './live-lab.js'

const ALL: Frames = { ...PASS, ...DROP, ...TUNNELS, ...REQUESTS, ...NO_REQUESTS, ...OF_SERVERS }
const hex = (frames: Frames) =>
  Object.values(frames).map((bytes) => Buffer.from(bytes).toString('hex'))
/** Names by bytes, of which some frames have the same. */
const NAMES = new Map(Object.keys(ALL).map((name, i) => [hex(ALL)[i] ?? '', name]))
const namesOf = (bytes: readonly string[]) =>
  [...new Set(bytes.map((each) => NAMES.get(each) ?? each))].sort()

const hexOf = (bytes: readonly number[]) => Buffer.from(bytes).toString('hex')
/** By how much the sequence numbers of the next connection of the same ports are greater. */
const NEXT = 0x4000_0000

const SENDER = `const { Cap } = require('cap'); const cap = new Cap()
  cap.open('vb', '', 1 << 20, Buffer.alloc(65535))
  for (const hex of require(process.argv[1])) cap.send(Buffer.from(hex, 'hex'))
  cap.close()`

describe('live filter', function () {
  let lab: Lab
  let folder: string
  before(function () {
    needs(this, namespaces, engines)
    folder = mkdtempSync(join(tmpdir(), 'hellotap-filter-'))
    lab = new Lab()
    lab.quiet()
  })
  after(async () => {
    if ((lab as Lab | undefined) === undefined) return
    await lab.close()
    rmSync(folder, { recursive: true })
  })

  /** Puts frames on the wire. */
  const send = (bytes: readonly string[]) => {
    const file = join(folder, 'frames.json')
    writeFileSync(file, JSON.stringify(bytes))
    lab.exec(lab.b, process.execPath, '-e', SENDER, file)
  }

  const ENGINES: Record<string, Partial<LiveOptions>> = {
    native: { engine: 'native' },
    'native, with a limit for flows': { engine: 'native', flowLimit: 20_480 },
    cap: { engine: 'cap' },
  }
  for (const [name, engine] of Object.entries(ENGINES))
    it(`passes what it is to pass, and nothing else: ${name}`, async () => {
      const common = { interface: 'va', ports: WATCHED, ...engine }
      const runners = [
        { expected: PASS, options: { tunnels: false } },
        {
          expected: { ...PASS, ...TUNNELS, ...REQUESTS, ...OF_SERVERS, ...bulk() },
          options: { tunnels: true, server: true, httpPorts: HTTP_WATCHED },
        },
      ].map(({ expected, options }) => ({ expected, runner: lab.run({ ...common, ...options }) }))
      for (const { runner } of runners) await runner.opened()
      // any frame that passes, with bytes of its own, comes last
      const last = hex(PASS)[0]?.replace(/^00/, '02') ?? ''
      send([...hex(ALL), last])
      for (const { expected, runner } of runners) {
        await runner.until('the last is seen', () => runner.frames.at(-1)?.bytes === last)
        await runner.stop()
        const seen = runner.frames.map(({ bytes }) => bytes).filter((bytes) => bytes !== last)
        expect(namesOf(seen)).to.deep.equal(namesOf(hex(expected)))
        expect(runner.logs).to.deep.equal([])
      }
    })

  it('limits each flow by itself, behind VLAN tags too, and each connection anew', async () => {
    const flowLimit = 20_480
    const most = Math.ceil(flowLimit / STREAM_PAYLOAD)
    const runner = await lab
      .run({ interface: 'va', ports: WATCHED, engine: 'native', flowLimit })
      .opened()
    const streams = Object.entries(STREAMS).map(([name, { bulk, syn }]) => ({
      name,
      bulks: Array.from({ length: 2 * most }, (_, i) => hexOf(bulk(1 + i * STREAM_PAYLOAD))),
      // of the next connection of the same ports
      next: hexOf(bulk(NEXT + 1)),
      syn: hexOf(syn(0)),
      nextSyn: hexOf(syn(NEXT)),
    }))
    // the streams side by side, each twice: what is sent again uses nothing up
    const bulks = Array.from({ length: 2 * most }, (_, i) =>
      streams.map((each) => each.bulks[i] ?? ''),
    )
    send([...streams.map(({ syn }) => syn), ...bulks.flat(), ...bulks.flat()])
    send([...streams.map(({ next }) => next), ...streams.map(({ nextSyn }) => nextSyn)])
    send([...streams.map(({ next }) => next), ...streams.map(({ syn }) => syn)])
    const count = (bytes: string) => runner.frames.filter((each) => each.bytes === bytes).length
    await runner.until('the last is seen', () => count(streams.at(-1)?.syn ?? '') === 2)
    await runner.stop()
    for (const { name, bulks, next, syn, nextSyn } of streams) {
      // two tags in the frame, the outer one of a kind the kernel does not take off, are one too many
      const isLimited = !name.endsWith('old qinq')
      const seen = bulks.map(count)
      const limited = [...Array<number>(most).fill(2), ...Array<number>(most).fill(0)]
      expect(seen, name).to.deep.equal(isLimited ? limited : seen.map(() => 2))
      expect(count(next), name).to.equal(isLimited ? 1 : 2)
      expect([count(syn), count(nextSyn)], name).to.deep.equal([2, 1])
    }
  })

  it('leaves out what neither was seen to start nor begins as it may, behind VLAN tags too', async () => {
    const starts = [0x16, 0xff]
    const runner = await lab
      .run({ interface: 'va', ports: WATCHED, engine: 'native', flowLimit: 20_480, starts })
      .opened()
    const streams = Object.entries(STREAMS).map(([name, { bulk, syn }]) => {
      const [begin, last] = starts.map((byte) => {
        const frame = Buffer.from(bulk(1))
        frame[frame.length - STREAM_PAYLOAD] = byte
        return frame.toString('hex')
      })
      return {
        ...{ name, bulk: hexOf(bulk(1)), syn: hexOf(syn(0)) },
        ...{ begin: begin ?? '', last: last ?? '' },
      }
    })
    const bulks = streams.map(({ bulk }) => bulk)
    const [first, second] = [streams.slice(0, 4), streams.slice(4)]
    // four begin by a SYN, the others by their first byte
    send([...bulks, ...bulks, ...first.map(({ syn }) => syn), ...second.map(({ begin }) => begin)])
    send([...bulks, ...bulks, ...bulks, streams[0]?.last ?? ''])
    const seen = (bytes: string) => runner.frames.filter((each) => each.bytes === bytes).length
    await runner.until('the last is seen', () => seen(streams[0]?.last ?? '') === 1)
    await runner.stop()
    for (const { name, bulk } of streams)
      expect(seen(bulk), name).to.equal(name.endsWith('old qinq') ? 5 : 3)
    for (const { name, syn } of first) expect(seen(syn), name).to.equal(1)
    for (const { name, begin } of second) expect(seen(begin), name).to.equal(1)
  })

  it('limits flows on all interfaces at once', async () => {
    const flowLimit = 20_480
    const runner = await lab
      .run({ interface: 'any', ports: WATCHED, engine: 'native', flowLimit })
      .opened()
    const streams = ['v4', 'v6'].flatMap((family) => STREAMS[` ${family}`] ?? [])
    const syns = streams.map(({ syn }) => hexOf(syn(0)))
    const bulks = Array.from({ length: 100 }, (_, i) =>
      streams.map(({ bulk }) => hexOf(bulk(1 + i * STREAM_PAYLOAD))),
    )
    send([...syns, ...bulks.flat(), syns[1] ?? ''])
    const isSyn = ({ bytes }: { bytes: string }) => bytes.length < 300
    await runner.until('the last is seen', () => runner.frames.filter(isSyn).length === 3)
    await runner.stop()
    expect(runner.frames).to.have.lengthOf(2 * Math.ceil(flowLimit / STREAM_PAYLOAD) + 3)
  })

  it('limits flows by the longest filter, and goes on when it is replaced', async () => {
    const ports = Array.from({ length: 64 }, (_, i) => 443 + 2 * i)
    const httpPorts = ports.map((port) => port + 1000)
    const runner = await lab
      .run({ interface: 'va', ports, httpPorts, server: true, engine: 'native', flowLimit: 1_024 })
      .opened()
    const bulk = (distance: number) => hexOf(STREAMS[' v4']?.bulk(distance) ?? [])
    const [bytes, later] = [bulk(1), bulk(1 + 1_024)]
    const last = hex(PASS)[0] ?? ''
    send([bytes, ...Array.from({ length: 50 }, () => later), last])
    await runner.until('the last is seen', () => runner.frames.at(-1)?.bytes === last)
    expect(runner.frames).to.have.lengthOf(2)
    runner.process.send({ watch: WATCHED })
    await sleep(200)
    send([bytes, ...Array.from({ length: 50 }, () => later), last])
    await runner.until('the last is seen again', () => runner.frames.length === 4)
    await runner.stop()
    // the table of flows is a new one
    expect(runner.frames.map((frame) => frame.bytes)).to.deep.equal([bytes, last, bytes, last])
    expect(runner.logs).to.deep.equal([])
  })

  it('limits no fragments, no tunnels, and nothing behind IP options or three tags', async () => {
    const runner = await lab
      .run({ interface: 'va', ports: WATCHED, engine: 'native', flowLimit: 1_024 })
      .opened()
    const names = ['a later fragment', 'a hello after IPv4 options', 'three tags', 'GRE v4']
    const frames = names.map((name) => Buffer.from(ALL[name] ?? []).toString('hex'))
    send(Array.from({ length: 200 }, () => frames).flat())
    await runner.until('all are seen', () => runner.frames.length === 200 * names.length)
    await runner.stop()
  })
})

/** Of what is dropped otherwise, what servers send. */
function bulk(): Frames {
  return Object.fromEntries(Object.entries(DROP).filter(([name]) => name.startsWith('bulk of')))
}
