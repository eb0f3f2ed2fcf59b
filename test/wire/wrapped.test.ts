// The same segment in every tag and tunnel, alone and nested, over both IP versions: the decoder finds it, and never reads past
// the end of what is cut or changed.

import { expect } from 'chai'
import fc from 'fast-check'
import { newCounters } from '../../src/base/counters.js'
import { Packet } from '../../src/model/packet.js'
import { FrameDecoder } from '../../src/wire/frame-decoder.js'
import { INNER_V4, INNER_V6, PAYLOAD, TUPLE_V4, TUPLE_V6, cat, ethernet } from './build.js'
import { decodeFrame } from './decoding.js'
import type { Wrapper } from './wrapped.js'
import { TAGS, WRAPPERS, nested } from './wrapped.js'

const ETHERNET = 1
const CASES = [
  { version: 4, packet: INNER_V4, tuple: TUPLE_V4 },
  { version: 6, packet: INNER_V6, tuple: TUPLE_V6 },
] as const

/** What of a result must not depend on bytes the frame does not have. */
function outcome(bytes: Uint8Array, caplen: number, wirelen: number): string {
  const packet = new Packet()
  const counters = newCounters()
  const decoder = new FrameDecoder(counters)
  const result = decoder.decode(bytes, 0, caplen, wirelen, ETHERNET, 0, packet)
  const { srcPort, dstPort, payloadOff, payloadLen, payloadWireLen } = packet
  const fields = result < 0 ? [] : [srcPort, dstPort, payloadOff, payloadLen, payloadWireLen]
  return JSON.stringify([result, fields, decoder.hasMore])
}

const frames = fc
  .tuple(
    fc.constantFrom(...CASES),
    fc.array(fc.constantFrom(...WRAPPERS), { minLength: 1, maxLength: 3 }),
  )
  .map(([each, wrappers]) => ({ each, wrappers, made: nested(each.packet, wrappers) }))
  .filter(({ made }) => made !== undefined)

describe('a segment in a tag or tunnel', () => {
  for (const wrapper of WRAPPERS)
    for (const { version, packet, tuple } of CASES)
      it(`${wrapper.name}, IPv${version} inside: is found`, () => {
        const made = nested(packet, [wrapper])
        const {
          tuple: found,
          payload,
          tunnel,
        } = decodeFrame(made?.frame ?? new Uint8Array(), ETHERNET)
        expect({
          found,
          payload,
          tunnel: tunnel.replace(/esp\/(ipip|\din\d)/, 'esp'),
        }).to.deep.equal({
          found: tuple,
          payload: PAYLOAD,
          tunnel: made?.tunnel,
        })
      })

  it('is found in tags inside tags inside tunnels', () => {
    const tunnels = WRAPPERS.filter(({ takes }) => takes !== 'ip')
    for (const outer of TAGS)
      for (const inner of TAGS)
        for (const tunnel of [undefined, ...tunnels.slice(0, 40)]) {
          const wrappers: Wrapper[] = tunnel === undefined ? [inner, outer] : [inner, tunnel, outer]
          const made = nested(INNER_V4, wrappers)
          if (made === undefined) continue
          const name = wrappers.map((each) => each.name).join(' in ')
          const decoded = decodeFrame(made.frame, ETHERNET)
          // Heuristics tell what L2TPv3, Aruba's GRE and ESP carry by a plain IP packet inside.
          if (decoded.result < 0 && /L2TPv3|ESP/.test(name)) continue
          expect(decoded.tuple, name).to.equal(TUPLE_V4)
        }
  })

  it('never is read past its end, cut at any byte or with any byte changed', () => {
    fc.assert(
      fc.property(
        frames,
        fc.nat(400),
        fc.array(fc.tuple(fc.nat(300), fc.nat(255)), { maxLength: 4 }),
        fc.boolean(),
        ({ made }, cut, changes, isCut) => {
          const frame = made?.frame ?? new Uint8Array()
          const caplen = Math.min(cut, frame.length)
          const wirelen = isCut ? frame.length : caplen
          const zeros = cat(frame.slice(0, caplen), '00'.repeat(512))
          for (const [at, value] of changes) if (at < caplen) zeros[at] = value
          const ones = zeros.slice().fill(0xff, caplen)
          const plausible = zeros.slice().fill(0x45, caplen)
          const first = outcome(zeros, caplen, wirelen)
          return (
            first === outcome(ones, caplen, wirelen) &&
            first === outcome(plausible, caplen, wirelen)
          )
        },
      ),
      { numRuns: 3000 },
    )
  })

  it('is counted by its EtherType where that is not decoded', () => {
    const counters = newCounters()
    const decoder = new FrameDecoder(counters)
    const frame = ethernet('abcd', INNER_V4)
    for (let i = 0; i < 3; i++)
      decoder.decode(frame, 0, frame.length, frame.length, ETHERNET, 0, new Packet())
    expect(decoder.undecoded.snapshot().etherTypes).to.deep.equal([{ value: 0xabcd, count: 3 }])
  })
})
