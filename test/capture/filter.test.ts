// The expression is run by libpcap itself: tcpdump reads frames made here, and the captures, through it.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { needs, tools } from '../capability.js'
import type { FilterOptions } from '../../src/capture/filter/capture-filter.js'
import { captureFilter, QUIC_VERSION_BYTES } from '../../src/capture/filter/capture-filter.js'
import { portsOf } from '../../src/model/ports.js'
import { VERSION_FIRST_BYTES } from '../../src/quic/version.js'
import { readCapture } from '../../src/read-capture.js'
import type { Frames } from './frames.js'
import {
  DROP,
  HTTP_WATCHED,
  NO_REQUESTS,
  OF_SERVERS,
  PASS,
  REQUESTS,
  TUNNELS,
  WATCHED,
} from './frames.js'
import { writePcap } from './pcap-writer.js'

const PLAIN = { tunnels: false }
const CAPTURES = fileURLToPath(new URL('../../captures/', import.meta.url))
/** Greatest program the kernel takes (BPF_MAXINSNS). */
const MOST_INSTRUCTIONS = 4096

/** What tcpdump says when it is called thus; what it warns of is left out. */
function tcpdump(...args: string[]): Buffer {
  return execFileSync('tcpdump', args, { stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 1 << 28 })
}

describe('capture filter', function () {
  let folder: string | undefined
  before(function () {
    needs(this, tools('tcpdump'))
    folder = mkdtempSync(join(tmpdir(), 'hellotap-filter-'))
  })
  after(() => {
    if (folder !== undefined) rmSync(folder, { recursive: true })
  })

  /** Names of the frames libpcap lets through. */
  function passing(frames: Frames, filter: string, linkType = 1): string[] {
    const file = join(folder ?? '', 'frames.pcap')
    const written = Object.values(frames).map((bytes, i) => ({
      bytes: Uint8Array.from(bytes),
      seconds: i,
    }))
    writeFileSync(file, writePcap(written, { linkType }))
    const out = tcpdump('-r', file, '-w', '-', filter)
    const names = Object.keys(frames)
    const passed: string[] = []
    // the second of each frame's time is its number
    for (let off = 24; off < out.length; off += 16 + out.readUInt32LE(off + 8))
      passed.push(names[out.readUInt32LE(off)] ?? '')
    return passed
  }

  const filterFor = (options: Partial<FilterOptions>) =>
    captureFilter(WATCHED, { ...PLAIN, ...options })
  const filter = filterFor({})

  it('passes all that can carry a hello', () => {
    expect(passing(PASS, filter)).to.deep.equal(Object.keys(PASS))
  })
  it('drops the bulk, acknowledgements and other ports', () => {
    expect(passing(DROP, filter)).to.deep.equal([])
  })
  it('passes tunnels only where asked to', () => {
    expect(passing(TUNNELS, filter)).to.deep.equal([])
    const withTunnels = filterFor({ tunnels: true })
    expect(passing(TUNNELS, withTunnels)).to.deep.equal(Object.keys(TUNNELS))
    expect(passing(PASS, withTunnels)).to.deep.equal(Object.keys(PASS))
    expect(passing(DROP, withTunnels)).to.deep.equal([])
  })
  it('passes requests of plain HTTP only where asked to', () => {
    expect(passing(REQUESTS, filter)).to.deep.equal([])
    const withHttp = filterFor({ httpPorts: HTTP_WATCHED })
    expect(passing(REQUESTS, withHttp)).to.deep.equal(Object.keys(REQUESTS))
    expect(passing(NO_REQUESTS, withHttp)).to.deep.equal([])
    expect(filterFor({ httpPorts: [] })).to.equal(filter)
  })
  it('passes all that servers send only where asked to', () => {
    expect(passing(OF_SERVERS, filter)).to.deep.equal([])
    const withServer = filterFor({ server: true })
    expect(passing(OF_SERVERS, withServer)).to.deep.equal(Object.keys(OF_SERVERS))
    expect(passing(PASS, withServer)).to.deep.equal(Object.keys(PASS))
    const ofServers = Object.keys(DROP).filter((name) => /^(bulk|one byte) of/.test(name))
    expect(passing(DROP, withServer)).to.deep.equal(ofServers)
  })

  it('does the same on raw IP', () => {
    const isPlain = (name: string) => !/ vlan| qinq|MPLS$|PPPoE|ARP|SNAP|tree|tags|cut/.test(name)
    const raw = (frames: Frames) =>
      Object.fromEntries(
        Object.entries(frames)
          .filter(([name]) => isPlain(name))
          .map(([name, frame]) => [name, frame.slice(14)]),
      )
    expect(passing(raw(PASS), filter, 101)).to.deep.equal(Object.keys(raw(PASS)))
    expect(passing(raw(DROP), filter, 101)).to.deep.equal([])
    const withTunnels = filterFor({ tunnels: true })
    expect(passing(raw(TUNNELS), withTunnels, 101)).to.deep.equal(Object.keys(raw(TUNNELS)))
  })
  it('does the same on Linux’ cooked frames, where all IP behind a tag passes', () => {
    const cooked = (frames: Frames) =>
      Object.fromEntries(
        Object.entries(frames)
          .filter(([name]) => !/ qinq|SNAP|tree|tags|cut/.test(name))
          .map(([name, frame]) => [name, [...new Array<number>(14).fill(0), ...frame.slice(12)]]),
      )
    const isTaggedIp = (name: string) => name.endsWith(' vlan') && !name.startsWith('ARP')
    expect(passing(cooked(PASS), filter, 113)).to.deep.equal(Object.keys(cooked(PASS)))
    expect(passing(cooked(DROP), filter, 113)).to.deep.equal(
      Object.keys(cooked(DROP)).filter(isTaggedIp),
    )
  })

  it('compiles for every link type of live interfaces, within what the kernel takes', () => {
    const ports = Array.from({ length: 64 }, (_, i) => 1000 + 2 * i)
    for (const tunnels of [false, true])
      for (const type of ['EN10MB', 'RAW', 'LINUX_SLL', 'LINUX_SLL2', 'NULL', 'PPP']) {
        const expression = captureFilter(ports, { tunnels, server: true, httpPorts: [80, 8000] })
        const listing = tcpdump('-y', type, '-d', expression).toString()
        expect(listing.trim().split('\n').length).to.be.below(MOST_INSTRUCTIONS)
      }
  })
  it('joins the nearest ports where there are too many to tell apart', () => {
    // 200 pairs, far from each other, and one lone port
    const ports = Array.from({ length: 200 }, (_, i) => [100 + 100 * i, 102 + 100 * i])
    const many = captureFilter([...ports.flat(), 60_000], { tunnels: true })
    expect(tcpdump('-y', 'EN10MB', '-d', many).toString().trim().split('\n').length).to.be.below(
      MOST_INSTRUCTIONS,
    )
    for (const port of [100, 102, 10_000, 20_002, 60_000])
      expect(many).to.satisfy((text: string) =>
        [...text.matchAll(/ip\[22:2\] >= (\d+) and ip\[22:2\] <= (\d+)|ip\[22:2\] = (\d+)/g)].some(
          ([, low, high, lone]) =>
            lone === undefined
              ? Number(low) <= port && port <= Number(high)
              : Number(lone) === port,
        ),
      )
    expect(many).to.contain('ip[22:2] = 60000')
  })
  it('of every port passes what any of them would, and knows the versions of QUIC that are read', () => {
    expect(new Set(QUIC_VERSION_BYTES)).to.deep.equal(new Set(VERSION_FIRST_BYTES))
    for (const options of [PLAIN, { tunnels: true, server: true, httpPorts: HTTP_WATCHED }]) {
      const frames = { ...PASS, ...(options.tunnels ? { ...TUNNELS, ...OF_SERVERS } : {}) }
      expect(passing(frames, captureFilter(portsOf('any') ?? [], options))).to.deep.equal(
        Object.keys(frames),
      )
    }
  })

  it('is empty without ports, and the same whatever their order', () => {
    expect(captureFilter([], PLAIN)).to.equal('')
    expect(captureFilter([8443, 443, 443], PLAIN)).to.equal(captureFilter([443, 8443], PLAIN))
    expect(captureFilter([445, 443, 444], PLAIN))
      .to.contain('>= 443')
      .and.to.contain('<= 445')
  })

  describe('leaves the hellos of', () => {
    const sightingsOf = async (input: string | Readable, server: boolean) => {
      const found: object[] = []
      for await (const sighting of readCapture(input, { server, file: 'the same' }))
        found.push(sighting)
      return found
    }
    for (const name of readdirSync(CAPTURES).filter((each) => /\.pcap(ng)?$/.test(each)))
      it(name, async () => {
        const path = join(CAPTURES, name)
        for (const server of [false, true]) {
          const all = await sightingsOf(path, server)
          const ports = all.map((each) => (each as { dstport: number }).dstport)
          const expression = captureFilter(ports, { tunnels: true, server })
          const filtered = tcpdump('-r', path, '-w', '-', expression)
          expect(await sightingsOf(Readable.from([filtered]), server)).to.deep.equal(all)
        }
      })
  })
})
