import { expect } from 'chai'
import fc from 'fast-check'
import { newCounters } from '../../src/base/counters.js'
import { QUALITY_HRR } from '../../src/model/handshake-bytes.js'
import { type Packet, PROTOCOL_UDP } from '../../src/model/packet.js'
import { DtlsHellos } from '../../src/stream/dtls-hellos.js'
import { allocatedPerCall } from '../support.js'
import {
  concat,
  handshake,
  reversed,
  segment,
  type SegmentOptions,
  SMALL_SIZES,
} from './segments.js'

/** A hello's body with this session id and cookie; the random is told by `fill`. */
function clientHello(fill: number, cookie = 0, padding = 40): Uint8Array {
  const rest = new Uint8Array(padding).fill(7)
  const random = new Uint8Array(32).fill(fill)
  const body = concat([
    Uint8Array.of(0xfe, 0xfd),
    random,
    Uint8Array.of(0, cookie),
    new Uint8Array(cookie),
    rest,
  ])
  return concat([Uint8Array.of(1, 0, body.length >> 8, body.length & 0xff), body])
}

/** Part of `message` from `at`, of `length` bytes, as a DTLS handshake fragment (RFC 9147 §5.2). */
function fragment(
  message: Uint8Array,
  sequence: number,
  at = 0,
  length = message.length - 4 - at,
): Uint8Array {
  const u24 = (value: number): number[] => [value >> 16, (value >> 8) & 0xff, value & 0xff]
  const head = [
    ...message.subarray(0, 4),
    sequence >> 8,
    sequence & 0xff,
    ...u24(at),
    ...u24(length),
  ]
  return concat([Uint8Array.from(head), message.subarray(4 + at, 4 + at + length)])
}

function record(content: Uint8Array, type = 22, version = 0xfefd, epoch = 0): Uint8Array {
  const { length } = content
  const head = [
    type,
    version >> 8,
    version & 0xff,
    0,
    epoch,
    0,
    0,
    0,
    0,
    0,
    0,
    length >> 8,
    length & 0xff,
  ]
  return concat([Uint8Array.from(head), content])
}

const datagram = (bytes: Uint8Array, options: SegmentOptions = {}): Packet =>
  segment(0, bytes, { protocol: PROTOCOL_UDP, ...options })
const whole = (message: Uint8Array, sequence = 0): Packet =>
  datagram(record(fragment(message, sequence)))
const newHellos = (
  counters = newCounters(),
  server = false,
  ports?: ReadonlySet<number>,
): DtlsHellos => new DtlsHellos({ server, seed: 5, ports }, counters, SMALL_SIZES)

function run(hellos: DtlsHellos, packets: readonly Packet[]): Uint8Array[] {
  const given: Uint8Array[] = []
  for (const packet of packets) {
    for (let kind = hellos.take(packet); kind !== 0; kind = hellos.next())
      given.push(hellos.message.bytes.slice(hellos.message.off, hellos.message.end))
  }
  return given
}

describe('DtlsHellos', () => {
  const hello = clientHello(1)

  it('gives a hello without its DTLS fields', () => {
    const hellos = newHellos()
    expect(run(hellos, [whole(hello)])).to.deep.equal([hello])
    expect(hellos.message).to.include({ transport: 'dtls', recordVersion: 0xfefd, quality: 0 })
    const old = newHellos()
    expect(run(old, [datagram(record(fragment(hello, 0), 22, 0xfeff))])).to.deep.equal([hello])
    expect(old.message.recordVersion).to.equal(0xfeff)
  })

  it('joins fragments from several datagrams and records, in any order, repeated and overlapping', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 35, max: 3000 }).chain((size) => {
          const message = handshake(1, size + 4)
          const part = fc.tuple(fc.nat(size - 1), fc.integer({ min: 1, max: size }))
          return fc.tuple(
            fc.constant(message),
            fc.array(part, { maxLength: 8 }),
            fc.integer({ min: 1, max: size }),
          )
        }),
        fc.boolean(),
        fc.boolean(),
        ([message, extra, step], joined, backwards) => {
          const size = message.length - 4
          const parts: Uint8Array[] = []
          for (let at = 0; at < size; at += Math.max(step, size >> 6)) {
            const length = Math.min(Math.max(step, size >> 6), size - at)
            parts.push(record(fragment(message, 3, at, length)))
          }
          for (const [at, length] of extra) {
            const stop = Math.min(size, at + length)
            if (stop - at < size)
              parts.splice(at % parts.length, 0, record(fragment(message, 3, at, stop - at)))
          }
          if (backwards) parts.reverse()
          const hellos = newHellos()
          const packets = joined
            ? [
                datagram(concat(parts.slice(0, 60))),
                ...parts.slice(60).map((part) => datagram(part)),
              ]
            : parts.map((part) => datagram(part))
          const given = run(hellos, packets)
          expect(given).to.have.length.at.least(1)
          for (const bytes of given) expect(bytes).to.deep.equal(message)
        },
      ),
    )
  })

  it('gives nothing where a fragment is missing', () => {
    const parts = [0, 20, 40, 60].map((at) =>
      datagram(record(fragment(hello, 0, at, Math.min(20, hello.length - 4 - at)))),
    )
    for (const missing of parts)
      expect(
        run(
          newHellos(),
          parts.filter((part) => part !== missing),
        ),
      ).to.deep.equal([])
    expect(run(newHellos(), parts)).to.deep.equal([hello])
  })

  it('gives a repeated hello once, whole or in parts', () => {
    const counters = newCounters()
    const hellos = newHellos(counters)
    const parts = [0, 40].map((at) =>
      datagram(record(fragment(hello, 0, at, Math.min(40, hello.length - 4 - at)))),
    )
    expect(run(hellos, [...parts, ...parts, whole(hello), whole(hello)])).to.deep.equal([hello])
    expect(counters.hello_retransmitted).to.equal(3)
    expect(hellos.pending).to.equal(0)
  })

  it('counts the answer to a HelloVerifyRequest, and gives it only where the first was not seen', () => {
    const counters = newCounters()
    const answer = clientHello(1, 20)
    const hellos = newHellos(counters)
    expect(
      run(hellos, [whole(hello), whole(answer, 1), whole(answer, 1), whole(hello)]),
    ).to.deep.equal([hello])
    expect(counters.dtls_cookie_hellos).to.equal(1)
    expect(counters.hello_retransmitted).to.equal(2)
    expect(run(newHellos(), [whole(answer, 1), whole(answer, 1)])).to.deep.equal([answer])
  })

  it('gives each distinct hello that answers a HelloVerifyRequest, with its cookie', () => {
    const counters = newCounters()
    const hellos = newHellos(counters)
    const others = [clientHello(1, 20, 60), clientHello(1, 32, 80)]
    const packets = [hello, ...others].map((one, sequence) => whole(one, sequence))
    expect(run(hellos, [...packets, whole(clientHello(1, 8, 80), 3)])).to.deep.equal([
      hello,
      ...others,
    ])
    expect(counters.dtls_cookie_hellos).to.equal(1)
  })

  it('gives the hello after a HelloRetryRequest, and another connection on the same ports', () => {
    const hellos = newHellos()
    const second = clientHello(1, 0, 60)
    const first = datagram(record(fragment(hello, 0)), { seconds: 1000.5 })
    const later = datagram(record(fragment(second, 1)), { seconds: 1001 })
    expect(run(hellos, [first])).to.deep.equal([hello])
    expect(hellos.message.firstMicros).to.equal(-1)
    expect(run(hellos, [later])).to.deep.equal([second])
    expect(hellos.message).to.include({ quality: QUALITY_HRR, firstMicros: 1_000_500_000 })
    const other = clientHello(2)
    expect(run(hellos, [whole(other)])).to.deep.equal([other])
    expect(hellos.message).to.include({ quality: 0, firstMicros: -1 })
  })

  it('gives ServerHellos where asked to, and keeps to the given ports', () => {
    const serverHello = handshake(2, 80)
    const packet = datagram(
      concat([record(fragment(handshake(3, 30), 0)), record(fragment(serverHello, 1))]),
      reversed({}),
    )
    expect(run(newHellos(newCounters(), true), [packet])).to.deep.equal([serverHello])
    expect(run(newHellos(newCounters(), true, new Set([443])), [packet])).to.deep.equal([
      serverHello,
    ])
    expect(
      run(newHellos(newCounters(), true, new Set([444])), [packet, whole(hello)]),
    ).to.deep.equal([])
    expect(run(newHellos(), [packet])).to.deep.equal([])
  })

  describe('of the server', () => {
    const serverHello = handshake(2, 80)
    const flight = [serverHello, handshake(11, 1900), handshake(12, 300), handshake(14, 4)]
    const expected = flight.slice(0, 2)
    const back = reversed({})
    const sent = (message: Uint8Array, sequence: number, step: number): Uint8Array[] => {
      const parts: Uint8Array[] = []
      for (let at = 0; at === 0 || at < message.length - 4; at += step)
        parts.push(fragment(message, sequence, at, Math.min(step, message.length - 4 - at)))
      return parts
    }

    it('gives ServerHello and Certificate, in this order, of fragments in any', () => {
      const cases = fc.integer({ min: 30, max: 2000 }).chain((step) => {
        const count = flight.flatMap((message, i) => sent(message, i + 1, step)).length
        const all = Array.from({ length: 2 * count }, (_, i) => i)
        const order = fc.shuffledSubarray(all, { minLength: 2 * count })
        return fc.tuple(fc.constant(step), order, fc.integer({ min: 1, max: 4 }), fc.boolean())
      })
      fc.assert(
        fc.property(cases, ([step, order, together, oneRecord]) => {
          const once = flight.flatMap((message, i) => sent(message, i + 1, step))
          const parts = order.map((i) => once[i % once.length] ?? new Uint8Array(0))
          const counters = newCounters()
          const hellos = newHellos(counters, true)
          const packets: Packet[] = []
          for (let at = 0; at < parts.length; at += together) {
            const some = parts.slice(at, at + together)
            const bytes = oneRecord ? record(concat(some)) : concat(some.map((one) => record(one)))
            packets.push(datagram(bytes, back))
          }
          expect(run(hellos, packets)).to.deep.equal(expected)
          expect(hellos.unfinished).to.equal(0)
        }),
      )
    })

    it('gives the Certificate of each association on the same ports', () => {
      const hellos = newHellos(newCounters(), true)
      const others = [handshake(2, 80, 9), handshake(11, 1900, 9)]
      const whole = [...expected, ...others].map((message, i) =>
        datagram(record(fragment(message, 1 + (i % 2))), back),
      )
      expect(run(hellos, whole)).to.deep.equal([...expected, ...others])
      // A part of the former one's does not end up in the later one's.
      const [hello1, , hello2] = whole as [Packet, Packet, Packet, Packet]
      const parts = others.map((_, i) =>
        sent(i === 0 ? handshake(11, 1900) : handshake(11, 1900, 9), 2, 1000).map((part) =>
          datagram(record(part), back),
        ),
      ) as [Packet, Packet][]
      const [former, later] = parts as [[Packet, Packet], [Packet, Packet]]
      const packets = [hello1, former[0], hello2, later[1], later[0]]
      expect(run(newHellos(newCounters(), true), packets)).to.deep.equal([serverHello, ...others])
    })

    it("gives no client's Certificate, and none whose ServerHello was not seen", () => {
      const counters = newCounters()
      const hellos = newHellos(counters, true)
      const certificate = record(fragment(handshake(11, 1900), 2))
      expect(run(hellos, [whole(hello), datagram(certificate)])).to.deep.equal([hello])
      expect(run(hellos, [datagram(certificate, back)])).to.deep.equal([])
      expect(hellos.pending).to.equal(1)
      expect(hellos.unfinished).to.equal(0)
      expect(run(newHellos(counters), [datagram(certificate, back)])).to.deep.equal([])
      const ports = newHellos(counters, true, new Set([444]))
      expect(run(ports, [datagram(certificate, back)])).to.deep.equal([])
      // What is given up is no hello.
      for (let i = 0; i < 100; i++) hellos.take(datagram(certificate, { ...back, dstPort: i + 1 }))
      hellos.take(datagram(certificate, { ...back, dstPort: 1, seconds: 1_700_000_100 }))
      expect(Object.values(counters).every((count) => count === 0)).to.equal(true)
      expect(hellos.pending).to.be.at.most(56)
    })

    it('gives nothing of one too long, and the hello before it', () => {
      const long = Uint8Array.of(11, 1, 0, 0, 0, 0)
      const bytes = concat([record(fragment(serverHello, 1)), record(fragment(long, 2, 0, 2))])
      expect(run(newHellos(newCounters(), true), [datagram(bytes, back)])).to.deep.equal([
        serverHello,
      ])
    })
  })

  it('leaves encrypted records, other types and other versions alone', () => {
    const content = fragment(hello, 0)
    const packets = [
      record(content, 22, 0xfefd, 1),
      record(content, 23),
      record(content, 22, 0x0303),
      record(content, 22, 0xfe00),
    ]
    expect(
      run(
        newHellos(),
        packets.map((bytes) => datagram(bytes)),
      ),
    ).to.deep.equal([])
    const behind = concat([
      record(fragment(handshake(3, 30), 0)),
      record(Uint8Array.of(1), 20),
      record(content),
    ])
    expect(run(newHellos(), [datagram(behind)])).to.deep.equal([hello])
  })

  it('counts fragments that reach past their message or record, and hellos too short or too long', () => {
    const counters = newCounters()
    const hellos = newHellos(counters)
    const past = fragment(hello, 0)
    past[8] = 1 // fragment_offset
    const over = fragment(hello, 0)
    over[11] = 255 // fragment_length
    const short = fragment(handshake(1, 38), 0)
    const long = fragment(Uint8Array.of(1, 1, 0, 0, 3, 3), 0, 0, 2)
    expect(
      run(
        hellos,
        [past, over, short].map((bytes) => datagram(record(bytes))),
      ),
    ).to.deep.equal([])
    expect(counters.dtls_malformed).to.equal(3)
    expect(run(hellos, [datagram(record(long))])).to.deep.equal([])
    expect(counters.hello_too_long).to.equal(1)
  })

  it('gives nothing at any prefix of a datagram', () => {
    const bytes = record(fragment(hello, 0))
    for (let kept = 0; kept < bytes.length; kept++) {
      expect(run(newHellos(), [datagram(bytes, { kept })]), String(kept)).to.deep.equal([])
    }
  })

  it('keeps to its memory under a flood of first halves, and finds the hellos among them', () => {
    const counters = newCounters()
    const hellos = newHellos(counters)
    let found = 0
    for (let i = 0; i < 20_000; i++) {
      const src = [10, i >> 16, (i >> 8) & 255, i & 255]
      hellos.take(datagram(record(fragment(hello, 0, 0, 40)), { src }))
      if (i % 10 !== 0) continue
      found += hellos.take(datagram(record(fragment(hello, 0, 40)), { src }))
    }
    expect(found).to.equal(2000)
    expect(hellos.pending).to.be.at.most(56)
    expect(counters.hello_evicted).to.equal(18_000 - hellos.pending)
  })

  it('lets unfinished hellos expire by packet time', () => {
    const counters = newCounters()
    const hellos = newHellos(counters)
    const at = (from: number, length: number, seconds: number): Packet =>
      datagram(record(fragment(hello, 0, from, length)), { seconds })
    expect(run(hellos, [at(0, 40, 100), at(40, hello.length - 44, 221)])).to.deep.equal([])
    expect(counters.hello_expired).to.equal(1)
  })

  it('never throws and never reads past the datagram, whatever the bytes', () => {
    const start = fc.constantFrom(
      record(fragment(hello, 0)),
      record(fragment(hello, 0, 10, 5)),
      record(concat([fragment(handshake(2, 60), 1), fragment(handshake(11, 60), 2)])),
      record(fragment(handshake(11, 60), 2, 0, 20)),
      Uint8Array.of(22, 0xfe, 0xfd),
    )
    fc.assert(
      fc.property(
        fc.array(fc.tuple(start, fc.uint8Array(), fc.nat(200), fc.nat(255)), { maxLength: 30 }),
        (parts) => {
          const hellos = newHellos(newCounters(), true)
          for (const [bytes, rest, at, value] of parts) {
            const mutated = concat([bytes, rest])
            if (at > 2 && at < mutated.length) mutated[at] = value
            const packet = datagram(mutated)
            for (let kind = hellos.take(packet); kind !== 0; kind = hellos.next()) {
              expect(hellos.message.end).to.be.at.most(hellos.message.bytes.length)
              expect(hellos.message.end - hellos.message.off).to.be.at.least(kind === 3 ? 4 : 39)
            }
          }
        },
      ),
    )
  })

  it('allocates nothing on other datagrams and on repeated hellos', () => {
    const hellos = newHellos()
    const other = datagram(new Uint8Array(1200).fill(0x41))
    const repeated = whole(hello)
    for (const packet of [other, repeated]) {
      const allocated = [1, 2, 3].map(() => allocatedPerCall(() => void hellos.take(packet)))
      expect(Math.min(...allocated)).to.be.below(1)
    }
  })
})
