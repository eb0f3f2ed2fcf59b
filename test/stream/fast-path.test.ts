// The fast path against the rules that it follows: TcpHellos without it.

import { expect } from 'chai'
import fc from 'fast-check'
import { newCounters } from '../../src/base/counters.js'
import { type Packet, TCP_ACK, TCP_FIN, TCP_RST, TCP_SYN, TCP_URG } from '../../src/model/packet.js'
import { TcpHellos } from '../../src/stream/tcp-hellos.js'
import {
  FALLBACK,
  HANDLED,
  HANDLED_HELLO,
  HANDLED_LAST_PART,
  HANDLED_PART,
  HANDLED_SYN,
} from '../../src/kernels/tcp-layout.js'
import { allocatedPerCall } from '../support.js'
import {
  CHANGE_CIPHER_SPEC,
  concat,
  handshake,
  record,
  records,
  segment,
  timestamps,
} from './segments.js'

const NO_BYTES = new Uint8Array(0)
/** So few that flows give way to others, and are swept. */
const FEW = {
  entries: 16,
  slots: [
    { size: 128, count: 3 },
    { size: 4096, count: 2 },
  ],
}

/** Where a message lies is no part of what is given. */
const PLACE = { bytes: undefined, off: 0, end: 0 }

/** All that can be known of one from outside. */
class Watched {
  readonly counters = newCounters()
  readonly hellos: TcpHellos
  readonly taken = new Map<number, number>()

  constructor(isWithLoop: boolean, ports?: ReadonlySet<number>) {
    this.hellos = new TcpHellos({ server: false, seed: 5, ports }, this.counters, FEW)
    const loop = Reflect.get(this.hellos, 'fastPath') as { take: (packet: Packet) => number }
    const take = loop.take.bind(loop)
    loop.take = (packet) => {
      const taken = isWithLoop ? take(packet) : FALLBACK
      this.taken.set(taken, this.of(taken) + 1)
      return taken
    }
  }

  /** How many segments were taken so. */
  of(taken: number): number {
    return this.taken.get(taken) ?? 0
  }

  /** What a packet gives, and the state it leaves. */
  take(packet: Packet): unknown {
    const { hellos } = this
    const given: unknown[] = []
    for (let kind = hellos.take(packet); kind !== 0; kind = hellos.next()) {
      const { message } = hellos
      const hex = Buffer.from(message.bytes.subarray(message.off, message.end)).toString('hex')
      given.push({ ...Object.fromEntries(Object.entries(message)), kind, hex, ...PLACE })
    }
    const { pending, unfinished, table } = hellos
    return { given, pending, unfinished, filter: [...table.filter], counters: this.counters }
  }
}

const hello = record(handshake(1, 80))
const other = record(handshake(1, 80, 9))
/** In a frame of SSL 2.0. */
const old = concat([
  Uint8Array.of(0x80, 46, 1, 3, 1, 0, 9, 0, 0, 0, 16, 1, 0, 0x80, 0, 0, 4, 0, 0, 0x2f),
  new Uint8Array(28).fill(5),
])
const long = records(handshake(1, 300), [100])
const payloads: readonly Uint8Array[] = [
  ...[hello, hello, hello, other, long],
  hello.subarray(0, 40),
  hello.subarray(40),
  concat([hello, CHANGE_CIPHER_SPEC]),
  concat([hello, hello]),
  concat([CHANGE_CIPHER_SPEC, hello]),
  CHANGE_CIPHER_SPEC,
  concat([CHANGE_CIPHER_SPEC, Uint8Array.of(23, 3, 3, 0, 40), new Uint8Array(40)]),
  Uint8Array.of(23, 3, 3, 0, 1, 7),
  Uint8Array.of(22),
  Uint8Array.of(20, 3),
  record(handshake(2, 80)),
  record(new Uint8Array(50).fill(1)),
  Uint8Array.from([22, 3, 1, 0, 44, 1, 0, 0, 40, 3, 5, ...new Uint8Array(38)]),
  new TextEncoder().encode('GET / HTTP/1.1\r\n\r\n'),
  new TextEncoder().encode('CONNECT a:1 HTTP/1.1\r\n\r\n'),
  new Uint8Array(17_000).fill(9),
  new Uint8Array(9),
]

/** What one sends in several segments. */
const bursts: readonly (readonly Uint8Array[])[] = [
  [hello.subarray(0, 60), hello.subarray(60)],
  [hello.subarray(0, 60), hello.subarray(60, 70), hello.subarray(70)],
  [hello.subarray(0, 60), hello.subarray(70), hello.subarray(60, 70)],
  [hello.subarray(0, 60), concat([hello.subarray(60), CHANGE_CIPHER_SPEC])],
  [long.subarray(0, 80), long.subarray(80)],
  [old.subarray(0, 30), old.subarray(30)],
  [old],
]

/** Segments of a few connections that go on, most of them in order: their sequence numbers follow what was sent. */
const segments = fc
  .array(
    fc.record({
      flow: fc.nat(23),
      burst: fc.oneof<fc.WeightedArbitrary<readonly Uint8Array[]>[]>(
        { weight: 3, arbitrary: fc.constant([NO_BYTES]) },
        { weight: 2, arbitrary: fc.constantFrom(...payloads).map((payload) => [payload]) },
        { weight: 2, arbitrary: fc.constantFrom(...bursts) },
      ),
      flags: fc.constantFrom(
        TCP_ACK,
        TCP_ACK,
        TCP_ACK,
        TCP_SYN,
        TCP_SYN,
        TCP_FIN | TCP_ACK,
        TCP_RST,
        TCP_SYN | TCP_ACK,
        0,
        TCP_ACK | TCP_URG,
      ),
      step: fc.oneof(
        { weight: 6, arbitrary: fc.constant(0) },
        fc.constantFrom(-1, 1, -80, 80, 85, -85, 1 << 20, -(1 << 21), 0x7fff_0000),
      ),
      seconds: fc.oneof(
        { weight: 12, arbitrary: fc.constant(0) },
        fc.constantFrom(1, 29, 31, 299, 301, -31, -400),
      ),
      cut: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 90 })),
      isV6: fc.boolean(),
      ttl: fc.constantFrom(64, 64, 64, 64, 64, 3),
      ack: fc.constantFrom(1, 1, 1, 1, 1, 17_000),
      wrongBy: fc.oneof({ weight: 8, arbitrary: fc.constant(0) }, fc.constant(1)),
      clock: fc.constantFrom(-1, 1000, 1000, 1000, 1000, 1001, 100),
    }),
    { minLength: 1, maxLength: 80 },
  )
  .map((steps) => {
    let seconds = 1_700_000_000
    const next = new Map<number, number>()
    return steps.flatMap(
      ({ flow, burst, flags, step, seconds: later, cut, isV6, clock, ...said }) => {
        seconds += later
        let seq = ((next.get(flow) ?? 0xffff_ff00 + flow) + step) >>> 0
        const src = isV6 ? [...new Uint8Array(15), flow] : [10, 0, 0, flow]
        return burst.map((payload) => {
          const packet = segment(seq, payload, {
            src,
            dst: src.with(0, 9),
            dstPort: flow % 5 === 0 ? 25 : 443,
            flags,
            seconds,
            kept: Math.max(0, payload.length - cut),
            // Half of the flows agree on timestamps.
            options: flow % 2 === 0 || clock < 0 ? [] : timestamps(clock),
            ...said,
          })
          seq = (seq + payload.length + ((flags & TCP_SYN) === 0 ? 0 : 1)) >>> 0
          next.set(flow, seq)
          return packet
        })
      },
    )
  })

describe('FastPath', () => {
  for (const ports of [undefined, new Set([443])])
    it(`take every segment as the rules do, whatever came before, ${ports === undefined ? 'all ports' : 'one port'}`, () => {
      const taken = new Map<number, number>()
      const found = new Set<number>()
      fc.assert(
        fc.property(segments, (packets) => {
          const [fast, plain] = [new Watched(true, ports), new Watched(false, ports)]
          for (const packet of packets) {
            const seen = fast.take(packet)
            expect(seen).to.deep.equal(plain.take(packet))
            if (fast.hellos.message.quality !== 0) found.add(fast.hellos.message.quality)
          }
          for (const [how, times] of fast.taken) taken.set(how, (taken.get(how) ?? 0) + times)
        }),
        { numRuns: 1500 },
      )
      for (const how of [HANDLED, HANDLED_SYN, HANDLED_HELLO, HANDLED_PART, HANDLED_LAST_PART])
        expect(taken.get(how), String(how)).to.be.above(50)
      expect(found.size).to.be.above(2)
    })

  it('go on from a clock that ran over, and after all flows were forgotten', () => {
    const [fast, plain] = [new Watched(true), new Watched(false)]
    for (let i = 0; i < 9000; i++) {
      const src = [10, 1, (i >> 4) & 255, i & 255]
      for (const packet of [
        segment(i, NO_BYTES, { src, flags: TCP_SYN }),
        segment(i + 1, hello, { src }),
      ])
        expect(fast.take(packet)).to.deep.equal(plain.take(packet))
      if (i % 4500 === 10) for (const { hellos } of [fast, plain]) hellos.clear()
    }
    expect([fast.of(HANDLED_SYN), fast.of(HANDLED_HELLO)]).to.deep.equal([9000, 9000])
  })

  it('are taken though a SYN of wrong checksums looks right by chance', () => {
    const watched = new Watched(true)
    for (let i = 0; i < 10; i++) {
      const wrongBy = i === 4 ? 0 : 1
      watched.hellos.take(segment(1, NO_BYTES, { flags: TCP_SYN, srcPort: i, wrongBy }))
      const kind = watched.hellos.take(segment(2, hello, { srcPort: i, wrongBy: 1 }))
      expect(kind).to.equal(i === 4 ? 0 : 1)
    }
    expect([watched.of(HANDLED_SYN), watched.of(HANDLED_HELLO)]).to.deep.equal([10, 9])
    expect(watched.counters.tcp_checksum_wrong).to.equal(1)
  })

  it('take a segment, which allocates nothing', () => {
    const counters = newCounters()
    const hellos = new TcpHellos({ server: false, seed: 1 }, counters)
    const packets = [
      segment(1, NO_BYTES, { flags: TCP_SYN }),
      segment(2, hello),
      segment(2 + hello.length, Uint8Array.of(23, 3, 3, 0, 1, 7)),
      segment(8 + hello.length, NO_BYTES, { flags: TCP_FIN | TCP_ACK }),
    ]
    let i = 0
    const each = () => {
      const packet = packets[i++ & 3]
      if (packet !== undefined) hellos.take(packet)
    }
    expect(allocatedPerCall(each)).to.be.below(1)
  })
})
