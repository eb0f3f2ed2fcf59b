import { expect } from 'chai'
import fc from 'fast-check'
import { CLIENT, initialKeys, KEY_WORDS, SERVER } from '../../src/quic/initial-keys.js'
import { newLongHeader, readLongHeader } from '../../src/quic/long-header.js'
import { PacketOpener, wholePacketNumber } from '../../src/quic/packet-protection.js'
import { concat } from '../stream/segments.js'
import { DCID, initial, PING } from './initial.js'
import { CLIENT_FRAMES, SAMPLES, SERVER_FRAMES } from './vectors.js'

const opener = new PacketOpener()

function open(packet: Uint8Array, side: number, row = 0, largest = -1): boolean {
  const keys = new Int32Array(KEY_WORDS)
  initialKeys(row, DCID, 0, DCID.length, side, keys, 0)
  const header = newLongHeader()
  expect(readLongHeader(packet, 0, packet.length, packet.length, header)).to.be.above(0)
  return opener.open(packet, header, keys, 0, largest)
}

describe('PacketOpener', () => {
  for (const { rfc, row, client, server } of SAMPLES) {
    it(`opens the samples of ${rfc} appendices A.2 and A.3`, () => {
      expect(open(client, CLIENT, row)).to.equal(true)
      expect(opener.plain).to.deep.equal(concat([CLIENT_FRAMES, new Uint8Array(917)]))
      expect(opener.packetNumber).to.equal(2)
      expect(open(server, SERVER, row)).to.equal(true)
      expect(opener.plain).to.deep.equal(SERVER_FRAMES)
      expect(opener.packetNumber).to.equal(1)
    })

    it(`opens none of ${rfc} with a bit turned, and leaves the bytes as they were`, () => {
      for (let i = 0; i < server.length; i++) {
        const damaged = server.slice()
        damaged[i] = (damaged[i] ?? 0) ^ 0x04
        const copy = damaged.slice()
        const header = newLongHeader()
        if (readLongHeader(damaged, 0, damaged.length, damaged.length, header) < 0) continue
        if (header.type !== 0) continue
        const keys = new Int32Array(KEY_WORDS)
        initialKeys(row, DCID, 0, DCID.length, SERVER, keys, 0)
        expect(opener.open(damaged, header, keys, 0, -1), `byte ${i}`).to.equal(false)
        expect(opener.plain).to.have.length(0)
        expect(damaged).to.deep.equal(copy)
      }
    })
  }

  it('opens packet numbers of one to four bytes, from the largest before', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.nat(0xffff_ffff), (numberLen, seed) => {
        const packetNumber = seed % 2 ** (8 * numberLen)
        const packet = initial([PING, CLIENT_FRAMES], { packetNumber, numberLen })
        expect(open(packet, CLIENT, 0, packetNumber - 1)).to.equal(true)
        expect(opener.packetNumber).to.equal(packetNumber)
      }),
      { numRuns: 50 },
    )
  })
})

describe('wholePacketNumber', () => {
  it('gives the sample of RFC 9000 appendix A.3', () => {
    expect(wholePacketNumber(0xa82f_30ea, 0x9b32, 2)).to.equal(0xa82f_9b32)
  })

  it('finds every number within half a window of the one expected', () => {
    const window = fc.integer({ min: 1, max: 4 })
    fc.assert(
      fc.property(
        fc.nat(2 ** 40),
        window,
        fc.double({ noNaN: true, min: 0, max: 1 }),
        (largest, bytes, where) => {
          const half = 2 ** (8 * bytes - 1)
          const number = Math.max(0, largest + 1 - half + 1 + Math.floor(where * (2 * half - 1)))
          const truncated = number % (2 * half)
          expect(wholePacketNumber(largest, truncated, bytes)).to.equal(number)
        },
      ),
    )
  })
})
