import { expect } from 'chai'
import fc from 'fast-check'
import { proc, needs } from '../capability.js'
import { newCounters } from '../../src/base/counters.js'
import { MALFORMED, NEED_MORE, TRUNCATED, UNSUPPORTED } from '../../src/base/fault.js'
import { MAX_FRAGMENTED_DATAGRAMS, MAX_FRAGMENT_AGE_SECONDS } from '../../src/base/limits.js'
import { PROTOCOL_TCP, PROTOCOL_UDP, Packet } from '../../src/model/packet.js'
import { FrameDecoder } from '../../src/wire/frame-decoder.js'
import { INNER_V4, TUPLE_V4, cat, ethernet, ipv4, ipv6, tcp, udp } from './build.js'
import { counted, decodeFrames } from './decoding.js'
import type { Frame } from './pcap-frames.js'

const RAW = 101
const DATA = Uint8Array.from({ length: 203 }, (_, i) => (i * 7) & 0xff)
const SEGMENT = tcp(51234, 443, DATA)
const TUPLE = 'tcp 192.0.2.1 51234 > 192.0.2.2 443'
const TUPLE6 = 'tcp 2001:db8:0:0:0:0:0:1 51234 > 2001:db8:0:0:0:0:0:2 443'
const DATA_HEX = Buffer.from(DATA).toString('hex')

const be16 = (value: number): string => value.toString(16).padStart(4, '0')
const frame = (bytes: Uint8Array, timeMicros = 0): Frame => ({
  linkType: RAW,
  timeMicros,
  wirelen: bytes.length,
  bytes,
})

/** The fragment `datagram[start, stop)`; the last one unless `more`. */
function fragment4(
  datagram: Uint8Array,
  start: number,
  stop: number,
  more: boolean,
  id = 1,
): Uint8Array {
  const fragment = be16((more ? 0x2000 : 0) | (start >> 3))
  return ipv4(6, datagram.slice(start, stop), { fragment, id: be16(id) })
}
function fragment6(
  datagram: Uint8Array,
  start: number,
  stop: number,
  more: boolean,
  next = '06',
): Uint8Array {
  const offset = be16(start | (more ? 1 : 0))
  return ipv6(44, cat(next, '00', offset, '00000001', datagram.slice(start, stop)))
}

type Fragmenter = (datagram: Uint8Array, start: number, stop: number, more: boolean) => Uint8Array

/** All of `datagram` in fragments of `size` bytes. */
function cut(datagram: Uint8Array, size: number, fragment: Fragmenter = fragment4): Uint8Array[] {
  const fragments: Uint8Array[] = []
  for (let start = 0; start < datagram.length; start += size) {
    const stop = Math.min(start + size, datagram.length)
    fragments.push(fragment(datagram, start, stop, stop < datagram.length))
  }
  return fragments
}

describe('IP fragments', () => {
  for (const [version, fragment, tuple] of [
    [4, fragment4, TUPLE],
    [6, fragment6, TUPLE6],
  ] as const) {
    it(`makes an IPv${version} datagram whole in any order, with duplicates`, () => {
      const sizes = fc.constantFrom(8, 16, 24, 64, 208)
      fc.assert(
        fc.property(
          sizes.chain((size) => {
            const all = cut(SEGMENT, size, fragment)
            return fc.shuffledSubarray([...all, ...all.slice(1)], {
              minLength: all.length * 2 - 1,
              maxLength: all.length * 2 - 1,
            })
          }),
          (fragments) => {
            const results = decodeFrames(fragments.map((bytes) => frame(bytes)))
            const whole = results.filter((d) => d.result === PROTOCOL_TCP)
            return (
              whole.length >= 1 &&
              whole.every((d) => d.tuple === tuple && d.payload === DATA_HEX) &&
              results.every((d) => d.result === PROTOCOL_TCP || d.result === NEED_MORE) &&
              results[0]?.counters.ip_fragments_overlapping === 0
            )
          },
        ),
      )
    })
  }

  it('keeps the bytes that came first where fragments overlap, and counts it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(27), fc.integer({ min: 1, max: 8 })), { maxLength: 12 }),
        (extra) => {
          // What comes first stays, so a model is an array filled where it is still empty.
          const model: (number | undefined)[] = new Array<undefined>(SEGMENT.length).fill(undefined)
          const put = (bytes: Uint8Array, start: number): void =>
            bytes.forEach((byte, i) => (model[start + i] ??= byte))
          const other = SEGMENT.map((byte) => byte ^ 0x55)
          const frames: Frame[] = []
          for (const [block, blocks] of extra) {
            const start = 24 + (block % 20) * 8
            const stop = Math.min(start + blocks * 8, 216)
            frames.push(frame(fragment4(other, start, stop, true)))
            put(other.slice(start, stop), start)
          }
          frames.push(...cut(SEGMENT, 48).map((bytes) => frame(bytes)))
          put(SEGMENT, 0)
          const results = decodeFrames(frames)
          const whole = results.find((d) => d.result === PROTOCOL_TCP)
          const want = Buffer.from(model.slice(20).map((byte) => byte ?? 0)).toString('hex')
          const overlaps = results[0]?.counters.ip_fragments_overlapping ?? 0
          return whole?.payload === want && (extra.length === 0 ? overlaps === 0 : overlaps > 0)
        },
      ),
    )
  })

  it('gives a datagram as the only buffer, addresses included', () => {
    const results = decodeFrames(cut(SEGMENT, 64).map((bytes) => frame(bytes)))
    const last = results.at(-1)
    expect(last?.tuple).to.equal(TUPLE)
    expect(last?.packet.payloadWireLen).to.equal(DATA.length)
    expect(last && counted(last.counters)).to.deep.equal({
      ip_fragments: 4,
      ip_datagrams_reassembled: 1,
    })
  })

  it('keeps datagrams apart by identification, protocol, address, version and VLAN', () => {
    const [first, second] = cut(SEGMENT, 208)
    if (first === undefined || second === undefined) return expect.fail()
    const other = fragment4(SEGMENT, 208, SEGMENT.length, false, 2)
    const elsewhere = ipv4(6, SEGMENT.slice(208), {
      fragment: '001a',
      id: '0001',
      addresses: 'c0000201 c0000203',
    })
    const asUdp = ipv4(17, SEGMENT.slice(208), { fragment: '001a', id: '0001' })
    const results = decodeFrames([
      frame(first),
      frame(other),
      frame(elsewhere),
      frame(asUdp),
      { ...frame(ethernet('8100 0005 0800', second)), linkType: 1 },
      frame(fragment6(SEGMENT, 208, SEGMENT.length, false)),
      frame(second),
    ])
    expect(results.map((d) => d.result)).to.deep.equal([
      ...new Array<number>(6).fill(NEED_MORE),
      PROTOCOL_TCP,
    ])
  })

  it('takes the protocol of the first fragment in IPv6', () => {
    const [first, second] = [
      fragment6(SEGMENT, 0, 208, true),
      fragment6(SEGMENT, 208, SEGMENT.length, false, '11'),
    ]
    for (const order of [
      [first, second],
      [second, first],
    ]) {
      const results = decodeFrames(order.map((bytes) => frame(bytes)))
      expect(results[1]?.tuple).to.equal(TUPLE6)
    }
  })

  it('follows a tunnel that came in fragments, and fragments inside it', () => {
    const inner = cut(SEGMENT, 104)
    const frames = inner.flatMap((bytes, i) => {
      const outer = udp(50000, 4789, cat('08000000 00006400', ethernet('0800', bytes)))
      return [
        frame(ipv4(17, outer.slice(0, 40), { fragment: '2000', id: be16(100 + i) })),
        frame(ipv4(17, outer.slice(40), { fragment: be16(5), id: be16(100 + i) })),
      ]
    })
    const results = decodeFrames(frames)
    expect(results.at(-1)?.tuple).to.equal(TUPLE)
    expect(results.at(-1)?.tunnel).to.equal('vxlan')
    expect(results.at(-1)?.payload).to.equal(DATA_HEX)
  })

  it('gives up after its time, by the clock of the packets', () => {
    const [first, second] = cut(SEGMENT, 208)
    if (first === undefined || second === undefined) return expect.fail()
    const limit = MAX_FRAGMENT_AGE_SECONDS * 1e6
    expect(decodeFrames([frame(first), frame(second, limit)])[1]?.result).to.equal(PROTOCOL_TCP)
    const late = decodeFrames([frame(first), frame(second, limit + 1), frame(first, limit + 2)])
    expect(late.map((d) => d.result)).to.deep.equal([NEED_MORE, NEED_MORE, PROTOCOL_TCP])
    expect(late[0]?.counters.ip_datagrams_expired).to.equal(1)
  })

  it('goes on where packet time was set back with as many begun as are held', () => {
    const hour = 3600e6
    const begun = Array.from({ length: MAX_FRAGMENTED_DATAGRAMS }, (_, id) =>
      frame(fragment4(SEGMENT, 0, 104, true, id + 1), hour),
    )
    // two at a time, from an hour before on
    const parts = [1000, 1001].map((id) => [
      frame(fragment4(SEGMENT, 0, 104, true, id), 1),
      frame(fragment4(SEGMENT, 104, SEGMENT.length, false, id), 2),
    ])
    const [[firstOfA, secondOfA], [firstOfB, secondOfB]] = parts as [[Frame, Frame], [Frame, Frame]]
    const results = decodeFrames([...begun, firstOfA, firstOfB, secondOfA, secondOfB])
    for (const result of results.slice(-2)) expect(result.tuple).to.equal(TUPLE)
    expect(results.at(-1)?.counters.ip_datagrams_evicted ?? 0).to.equal(0)
  })

  it('holds 65 535 bytes, and no more (ping of death)', () => {
    const big = udp(1, 2, new Uint8Array(65_507))
    const parts: Frame[] = []
    for (let start = 0; start < big.length; start += 65_000) {
      const stop = Math.min(start + 65_000, big.length)
      const fragment = be16((stop < big.length ? 0x2000 : 0) | (start >> 3))
      parts.push(frame(ipv4(17, big.slice(start, stop), { fragment })))
    }
    const whole = decodeFrames(parts).at(-1)
    expect(whole?.result).to.equal(PROTOCOL_UDP)
    expect(whole?.packet.payloadLen).to.equal(65_507)
    const over = decodeFrames([frame(ipv4(17, new Uint8Array(20), { fragment: '1fff' }))])[0]
    expect(over?.result).to.equal(MALFORMED)
    expect(over?.counters.ip_fragments_malformed).to.equal(1)
  })

  const odd: [string, Uint8Array[], number][] = [
    ['without bytes', [ipv4(6, new Uint8Array(0), { fragment: '2000' })], MALFORMED],
    ['that ends between 8 bytes', [ipv4(6, new Uint8Array(12), { fragment: '2000' })], MALFORMED],
    [
      'behind the end',
      [fragment4(SEGMENT, 16, 32, false), fragment4(SEGMENT, 32, 48, true)],
      MALFORMED,
    ],
    [
      'that moves the end',
      [fragment4(SEGMENT, 16, 32, false), fragment4(SEGMENT, 16, 40, false)],
      MALFORMED,
    ],
    [
      'that ends before what is held (teardrop)',
      [fragment4(SEGMENT, 0, 48, true), fragment4(SEGMENT, 24, 32, false)],
      MALFORMED,
    ],
    ['of ICMP', [ipv4(1, new Uint8Array(16), { fragment: '2000' })], UNSUPPORTED],
  ]
  for (const [name, fragments, fault] of odd) {
    it(`does not use a fragment ${name}`, () => {
      const last = decodeFrames(fragments.map((bytes) => frame(bytes))).at(-1)
      expect(last?.result).to.equal(fault)
      const name = fault === MALFORMED ? 'ip_fragments_malformed' : 'ip_payload_other'
      expect(last?.counters[name]).to.equal(1)
    })
  }

  it('does not use a fragment the snaplen cut', () => {
    const bytes = fragment4(SEGMENT, 0, 64, true)
    const [result] = decodeFrames([{ ...frame(bytes.slice(0, 50)), wirelen: bytes.length }])
    expect(result?.result).to.equal(TRUNCATED)
    expect(result?.counters.ip_fragments_truncated).to.equal(1)
  })

  it('reads a TCP header cut into pieces of 8 bytes (tiny fragments)', () => {
    const results = decodeFrames(cut(INNER_V4.slice(20), 8).map((bytes) => frame(bytes)))
    expect(results.at(-1)?.tuple).to.equal(
      TUPLE_V4.replace('192.0.2.10', '192.0.2.1').replace('198.51.100.20', '192.0.2.2'),
    )
  })

  it('is bounded under a flood, and still makes new datagrams whole', function () {
    needs(this, proc)
    const counters = newCounters()
    const decoder = new FrameDecoder(counters)
    const packet = new Packet()
    const flood = ipv4(6, new Uint8Array(8), { fragment: '3ff0' })
    const take = (bytes: Uint8Array, time: number): number =>
      decoder.decode(bytes, 0, bytes.length, bytes.length, RAW, time, packet)
    globalThis.gc?.()
    const before = process.memoryUsage().arrayBuffers
    for (let i = 0; i < 20_000; i++) {
      flood[4] = i >> 8
      flood[5] = i
      flood[15] = i >> 16
      flood[6] = 0x20 | (i & 0x1f)
      take(flood, i)
    }
    globalThis.gc?.()
    const grown = process.memoryUsage().arrayBuffers - before
    expect(grown).to.be.below(MAX_FRAGMENTED_DATAGRAMS * 68_000)
    expect(counters.ip_datagrams_evicted).to.equal(20_000 - MAX_FRAGMENTED_DATAGRAMS)
    const results = cut(SEGMENT, 64).map((bytes) => take(bytes, 20_001))
    expect(results.at(-1)).to.equal(PROTOCOL_TCP)
  })

  it('stands any fragments at all', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            protocol: fc.constantFrom(4, 6, 17, 41, 47, 51),
            fragment: fc.nat(0x3fff),
            id: fc.nat(3),
            payload: fc.uint8Array({ maxLength: 80 }),
          }),
          { maxLength: 40 },
        ),
        (fragments) => {
          const decoder = new FrameDecoder(newCounters())
          const packet = new Packet()
          return fragments.every(({ protocol, fragment, id, payload }) => {
            const bytes = ipv4(protocol, payload, { fragment: be16(fragment), id: be16(id) })
            const length = bytes.length
            const result = decoder.decode(bytes, 0, length, length, RAW, 0, packet)
            return result < 0 || packet.payloadOff + packet.payloadLen <= packet.bytes.length
          })
        },
      ),
    )
  })
})
