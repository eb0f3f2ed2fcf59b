import { expect } from 'chai'
import fc from 'fast-check'
import type { Packet } from '../../src/model/packet.js'
import { concat, handshake } from '../stream/segments.js'
import {
  ack,
  connectionClose,
  crypto,
  datagram,
  initial,
  padding,
  PING,
  V1,
  V2,
} from './initial.js'
import { lab, bytesOf } from './lab.js'

const CONNECTION_IDS = [3, 5].map((fill) => new Uint8Array(8 + fill).fill(fill))

/** Frames that say nothing of the hello. */
const other = fc.constantFrom(PING, padding(1), padding(7), ack(), ack(true), connectionClose('x'))

/** A piece of the hello: where it begins and how long it is, as parts of the hello's length. */
const piece = fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 1, max: 900 }))

/** One way to send a hello: where it is cut, what is sent twice, in what order, how it is packed. */
const sending = fc.record({
  length: fc.integer({ min: 38, max: 6_000 }),
  cuts: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 8 }),
  again: fc.array(piece, { maxLength: 4 }),
  order: fc.array(fc.nat(), { minLength: 16, maxLength: 16 }),
  others: fc.array(other, { minLength: 16, maxLength: 16 }),
  framesPerPacket: fc.integer({ min: 1, max: 5 }),
  packetsPerDatagram: fc.integer({ min: 1, max: 4 }),
  zeros: fc.nat(40),
  numberLen: fc.integer({ min: 1, max: 4 }),
  version: fc.constantFrom(V1, V2),
})
type Sending = typeof sending extends fc.Arbitrary<infer T> ? T : never

/** The pieces of a hello that a sending sends, as [from, to): the first ones are all of it, end to end. */
function piecesOf({ length, cuts, again }: Sending): [number, number][] {
  const inner = cuts.map((cut) => Math.floor(cut * length))
  const bounds = [...new Set([0, ...inner, length])].sort((a, b) => a - b)
  return [
    ...bounds.slice(1).map((end, i): [number, number] => [bounds[i] ?? 0, end]),
    ...again.map(([at, len]): [number, number] => {
      const from = Math.min(length - 1, Math.floor(at * length))
      return [from, Math.min(length, from + len)]
    }),
  ]
}

function datagramsOf(
  hello: Uint8Array,
  pieces: readonly [number, number][],
  way: Sending,
  dcid: Uint8Array,
): Packet[] {
  const ordered = pieces
    .map((value, i) => ({ value, key: way.order[i] ?? 0 }))
    .sort((a, b) => a.key - b.key)
  const frames = ordered.map(({ value: [from, to] }, i) =>
    concat([way.others[i] ?? PING, crypto(hello, from, to)]),
  )
  const packets = groups(frames, way.framesPerPacket).map((group, packetNumber) =>
    initial(group, { packetNumber, numberLen: way.numberLen, version: way.version, dcid }),
  )
  return groups(packets, way.packetsPerDatagram).map((group) =>
    datagram(group.flatMap((packet) => [packet, padding(way.zeros)])),
  )
}

function groups<T>(items: readonly T[], size: number): T[][] {
  const count = Math.ceil(items.length / size)
  return Array.from({ length: count }, (_, i) => items.slice(i * size, (i + 1) * size))
}

describe('QuicHellos, whatever the way a hello is sent,', function () {
  this.timeout(20_000)

  it('gives it once, exactly, with no byte behind the datagram read', () => {
    fc.assert(
      fc.property(sending, (way) => {
        const hello = handshake(1, way.length)
        const { take, hellos } = lab()
        const sent = datagramsOf(hello, piecesOf(way), way, CONNECTION_IDS[0] ?? PING)
        expect(bytesOf(take(...sent))).to.deep.equal([hello])
        expect(hellos.pending).to.equal(0)
        // All of it again is nothing new.
        expect(take(...sent)).to.deep.equal([])
        expect(hellos.pending).to.equal(0)
      }),
      { numRuns: 150 },
    )
  })

  it('gives nothing while a byte is missing, and all once it comes', () => {
    fc.assert(
      fc.property(sending, fc.double({ min: 0, max: 0.999, noNaN: true }), (way, where) => {
        const hello = handshake(1, way.length)
        const missing = Math.floor(where * way.length)
        const without = piecesOf(way).flatMap(([from, to]) => {
          const around: [number, number][] = [
            [from, Math.min(to, missing)],
            [Math.max(from, missing + 1), to],
          ]
          return around.filter(([start, end]) => start < end)
        })
        const { take } = lab()
        const id = CONNECTION_IDS[0] ?? PING
        expect(take(...datagramsOf(hello, without, way, id))).to.deep.equal([])
        const last = initial([crypto(hello, missing, missing + 1)], {
          version: way.version,
          dcid: id,
          packetNumber: 99,
        })
        expect(bytesOf(take(last))).to.deep.equal([hello])
      }),
      { numRuns: 100 },
    )
  })

  it('keeps two connections of one flow apart, their datagrams mixed', () => {
    fc.assert(
      fc.property(sending, sending, fc.infiniteStream(fc.boolean()), (one, two, coin) => {
        const hellos = [handshake(1, one.length, 1), handshake(1, two.length, 2)]
        const queues = [one, two].map((way, i) =>
          datagramsOf(hellos[i] ?? PING, piecesOf(way), way, CONNECTION_IDS[i] ?? PING),
        )
        const mixed: Packet[] = []
        for (const second of coin) {
          const packet = queues[second ? 1 : 0]?.shift() ?? queues[second ? 0 : 1]?.shift()
          if (packet === undefined) break
          mixed.push(packet)
        }
        const given = bytesOf(lab().take(...mixed))
        expect(given).to.have.length(2)
        expect(given).to.deep.include.members(hellos)
      }),
      { numRuns: 60 },
    )
  })

  it('gives nothing of a datagram with any byte of its one packet changed', () => {
    const hello = handshake(1, 300)
    const packet = initial([crypto(hello)])
    const change = fc.integer({ min: 1, max: 255 })
    fc.assert(
      fc.property(fc.nat(packet.length - 1), change, (at, by) => {
        const changed = packet.slice()
        changed[at] = (changed[at] ?? 0) ^ by
        expect(lab().take(changed)).to.deep.equal([])
      }),
      { numRuns: 200 },
    )
  })

  it('gives no more than one hello, and never throws, whatever is put on a real one', () => {
    const hello = handshake(1, 300)
    const packet = initial([crypto(hello)], { size: 500 })
    const edits = fc.array(fc.tuple(fc.nat(packet.length - 1), fc.nat(255)), { maxLength: 6 })
    fc.assert(
      fc.property(edits, fc.nat(packet.length), (changes, cut) => {
        const bytes = packet.slice()
        for (const [at, value] of changes) bytes[at] = value
        const given = lab({ server: true }).take(concat([bytes.subarray(0, cut), bytes]))
        expect(given.length).to.be.at.most(1)
        for (const one of given) expect(one.bytes).to.deep.equal(hello)
      }),
      { numRuns: 300 },
    )
  })
})
