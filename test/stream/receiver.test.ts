// What a receiver does not take must not hide what it takes, nor stand for it. Each trick over IPv4 and IPv6: the server's hello
// is given, and no other without a mark.

import { expect } from 'chai'
import { newCounters } from '../../src/base/counters.js'
import { QUALITY_CONFLICT, QUALITY_GAP } from '../../src/model/handshake-bytes.js'
import { type Packet, TCP_ACK, TCP_FIN, TCP_RST, TCP_SYN, TCP_URG } from '../../src/model/packet.js'
import { RIGHT, UNKNOWN, WRONG } from '../../src/stream/checksum.js'
import { Receiver } from '../../src/stream/receiver.js'
import { TcpHellos } from '../../src/stream/tcp-hellos.js'
import {
  handshake,
  linuxOptions,
  record,
  reversed,
  segment,
  type SegmentOptions,
  SMALL_SIZES,
  timestamps,
} from './segments.js'

const ISN = 0xffff_ff80
const FIRST = ISN + 1
const SERVER = 5_000_000
const NOTHING = new Uint8Array(0)
const CLOCK = 1_000_000
const hello = handshake(1, 300)
const stream = record(hello)
const decoyHello = handshake(1, 300, 77)
const decoy = record(decoyHello)
const garbage = new Uint8Array(50).fill(0x99)
const [half, rest] = [stream.subarray(0, 100), stream.subarray(100)]
const finished = Uint8Array.from([23, 3, 3, 0, 60, ...new Uint8Array(60)])

/** A segment at an offset of the client's stream, with what differs from the usual. */
type Part = readonly [at: number, bytes: Uint8Array, options?: SegmentOptions]
const whole: Part = [0, stream]
const halves: readonly Part[] = [
  [0, half],
  [100, rest],
]
const between = (...parts: readonly Part[]): Part[] => [[0, half], ...parts, [100, rest]]
const control = (flags: number, at = 100, options: SegmentOptions = {}): Part => [
  at,
  NOTHING,
  { flags, ...options },
]
/** IPv4's own header checksum is spoilt in place. */
const BAD_IP = -1

const TRICKS: Readonly<Record<string, readonly Part[]>> = {
  'a decoy with a wrong checksum': [[0, decoy, { wrongBy: 1 }], whole],
  'garbage with a wrong checksum before': [[0, garbage, { wrongBy: 9 }], whole],
  'garbage with a wrong checksum amid': between([100, garbage, { wrongBy: 9 }]),
  'a reset with a wrong checksum amid': between(control(TCP_RST, 100, { wrongBy: 1 })),
  'a FIN with a wrong checksum amid': between(control(TCP_FIN | TCP_ACK, 100, { wrongBy: 1 })),
  'a reset 5,000 ahead amid': between(control(TCP_RST, 5100)),
  'a reset 900,000 ahead amid': between(control(TCP_RST, 900_100)),
  'a SYN amid': between(control(TCP_SYN, 7_000_000)),
  'a decoy 3,000,000 ahead amid': between([3_000_000, decoy]),
  'a decoy 500,000 ahead before': [[500_000, decoy], whole],
  'a decoy 100,000 behind before': [[-100_000, decoy], whole],
  'a decoy without the ACK flag': [[0, decoy, { flags: 0 }], whole],
  'a decoy that acknowledges 100,000 ahead': [[0, decoy, { ack: SERVER + 100_001 }], whole],
  'a decoy of an old timestamp': [[0, decoy, { options: timestamps(CLOCK - 900_000) }], whole],
  'a decoy without timestamps': [[0, decoy, { options: [] }], whole],
  'a decoy with an MD5 signature': [
    [0, decoy, { options: [1, 1, 19, 18, ...new Uint8Array(16)] }],
    whole,
  ],
  'a decoy with a low TTL': [[0, decoy, { ttl: 3 }], whole],
  'half a decoy with a low TTL amid': between([100, decoy.subarray(100), { ttl: 3 }]),
  'garbage with a wrong checksum ahead': [[100, garbage, { wrongBy: 1 }], ...halves],
  'garbage with a wrong checksum far ahead': [[60_000, garbage, { wrongBy: 1 }], ...halves],
  'half a decoy with a low TTL ahead': [[100, decoy.subarray(100), { ttl: 3 }], ...halves],
  'a reset with a low TTL amid': between(control(TCP_RST, 100, { ttl: 2 })),
  'a FIN with a low TTL amid': between(control(TCP_FIN | TCP_ACK, 100, { ttl: 2 })),
  'an old FIN amid': between(control(TCP_FIN | TCP_ACK, 10)),
  'data on the SYN': [[-1, decoy, { flags: TCP_SYN, options: linuxOptions(CLOCK) }], whole],
  'zeros on the SYN': [
    [-1, new Uint8Array(16), { flags: TCP_SYN, options: linuxOptions(CLOCK) }],
    whole,
  ],
  'garbage out of order, then a covering segment out of order': [
    [200, garbage],
    [100, rest],
    [0, half],
  ],
  'garbage out of order, then a covering one in order': [[200, garbage], whole],
  'a decoy out of order, then all in order': [[100, decoy.subarray(100)], whole],
  'an urgent byte inside': [
    [
      0,
      Uint8Array.from([...stream.slice(0, 60), 33, ...stream.slice(60)]),
      { flags: TCP_ACK | TCP_URG, urgent: 61 },
    ],
  ],
  'two zeros counted as data': [[0, new Uint8Array(2)], whole],
  'six zeros counted as data': [[0, new Uint8Array(6)], ...halves],
  'a bad IPv4 header checksum': [[0, decoy, { ttl: BAD_IP }], whole],
  'a second hello at the same place, whole': [whole, [0, decoy]],
  'a second hello at the same place, in halves': [
    whole,
    [0, decoy.subarray(0, 100)],
    [100, decoy.subarray(100)],
  ],
}

const ENDS = [{}, { src: [...new Uint8Array(15), 1], dst: [...new Uint8Array(15), 2] }]

function packetOf([at, bytes, options = {}]: Part, ends: SegmentOptions): Packet {
  const isBad = options.ttl === BAD_IP
  const packet = segment(FIRST + at, bytes, {
    ack: SERVER + 1,
    options: timestamps(CLOCK + 5),
    ...ends,
    ...options,
    ttl: isBad ? 64 : (options.ttl ?? 64),
    ...(isBad && packetIsV6(ends) ? { wrongBy: 1 } : {}),
  })
  if (isBad && packet.ipVersion === 4) packet.bytes[10] = (packet.bytes[10] ?? 0) ^ 0x55
  return packet
}

const packetIsV6 = (ends: SegmentOptions) => ends.src !== undefined

function run(parts: readonly Part[], ends: SegmentOptions, isAnswered: boolean, wrongBy = 0) {
  const counters = newCounters()
  const hellos = new TcpHellos({ server: false, seed: 4 }, counters, SMALL_SIZES)
  const syn = { ...ends, flags: TCP_SYN, options: linuxOptions(CLOCK), wrongBy }
  const answer = {
    ...ends,
    ...reversed(ends),
    flags: TCP_SYN | TCP_ACK,
    ack: FIRST,
    options: linuxOptions(9),
  }
  const packets = [
    segment(ISN, NOTHING, syn),
    ...(isAnswered ? [segment(SERVER, NOTHING, answer)] : []),
    ...parts.map((part) => packetOf(part, { ...ends, ...(wrongBy === 0 ? {} : { wrongBy }) })),
    packetOf([stream.length, finished, wrongBy === 0 ? {} : { wrongBy }], ends),
  ]
  const given: { bytes: string; quality: number }[] = []
  for (const packet of packets)
    for (let kind = hellos.take(packet); kind !== 0; kind = hellos.next()) {
      const { bytes, off, end, quality } = hellos.message
      given.push({ bytes: Buffer.from(bytes.subarray(off, end)).toString('hex'), quality })
    }
  return { given, counters, hellos }
}

const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const MARKS = QUALITY_CONFLICT | QUALITY_GAP

/** A connection of which the SYN was seen. */
function opened(ends: SegmentOptions): TcpHellos {
  const hellos = new TcpHellos({ server: false, seed: 4 }, newCounters(), SMALL_SIZES)
  hellos.take(segment(ISN, NOTHING, { ...ends, flags: TCP_SYN, options: linuxOptions(CLOCK) }))
  return hellos
}

describe('the view of the receiver', () => {
  for (const [what, parts] of Object.entries(TRICKS))
    it(`sees through ${what}`, () => {
      for (const ends of ENDS) {
        const { given, hellos } = run(parts, ends, true)
        const wrong = given.filter(
          ({ bytes, quality }) => bytes !== hexOf(hello) && (quality & MARKS) === 0,
        )
        expect(given.filter(({ bytes }) => bytes === hexOf(hello))).to.have.length(1)
        expect(wrong).to.deep.equal([])
        expect(hellos.pending).to.equal(0)
      }
    })

  it('gives what only the receiver can tell to be right, once the client goes on behind it', () => {
    for (const ends of ENDS)
      for (const [options, quality] of [
        [{ ttl: 60 }, 0],
        [{ wrongBy: 1 }, QUALITY_CONFLICT],
      ] as const) {
        const { given } = run([[0, stream, options]], ends, true)
        expect(given).to.deep.equal([{ bytes: hexOf(hello), quality }])
        const inHalves = run(
          [
            [0, half, options],
            [100, rest, options],
          ],
          ends,
          true,
        )
        expect(inHalves.given).to.deep.equal([{ bytes: hexOf(hello), quality }])
        const swapped = run(
          [
            [100, rest, options],
            [0, half, options],
          ],
          ends,
          true,
        )
        expect(swapped.given).to.deep.equal([{ bytes: hexOf(hello), quality }])
      }
  })

  it('gives a hello that was held apart once the server speaks, where it is asked for', () => {
    for (const ends of ENDS) {
      const hellos = new TcpHellos({ server: true, seed: 4 }, newCounters(), SMALL_SIZES)
      const take = (packet: Packet) => hellos.take(packet)
      const back = { ...ends, ...reversed(ends), ack: FIRST + stream.length }
      const answer = record(handshake(2, 80))
      take(segment(ISN, NOTHING, { ...ends, flags: TCP_SYN, options: linuxOptions(CLOCK) }))
      const synAck = { ...back, flags: TCP_SYN | TCP_ACK, ack: FIRST, options: linuxOptions(9) }
      take(segment(SERVER, NOTHING, synAck))
      expect(take(packetOf([0, stream, { wrongBy: 1 }], ends))).to.equal(0)
      // whatever comes first of what the server says, right checksum or not
      expect(take(segment(SERVER + 41, answer.subarray(40), { ...back, wrongBy: 1 }))).to.equal(1)
      expect(hellos.isAnswered).to.equal(true)
      const { bytes, off, end, quality } = hellos.message
      expect(hexOf(bytes.subarray(off, end))).to.equal(hexOf(hello))
      expect(quality & QUALITY_CONFLICT).to.equal(QUALITY_CONFLICT)
      expect(hellos.next()).to.equal(0)
      expect(take(segment(SERVER + 1, answer.subarray(0, 40), { ...back, wrongBy: 1 }))).to.equal(2)
      expect(hellos.isAnswered).to.equal(false)
    }
  })

  it('gives a hello in doubt, marked, where nothing else comes for ten seconds', () => {
    for (const ends of ENDS) {
      const hellos = opened(ends)
      expect(hellos.take(packetOf([0, stream, { ttl: 60 }], ends))).to.equal(0)
      const now = 1_700_000_000e6
      expect(hellos.takeHeld(now + 9e6)).to.equal(0)
      expect(hellos.takeHeld(now + 10e6)).to.equal(1)
      const { bytes, off, end, quality } = hellos.message
      expect(hexOf(bytes.subarray(off, end))).to.equal(hexOf(hello))
      expect(quality).to.equal(QUALITY_CONFLICT)
      const { bytes: held, srcAddrOff, srcPort, dstPort, ipVersion } = hellos.heldPacket as Packet
      const address = held.subarray(srcAddrOff, srcAddrOff + (ipVersion === 4 ? 4 : 16))
      expect([...address]).to.deep.equal(ends.src ?? [192, 0, 2, 1])
      expect([srcPort, dstPort]).to.deep.equal([40_000, 443])
      expect(hellos.takeHeld(Infinity)).to.equal(0)
      expect(hellos.pending).to.equal(0)
      // the true one comes after all, and is marked as well
      expect(hellos.take(packetOf([0, record(handshake(1, 300, 5))], ends))).to.equal(1)
      expect(hellos.message.quality).to.equal(QUALITY_CONFLICT)
    }
  })

  it('gives no hello in doubt beside another one, and none that no receiver takes', () => {
    for (const ends of ENDS) {
      const beside = opened(ends)
      beside.take(packetOf([0, record(handshake(1, 300, 5)), { ttl: 60 }], ends))
      expect(beside.take(packetOf(whole, ends))).to.equal(1)
      expect(beside.takeHeld(Infinity)).to.equal(0)
      const refused = opened(ends)
      refused.take(packetOf([0, stream, { wrongBy: 1 }], ends))
      expect(refused.takeHeld(Infinity)).to.equal(0)
    }
  })

  it('gives the hello of the next connection of the same ends, whose SYN was not seen', () => {
    const other = handshake(1, 300, 5)
    for (const ends of ENDS) {
      // far from the first connection in both directions, and of another route
      const next: Part = [900_000_000, record(other), { ack: 7_000_000, ttl: 60 }]
      const { given, counters } = run([whole, [stream.length, finished], next], ends, true)
      expect(given.map(({ bytes }) => bytes)).to.deep.equal([hexOf(hello), hexOf(other)])
      expect(counters.tcp_segments_doubtful).to.equal(0)
    }
  })

  it('asks no right checksum of segments whose SYN has a wrong one: the network card makes them', () => {
    const { given, counters } = run(halves, {}, true, 1)
    expect(given).to.deep.equal([{ bytes: hexOf(hello), quality: 0 }])
    expect(counters.tcp_checksum_wrong).to.equal(0)
  })

  it('looks at few SYNs where all checksums are wrong, and at all once some are right', () => {
    const receiver = new Receiver(newCounters())
    const sumsOf = (count: number, wrongBy: number) => {
      const syn = segment(ISN, NOTHING, { flags: TCP_SYN, wrongBy })
      return Array.from({ length: count }, () => {
        const sum = receiver.sumOfSyn(syn)
        receiver.noteSyn(sum)
        return sum
      })
    }
    expect(new Set(sumsOf(256, 1))).to.deep.equal(new Set([WRONG]))
    expect(sumsOf(160, 1).filter((sum) => sum !== UNKNOWN)).to.have.length(10)
    expect(sumsOf(16, 0)).to.include(RIGHT)
    expect(new Set(sumsOf(300, 0))).to.deep.equal(new Set([RIGHT]))
    expect(receiver.mostSumsAreRight).to.equal(true)
    // another capture follows, whose checksums may be made by network cards
    receiver.clear()
    expect(receiver.mostSumsAreRight).to.equal(false)
  })

  it('keeps its memory of other readings bounded, and counts what it gives up', () => {
    const counters = newCounters()
    const hellos = new TcpHellos({ server: false, seed: 4 }, counters, SMALL_SIZES)
    for (let i = 0; i < 2000; i++) {
      const ends = { srcPort: 1000 + i }
      hellos.take(segment(ISN, NOTHING, { ...ends, flags: TCP_SYN }))
      hellos.take(segment(FIRST, decoy, { ...ends, ttl: 3 }))
    }
    expect(hellos.pending).to.be.at.most(32)
    expect(counters.tcp_readings_dropped).to.equal(2000 - hellos.pending)
  })
})
