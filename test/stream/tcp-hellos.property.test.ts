import { expect } from 'chai'
import fc from 'fast-check'
import { newCounters } from '../../src/base/counters.js'
import { type Packet, TCP_FIN, TCP_RST, TCP_SYN } from '../../src/model/packet.js'
import { TcpHellos } from '../../src/stream/tcp-hellos.js'
import {
  CHANGE_CIPHER_SPEC,
  concat,
  handshake,
  record,
  records,
  segment,
  SMALL_SIZES,
  split,
} from './segments.js'

const NO_BYTES = new Uint8Array(0)

/** Ascending offsets within (0, length). */
const cutsOf = (length: number, maxLength: number): fc.Arbitrary<number[]> =>
  fc
    .uniqueArray(fc.integer({ min: 1, max: length - 1 }), { maxLength })
    .map((cuts) => cuts.sort((a, b) => a - b))

/** A hello's stream in any records, cut into any segments, with any initial sequence number. */
const cases = fc
  .record({
    length: fc.integer({ min: 42, max: 6000 }),
    fill: fc.nat(255),
    isn: fc.nat(0xffff_ffff),
  })
  .chain(({ length, fill, isn }) => {
    const hello = handshake(1, length, fill)
    return cutsOf(length, 8).chain((cuts) => {
      const stream = records(hello, cuts)
      return cutsOf(stream.length, 12).map((at) => {
        let seq = isn + 1
        const parts = split(stream, at).map((part) => {
          const packet = segment(seq, part)
          seq += part.length
          return packet
        })
        return { hello, stream, isn, parts }
      })
    })
  })

const syn = (isn: number): Packet => segment(isn, NO_BYTES, { flags: TCP_SYN })

function take(hellos: TcpHellos, packets: readonly Packet[]): Uint8Array[] {
  const given: Uint8Array[] = []
  for (const packet of packets) {
    for (let kind = hellos.take(packet); kind !== 0; kind = hellos.next()) {
      given.push(hellos.message.bytes.slice(hellos.message.off, hellos.message.end))
    }
  }
  return given
}

const newHellos = (server = false): TcpHellos =>
  new TcpHellos({ server, seed: 11 }, newCounters(), SMALL_SIZES)

describe('TcpHellos, whatever the segments', () => {
  it('gives exactly one hello with exactly its bytes, in any order', () => {
    fc.assert(
      fc.property(
        cases.chain((one) =>
          fc.tuple(
            fc.constant(one),
            fc.shuffledSubarray(one.parts, { minLength: one.parts.length }),
          ),
        ),
        ([{ hello, isn }, order]) => {
          const hellos = newHellos()
          expect(take(hellos, [syn(isn), ...order])).to.deep.equal([hello])
          expect(hellos.pending).to.equal(0)
        },
      ),
    )
  })

  it('gives it once with any segments repeated and overlapping', () => {
    fc.assert(
      fc.property(
        cases.chain((one) => {
          // Any pieces of the stream, between and after the segments that make it up.
          const piece = fc
            .tuple(fc.nat(one.stream.length - 1), fc.integer({ min: 1, max: 2000 }))
            .map(([at, length]) => segment(one.isn + 1 + at, one.stream.subarray(at, at + length)))
          return fc
            .array(fc.oneof(piece, fc.constantFrom(...one.parts), fc.constant(syn(one.isn))), {
              maxLength: 20,
            })
            .chain((more) =>
              fc.shuffledSubarray([...one.parts, ...more], {
                minLength: one.parts.length + more.length,
              }),
            )
            .map((order) => ({ ...one, order }))
        }),
        ({ hello, isn, order, parts }) => {
          const hellos = newHellos()
          expect(take(hellos, [syn(isn), ...order, ...parts])).to.deep.equal([hello])
          expect(hellos.pending).to.equal(0)
        },
      ),
    )
  })

  it('gives none where any one segment is missing', () => {
    fc.assert(
      fc.property(
        cases.chain((one) => fc.tuple(fc.constant(one), fc.nat(one.parts.length - 1))),
        ([{ isn, parts }, missing]) => {
          expect(
            take(newHellos(), [syn(isn), ...parts.filter((_, i) => i !== missing)]),
          ).to.deep.equal([])
        },
      ),
    )
  })

  it('gives the whole hello or none at every snaplen', () => {
    fc.assert(
      fc.property(cases, fc.nat(3000), ({ hello, stream, isn, parts }, snaplen) => {
        const cut = parts.map((part) =>
          segment(
            part.seq,
            part.bytes.subarray(part.payloadOff, part.payloadOff + part.payloadLen),
            { kept: snaplen },
          ),
        )
        const given = take(newHellos(), [syn(isn), ...cut])
        const isWhole = parts.every((part) => part.payloadLen <= snaplen)
        expect(given).to.deep.equal(isWhole ? [hello] : [])
        // One that was cut is whole once its bytes come again.
        expect(take(newHellos(), [syn(isn), ...cut, segment(isn + 1, stream)])).to.have.length(1)
      }),
    )
  })

  it('gives both hellos around a HelloRetryRequest, in any segments in order', () => {
    fc.assert(
      fc.property(
        cases,
        fc.nat(255),
        fc.boolean(),
        fc.nat(5000),
        ({ hello, stream, isn, parts }, fill, change, at) => {
          const second = handshake(1, 500, fill)
          const bytes = change ? concat([CHANGE_CIPHER_SPEC, record(second)]) : record(second)
          const seq = isn + 1 + stream.length
          const cut = change ? 12 + (at % (bytes.length - 12)) : 6 + (at % (bytes.length - 6))
          const answer = [
            segment(seq, bytes.subarray(0, cut)),
            segment(seq + cut, bytes.subarray(cut)),
          ]
          expect(
            take(newHellos(), [syn(isn), ...parts, ...answer, ...parts, ...answer]),
          ).to.deep.equal([hello, second])
        },
      ),
    )
  })

  it('never throws, never gives what was not there, and forgets all in time, on anything', () => {
    const start = fc.constantFrom(
      record(handshake(1, 80)),
      record(handshake(2, 80)),
      Uint8Array.of(22, 3, 1, 0, 60, 1, 0, 0, 56, 3, 3),
      Uint8Array.of(22, 3, 1, 0, 0),
      Uint8Array.of(0x80, 43, 1, 3, 1, 0, 18, 0, 0, 0, 16),
      CHANGE_CIPHER_SPEC,
      new TextEncoder().encode('CONNECT a:1 HTTP/1.1\r\n\r\n'),
      NO_BYTES,
    )
    const packet = fc
      .record({
        seq: fc.oneof(fc.nat(300), fc.nat(100_000), fc.nat(0xffff_ffff)),
        start,
        rest: fc.uint8Array({ maxLength: 100 }),
        size: fc.constantFrom(0, 0, 0, 1400, 60_000),
        flags: fc.constantFrom(16, 16, 16, 16, TCP_SYN, TCP_SYN | 16, TCP_FIN | 16, TCP_RST),
        port: fc.constantFrom(1, 2),
        seconds: fc.nat(100),
        kept: fc.oneof(fc.constant(70_000), fc.nat(100)),
      })
      .map(({ start, rest, size, port, seq, flags, seconds, kept }) =>
        segment(seq, concat([start, rest, new Uint8Array(size)]), {
          srcPort: port,
          flags,
          seconds,
          kept,
        }),
      )
    fc.assert(
      fc.property(fc.array(packet, { maxLength: 60 }), fc.boolean(), (packets, server) => {
        const hellos = newHellos(server)
        for (const one of packets) {
          for (let kind = hellos.take(one); kind !== 0; kind = hellos.next()) {
            const { bytes, off, end } = hellos.message
            expect(off).to.be.at.least(0)
            expect(end).to.be.above(off).and.at.most(bytes.length)
            if (!hellos.message.sslv2) {
              const length =
                ((bytes[off + 1] ?? 0) << 16) | ((bytes[off + 2] ?? 0) << 8) | (bytes[off + 3] ?? 0)
              expect(end - off).to.equal(length + 4)
            }
          }
        }
        hellos.endBlock()
        // A reset of each direction ends all of it.
        for (const port of [1, 2])
          hellos.take(segment(0, NO_BYTES, { srcPort: port, flags: TCP_SYN, seconds: 1000 }))
        expect(hellos.pending).to.equal(0)
      }),
    )
  })
})
