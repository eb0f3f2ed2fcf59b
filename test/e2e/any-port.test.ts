// A live capture of every port: over a veth pair it finds what `read` finds, and the kernel keeps the bulk.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'chai'
import { engines, namespaces, needs } from '../capability.js'
import { ip, Lab } from '../capture/live-lab.js'
import { writePcap } from '../capture/pcap-writer.js'
import { Daemon, HELLOTAP, hellotap, sightingsIn } from '../hellotap.js'
import { framesOf } from '../wire/pcap-frames.js'
import type { Sighting } from '../../src/model/sighting.js'

const CAPTURES = resolve(import.meta.dirname, '../../captures')
const SPAN = resolve(import.meta.dirname, '../../tools/bench/gen-span.mjs')
const LINKTYPE_ETHERNET = 1
const JUMBO = 9_000
/** Bytes of the span mix, and the share of its frames the kernel may pass. */
const SPAN_BYTES = 40_000_000
const MOST_PASSED = 0.02

// In one go, as fast as the interface takes them.
const SENDER = `const { Cap } = require('cap'); const { readFileSync } = require('fs'); const cap = new Cap()
  const file = readFileSync(process.argv[1])
  cap.open('vb', '', 1 << 20, Buffer.alloc(65535))
  for (let at = 24; at < file.length;) {
    const length = file.readUInt32LE(at + 8)
    cap.send(file.subarray(at + 16, at + 16 + length))
    at += 16 + length
  }
  cap.close()`

/** Frames of Ethernet in the captures of a folder, one capture behind the other. */
function ethernetFrames(folder: string): Uint8Array[] {
  return readdirSync(folder)
    .filter((name) => /\.pcap(ng)?$/.test(name))
    .flatMap((name) => framesOf(join(folder, name)))
    .filter(
      ({ linkType, bytes }) =>
        linkType === LINKTYPE_ETHERNET && bytes.length > 14 && bytes.length < JUMBO,
    )
    .map(({ bytes }) => bytes)
}

const shown = (sightings: readonly Sighting[]) =>
  sightings
    .map(({ src, srcport, dst, dstport, src_mac, proto, tunnel, ja4 }) =>
      [proto, src, src_mac, srcport, dst, dstport, tunnel, ja4].join(' '),
    )
    .sort()

describe('every port, live', function () {
  this.timeout(120_000)
  let lab: Lab
  let folder: string
  before(function () {
    needs(this, namespaces, engines)
    folder = mkdtempSync(join(tmpdir(), 'hellotap-any-'))
    lab = new Lab()
    lab.quiet()
    for (const [name, link] of [
      [lab.a, 'va'],
      [lab.b, 'vb'],
    ] as const)
      ip('-n', name, 'link', 'set', link, 'mtu', String(JUMBO))
  })
  after(async () => {
    if ((lab as Lab | undefined) === undefined) return
    await lab.close()
    rmSync(folder, { recursive: true })
  })

  /** Sends a pcap's frames. @returns what the sensor found, and frames it was given */
  const live = async (path: string, ...args: string[]) => {
    const words = ['capture', '-i', 'va', '--stdout', '--log-format', 'text', ...args]
    const inside = ['netns', 'exec', lab.a, process.execPath, HELLOTAP, ...words]
    const daemon = new Daemon('ip', [...inside, '--metrics-port', '0'])
    await daemon.says(/capturing on/)
    lab.exec(lab.b, process.execPath, '-e', SENDER, path)
    await sleep(500)
    await daemon.stop()
    const lines = daemon.output.split('\n')
    const packets = Number(/stopped: ([\d,]+) frame/.exec(daemon.output)?.[1]?.replaceAll(',', ''))
    return {
      sightings: sightingsIn(lines.filter((line) => line.startsWith('{')).join('\n')),
      packets,
    }
  }

  for (const [name, frames] of Object.entries({
    'field captures': ethernetFrames(join(CAPTURES, 'field')),
    'captures of clients': ethernetFrames(CAPTURES),
  }))
    it(`gives what read gives: ${name}`, async () => {
      const path = join(folder, 'frames.pcap')
      writeFileSync(path, writePcap(frames))
      const read = sightingsIn((await hellotap(['read', '--ports', 'any', path])).stdout)
      expect(read.length).to.be.above(20)
      const { sightings } = await live(path, '--ports', 'any')
      expect(shown(sightings)).to.deep.equal(shown(read))
    })

  it('takes ranges of ports', async () => {
    const path = resolve(CAPTURES, 'field/live-port-4444.pcap')
    const found = await live(path, '--ports', '443,4400-4500')
    expect(found.sightings.map(({ dstport }) => dstport)).to.deep.equal([4444])
    expect((await live(path, '--ports', '4445-4500')).sightings).to.deep.equal([])
    const read = await hellotap(['read', '--ports', '4400-4500', path])
    expect(sightingsIn(read.stdout)).to.have.length(1)
  })

  it('leaves the bulk of a span port in the kernel', async () => {
    const path = join(folder, 'span.pcap')
    execFileSync(process.execPath, [SPAN, path, String(SPAN_BYTES)])
    const frames = framesOf(path).length
    const read = sightingsIn((await hellotap(['read', '--ports', 'any', path])).stdout)
    const { sightings, packets } = await live(path, '--ports', 'any')
    console.log(
      `      ${packets} of ${frames} frames passed: ${((100 * packets) / frames).toFixed(2)} %`,
    )
    expect(packets / frames).to.be.within(0, MOST_PASSED)
    expect(shown(sightings)).to.deep.equal(shown(read))
    rmSync(path)
  })
})
