// The join, whatever becomes of the frames on their way here.

import { expect } from 'chai'
import fc from 'fast-check'
import type { Sighting } from '../../src/model/sighting.js'
import type { Frame } from '../wire/pcap-frames.js'
import { ANSWERS, captured, clientSide, read, SERVER_KEYS } from './reading.js'

const SECOND = 1e6
const frames = captured(ANSWERS)
const whole = read(frames).sightings

/** Ports of a frame's TCP header; the capture has no IP options. */
function portsOf({ bytes }: Frame): { from: number; to: number; flags: number } {
  const at = bytes[12] === 0x86 ? 14 + 40 : 14 + 20
  const port = (off: number) => ((bytes[off] ?? 0) << 8) | (bytes[off + 1] ?? 0)
  return { from: port(at), to: port(at + 2), flags: bytes[at + 13] ?? 0 }
}
const isServers = (frame: Frame) => portsOf(frame).from < 5000
const SYN_FIN_RST = 7
/** Frames of the connections to a server's port, in order. */
const connectionsTo = (port: number) =>
  frames.filter((frame) => [portsOf(frame).from, portsOf(frame).to].includes(port))
const later = (frame: Frame, seconds: number): Frame => ({
  ...frame,
  timeMicros: frame.timeMicros + seconds * SECOND,
})

/** What the server's side of each hello is, times apart, in the order of the hellos' ports and lengths. */
function answersOf(sightings: readonly Sighting[]): string[] {
  return sightings
    .map((sighting) => {
      const said = SERVER_KEYS.map((key) => sighting[key] ?? '')
      const { srcport, hello_len, hrr_of } = sighting
      return JSON.stringify([srcport, hello_len, hrr_of !== undefined, ...said])
    })
    .sort()
}

describe('joining hellos with their answers', () => {
  it('gives each hello once, wherever the capture ends', () => {
    const some = [4431, 4432, 4436].flatMap(connectionsTo)
    const without = read(some, false).sightings
    for (let end = 0; end <= some.length; end++) {
      const { sightings, counters } = read(some.slice(0, end))
      expect(sightings).to.have.length(counters.hellos)
      expect(sightings.map(clientSide)).to.have.deep.members(without.slice(0, counters.hellos))
      expect(counters.server_hellos + counters.hello_unanswered).to.equal(counters.hellos)
    }
  }).timeout(60_000)

  it('gives each hello once, wherever the capture begins', () => {
    for (let start = 0; start <= frames.length; start += 7) {
      const part = frames.slice(start)
      const { sightings, counters } = read(part)
      const clients = sightings.filter(({ side }) => side === undefined)
      expect(clients.map(clientSide)).to.have.deep.members(read(part, false).sightings)
      expect(counters.server_hellos + counters.hello_unanswered).to.equal(clients.length)
      expect(counters.server_hello_unjoined).to.equal(sightings.length - clients.length)
    }
  }).timeout(60_000)

  it('joins the same when a frame of one direction overtakes one of the other', () => {
    for (let i = 0; i + 1 < frames.length; i++) {
      const [one, other] = [frames[i], frames[i + 1]]
      if (one === undefined || other === undefined || isServers(one) === isServers(other)) continue
      if (((portsOf(one).flags | portsOf(other).flags) & SYN_FIN_RST) !== 0) continue
      const swapped = [...frames.slice(0, i), other, one, ...frames.slice(i + 2)]
      expect(answersOf(read(swapped).sightings), `frame ${i + 1}`).to.deep.equal(answersOf(whole))
    }
  }).timeout(60_000)

  it('joins the same when all of a server comes before all of its client, a second apart', () => {
    for (const port of [4431, 4433, 4434, 4435]) {
      const ours = connectionsTo(port)
      for (const client of new Set(ours.filter(isServers).map((frame) => portsOf(frame).to))) {
        const connection = ours.filter((frame) =>
          [portsOf(frame).from, portsOf(frame).to].includes(client),
        )
        const turned = [
          ...connection.filter(isServers),
          ...connection.filter((frame) => !isServers(frame)).map((frame) => later(frame, 1)),
        ]
        const { sightings, counters } = read(turned)
        expect(answersOf(sightings)).to.deep.equal(answersOf(read(connection).sightings))
        expect(counters.server_hello_unjoined).to.equal(0)
        expect(counters.server_hellos).to.equal(1)
      }
    }
  })

  it('joins the same when frames of other connections come between', () => {
    fc.assert(
      fc.property(fc.infiniteStream(fc.nat(12)), (turns) => {
        // each connection's frames stay in order, connections take turns
        const mixed: Frame[] = []
        const waiting = [...grouped(frames, clientOf).values()]
        while (waiting.length > 0) {
          const turn = (turns.next().value as number) % waiting.length
          const frame = waiting[turn]?.shift()
          if (frame !== undefined) mixed.push({ ...frame, timeMicros: frames[0]?.timeMicros ?? 0 })
          if (waiting[turn]?.length === 0) waiting.splice(turn, 1)
        }
        expect(answersOf(read(mixed).sightings)).to.deep.equal(answersOf(whole))
      }),
      { numRuns: 25 },
    )
  }).timeout(60_000)

  it('gives hellos of which the snaplen left the answer out', () => {
    const cut = frames.map((frame) =>
      isServers(frame) ? { ...frame, bytes: frame.bytes.slice(0, 100) } : frame,
    )
    const { sightings } = read(cut)
    expect(sightings).to.have.length(whole.length)
    expect(sightings.filter(({ ja3s }) => ja3s !== undefined)).to.deep.equal([])
  })

  it('gives what it knows of a server whose certificate is cut short', () => {
    const cut = connectionsTo(4434).map((frame) =>
      isServers(frame) ? { ...frame, bytes: frame.bytes.slice(0, 1400) } : frame,
    )
    const [sighting] = read(cut).sightings
    expect(sighting).to.include({ server_version: 'TLS 1.0', cipher: 49_172 })
    expect(sighting).not.to.have.property('cert_subject')
  })

  it('waits ten seconds for an answer', () => {
    const connection = connectionsTo(4434)
    const slow = (seconds: number) =>
      connection.map((frame) => (isServers(frame) ? later(frame, seconds) : frame))
    const inTime = slow(9.9).sort((a, b) => a.timeMicros - b.timeMicros)
    expect(read(inTime).sightings).to.have.length(1)
    expect(read(inTime).sightings[0]).to.have.property('cert_subject')
    const tooLate = read(slow(10.1).sort((a, b) => a.timeMicros - b.timeMicros))
    expect(tooLate.sightings.map(({ side }) => side)).to.deep.equal([undefined, 'server'])
    expect(tooLate.sightings[0]).not.to.have.property('ja3s')
    expect(tooLate.counters).to.include({ hello_unanswered: 1, server_hello_unjoined: 1 })
  })

  it('gives a hello unanswered soon after its flow has ended', () => {
    const [closed, reset] = [...grouped(connectionsTo(4436), clientOf).values()]
    for (const connection of [closed ?? [], reset ?? []]) {
      const last = connection.at(-1)
      if (last === undefined) throw new Error('the capture has no such connection')
      expect(read([...connection, later(last, 1.9)]).early).to.deep.equal([])
      expect(read([...connection, later(last, 2.1)]).early).to.have.length(1)
    }
  })

  it('does not take the answer of one connection for that of the next with the same ports', () => {
    const connection = connectionsTo(4434)
    const answered = connection.filter(isServers)
    const asked = connection.filter((frame) => !isServers(frame)).map((frame) => later(frame, 3))
    const { sightings, counters } = read([...answered, ...asked])
    expect(sightings.map(({ side }) => side)).to.deep.equal(['server', undefined])
    expect(sightings[1]).not.to.have.property('ja3s')
    expect(counters.server_hello_unjoined).to.equal(1)
  })
})

function clientOf(frame: Frame): number {
  const { from, to } = portsOf(frame)
  return Math.max(from, to)
}

function grouped<T>(values: readonly T[], keyOf: (value: T) => number): Map<number, T[]> {
  const groups = new Map<number, T[]>()
  for (const value of values) {
    const group = groups.get(keyOf(value))
    if (group === undefined) groups.set(keyOf(value), [value])
    else group.push(value)
  }
  return groups
}
