import { expect } from 'chai'
import fc from 'fast-check'
import { TCP_ACK } from '../../src/model/packet.js'
import { checksumOf, RIGHT, WRONG } from '../../src/stream/checksum.js'
import { allocatedPerCall } from '../support.js'
import { segment } from './segments.js'

/** The packet, its bytes `by` bytes behind the start of a buffer, or of the array. */
function moved(payload: Uint8Array, wrongBy: number, by: number, isArray: boolean) {
  const packet = segment(1, payload, { flags: TCP_ACK, wrongBy })
  const room = new Uint8Array(by + packet.bytes.length + 3).fill(0xa5)
  room.set(packet.bytes, by)
  if (isArray) {
    packet.bytes = room.subarray(by)
    return packet
  }
  packet.bytes = room
  packet.ipOff += by
  packet.srcAddrOff += by
  packet.dstAddrOff += by
  packet.tcpOff += by
  packet.payloadOff += by
  return packet
}

describe('the checksum of a segment', () => {
  it('is right or wrong wherever the segment lies, of any length', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.nat(7),
        fc.boolean(),
        fc.integer({ min: 1, max: 0xfffe }),
        (payload, by, isArray, wrongBy) => {
          expect(checksumOf(moved(payload, 0, by, isArray))).to.equal(RIGHT)
          expect(checksumOf(moved(payload, wrongBy, by, isArray))).to.not.equal(RIGHT)
        },
      ),
      { numRuns: 500 },
    )
  })

  it('is right of the longest segment', () => {
    const payload = new Uint8Array(65_535 - 40).fill(0xff)
    expect(checksumOf(moved(payload, 0, 1, false))).to.equal(RIGHT)
    expect(checksumOf(moved(payload, 1, 1, false))).to.equal(WRONG)
  })

  it('allocates nothing', () => {
    const packet = segment(1, new Uint8Array(600).fill(7))
    expect(allocatedPerCall(() => void checksumOf(packet))).to.be.below(1)
  })
})
