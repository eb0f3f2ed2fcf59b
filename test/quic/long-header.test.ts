import { expect } from 'chai'
import fc from 'fast-check'
import { MALFORMED, TRUNCATED, UNSUPPORTED } from '../../src/base/fault.js'
import {
  INITIAL,
  newLongHeader,
  readLongHeader,
  RETRY,
  VERSION_NEGOTIATION,
} from '../../src/quic/long-header.js'
import { allocatedPerCall, hex } from '../support.js'
import { concat } from '../stream/segments.js'
import { DCID, initial, otherPacket, PING, SCID, V1, V2 } from './initial.js'
import { SAMPLES } from './vectors.js'

const read = (bytes: Uint8Array, header = newLongHeader(), wireEnd = bytes.length): number =>
  readLongHeader(bytes, 0, bytes.length, wireEnd, header)

describe('readLongHeader', () => {
  for (const { rfc, version, client, server, retry } of SAMPLES) {
    it(`finds the parts of the samples of ${rfc}`, () => {
      const header = newLongHeader()
      expect(read(client, header)).to.equal(1200)
      expect(header).to.include({ type: INITIAL, version, dcidOff: 6, dcidLen: 8, scidLen: 0 })
      expect(header).to.include({ packetNumberOff: 18, end: 1200 })
      expect(read(server, header)).to.equal(server.length)
      expect(header).to.include({ type: INITIAL, dcidLen: 0, scidOff: 7, scidLen: 8 })
      expect(read(retry, header)).to.equal(retry.length)
      expect(header).to.include({ type: RETRY, scidOff: 7, scidLen: 8 })
    })
  }

  it('ends at the length field, and passes over tokens, 0-RTT and Handshake packets', () => {
    const header = newLongHeader()
    const token = new Uint8Array(300).fill(9)
    for (const version of [V1, V2]) {
      const packet = initial([PING], { token, version })
      expect(read(concat([packet, packet]), header)).to.equal(packet.length)
      expect(header.packetNumberOff).to.equal(packet.length - 2 - 2 - 16)
      for (const type of [1, 2] as const) {
        const other = otherPacket(type, 90, { version })
        expect(read(concat([other, packet]), header)).to.equal(other.length)
        expect(header.type).to.equal(type)
      }
    }
  })

  it('takes lengths in as many bytes as they come, and a cleared fixed bit', () => {
    for (const lengthLen of [2, 4, 8]) {
      const packet = initial([PING], { lengthLen })
      expect(read(packet)).to.equal(packet.length)
      packet[0] = (packet[0] ?? 0) & 0xbf
      expect(read(packet)).to.equal(packet.length)
    }
  })

  it('knows Version Negotiation, which has no length', () => {
    const header = newLongHeader()
    const packet = concat([hex('80 00000000 05'), SCID, hex('08'), DCID, hex('00000001 6b3343cf')])
    expect(read(packet, header)).to.equal(packet.length)
    expect(header.type).to.equal(VERSION_NEGOTIATION)
  })

  it('calls an unknown version unsupported', () => {
    const packet = initial([PING])
    packet[4] = 2
    expect(read(packet)).to.equal(UNSUPPORTED)
  })

  const malformed: [string, string][] = [
    ['a connection ID of 21 bytes', 'c0 00000001 15'],
    ['a source connection ID of 21 bytes', 'c0 00000001 00 15'],
    ['a token longer than the datagram', 'c0 00000001 00 00 7fff'],
    ['a token of 2^62 bytes', 'c0 00000001 00 00 ffffffffffffffff'],
    ['a packet longer than the datagram', 'c0 00000001 00 00 00 7fff'],
    ['a packet of 2^62 bytes', 'c0 00000001 00 00 00 ffffffffffffffff'],
    ['a packet too short for a sample', 'c0 00000001 00 00 00 13'],
    ['nothing but zeros behind the version', 'c0 00000001 00 00 00 00'],
  ]
  for (const [what, bytes] of malformed) {
    it(`calls ${what} malformed`, () => {
      expect(read(concat([hex(bytes), new Uint8Array(60)]))).to.equal(MALFORMED)
    })
  }

  it('calls every prefix truncated where more was on the wire, else malformed', () => {
    const packet = initial([PING], { token: SCID })
    for (let length = 0; length < packet.length; length++) {
      const cut = packet.slice(0, length)
      expect(read(cut, newLongHeader(), packet.length), `${length} bytes`).to.equal(TRUNCATED)
      expect(read(cut), `${length} bytes`).to.equal(MALFORMED)
    }
  })

  it('never reads past end, whatever the bytes', () => {
    const rest = fc.uint8Array({ maxLength: 80 })
    fc.assert(
      fc.property(rest, fc.nat(80), fc.nat(255), (data, cut, first) => {
        const bytes = concat([Uint8Array.of(first | 0x80, 0, 0, 0, 1), data])
        const end = Math.min(cut, bytes.length)
        const header = newLongHeader()
        const other = newLongHeader()
        const zeroed = bytes.slice().fill(0, end)
        const filled = bytes.slice().fill(0xff, end)
        const next = readLongHeader(zeroed, 0, end, end, header)
        expect(readLongHeader(filled, 0, end, end, other)).to.equal(next)
        expect(next).to.be.at.most(end)
        if (next >= 0) expect(other).to.deep.equal(header)
        if (next >= 0 && header.type === INITIAL) {
          expect(header.packetNumberOff + 20).to.be.at.most(next)
        }
      }),
    )
  })

  it('allocates nothing', () => {
    const packet = initial([PING])
    const header = newLongHeader()
    expect(allocatedPerCall(() => void read(packet, header))).to.be.below(1)
  })
})
