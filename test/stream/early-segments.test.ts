import { expect } from 'chai'
import { MAX_HELLO_SPAN } from '../../src/base/limits.js'
import { Packet } from '../../src/model/packet.js'
import { EarlySegments } from '../../src/stream/early-segments.js'

const BLOCK = new Uint8Array(4096)
const HASH = 0x1234_5678

/** A segment of Ethernet, IPv4 and TCP whose frame begins at `frameOff`. */
function segment(frameOff: number, seq: number, micros = 0, bytes = BLOCK): Packet {
  const packet = new Packet()
  packet.bytes = bytes
  packet.ipVersion = 4
  packet.ipOff = frameOff + 14
  packet.srcAddrOff = frameOff + 26
  packet.dstAddrOff = frameOff + 30
  packet.tcpOff = frameOff + 34
  packet.payloadOff = frameOff + 54
  packet.payloadLen = packet.payloadWireLen = 100
  packet.seq = seq
  packet.timeMicros = micros
  packet.srcPort = 40_000
  packet.dstPort = 443
  return packet
}

/** Segments of one block, a frame each, added in this order. */
function added(packets: readonly Packet[], hashes: readonly number[] = []): EarlySegments {
  const early = new EarlySegments()
  for (const [i, packet] of packets.entries()) {
    early.frame = i
    early.frameOff = packet.ipOff - 14
    early.add(packet, Int32Array.of(hashes[i] ?? HASH), 0)
  }
  early.frame = packets.length
  return early
}

/** Sequence numbers of what `opening` lets be placed. */
function found(early: EarlySegments, opening: Packet, hash = HASH): number[] {
  early.frameOff = opening.ipOff - 14
  early.seek(opening, hash)
  const seqs: number[] = []
  for (let next = early.next(opening, hash); next; next = early.next(opening, hash))
    seqs.push(next.seq)
  return seqs
}

describe('segments that overtook the one that opens their flow', () => {
  it('are given once, the latest first, the first of the block among them', () => {
    const early = added([segment(0, 1100), segment(200, 1300), segment(400, 1200)])
    const opening = segment(600, 1000)
    expect(found(early, opening)).to.deep.equal([1200, 1300, 1100])
    expect(found(early, opening)).to.deep.equal([])
  })

  it('have their payload where it lies, and the time of the opening segment', () => {
    const early = added([segment(200, 1100, 5)])
    const opening = segment(600, 1000, 9)
    early.frameOff = 600
    early.seek(opening, HASH)
    expect(early.next(opening, HASH)).to.include({
      ...{ payloadOff: 254, payloadLen: 100, payloadWireLen: 100, timeMicros: 9 },
      ...{ srcPort: 40_000, dstPort: 443, ipVersion: 4, ipOff: 214, tcpOff: 234 },
    })
  })

  it('follow it by less than a hello, across the end of sequence numbers too', () => {
    const seqs = [900, 1000, 1001, 1000 + MAX_HELLO_SPAN, 1001 + MAX_HELLO_SPAN]
    const early = added(seqs.map((seq, i) => segment(200 * i, seq)))
    expect(found(early, segment(2000, 1000))).to.deep.equal([1000 + MAX_HELLO_SPAN, 1001])
    expect(found(added([segment(0, 50)]), segment(200, -50))).to.deep.equal([50])
  })

  it('were seen at most a second from it', () => {
    const early = added([segment(0, 1, 0), segment(200, 2, 1), segment(400, 3, 2_000_002)])
    expect(found(early, segment(600, 0, 1_000_001))).to.deep.equal([2])
    expect(found(early, segment(600, 0, 1_000_002))).to.deep.equal([3])
  })

  it('are of its flow, its block and behind the same headers', () => {
    const other = segment(600, 0, 0, new Uint8Array(4096))
    expect(found(added([segment(0, 1)]), other)).to.deep.equal([])
    // the same cell, another hash
    const hashes = [HASH, HASH ^ 0x4000_0000, HASH]
    const early = added([segment(0, 1), segment(200, 2), segment(400, 3)], hashes)
    expect(found(early, segment(600, 0))).to.deep.equal([3, 1])
    const tagged = segment(604, 0)
    early.frameOff = 600
    early.seek(tagged, hashes[1] ?? 0)
    expect(early.next(tagged, hashes[1] ?? 0)).to.equal(undefined)
  })

  it('are forgotten with their block', () => {
    const early = added([segment(0, 1)])
    early.clear()
    expect(early.size).to.equal(0)
    expect(found(early, segment(200, 0))).to.deep.equal([])
  })
})
