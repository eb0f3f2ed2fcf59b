import { expect } from 'chai'
import fc from 'fast-check'
import { newCounters } from '../../src/base/counters.js'
import { FlowDealer } from '../../src/batch/flow-dealer.js'
import { newPacketBlock } from '../../src/model/packet-block.js'
import type { PacketBlock } from '../../src/model/packet-block.js'
import { Packet } from '../../src/model/packet.js'
import { EVERYONE, UNDEALT } from '../../src/kernels/prefilter-layout.js'
import { FrameDecoder } from '../../src/wire/frame-decoder.js'
import { allocatedPerCall } from '../support.js'
import { mixedFrames } from '../cli/traffic.js'

function blockOf(frames: readonly Uint8Array[], linkType = 1): PacketBlock {
  const block = newPacketBlock(Uint8Array.from(Buffer.concat(frames)))
  let at = 0
  for (const frame of frames) {
    block.start[block.count] = at
    block.caplen[block.count] = frame.length
    block.wirelen[block.count] = frame.length
    block.linkType[block.count++] = linkType
    at += frame.length
  }
  block.keptCount = block.count
  return block
}

function ownersOf(dealer: FlowDealer, block: PacketBlock): Uint8Array {
  const owner = new Uint8Array(block.count).fill(UNDEALT)
  dealer.deal(block, owner)
  return owner
}

/** Both directions of a flow have one name, inside whatever tunnels. */
function flowOf(packet: Packet): string {
  const length = packet.ipVersion === 6 ? 16 : 4
  const end = (off: number, port: number) =>
    `${Buffer.from(packet.bytes.subarray(off, off + length)).toString('hex')}.${port}`
  return [end(packet.srcAddrOff, packet.srcPort), end(packet.dstAddrOff, packet.dstPort)]
    .sort()
    .join(' ')
}

describe('dealing flows to workers', () => {
  const block = blockOf(mixedFrames(400, 5))

  it('gives both directions of a flow to one worker, in tunnels and under tags too, fragments to all', () => {
    const dealer = new FlowDealer(3)
    const owner = ownersOf(dealer, block)
    const counters = newCounters()
    const decoder = new FrameDecoder(counters)
    const packet = new Packet()
    const workers = new Map<string, number>()
    for (let i = 0; i < block.count; i++) {
      const fragments = counters.ip_fragments
      const protocol = decoder.decodeFrame(block, i, packet)
      if (counters.ip_fragments !== fragments) {
        expect(owner[i]).to.equal(EVERYONE)
        if (protocol < 0) continue
      }
      const worker = dealer.workerOf(packet)
      if (counters.ip_fragments === fragments) expect(owner[i]).to.equal(worker)
      const known = workers.get(flowOf(packet))
      if (known !== undefined) expect(worker).to.equal(known)
      workers.set(flowOf(packet), worker)
    }
    expect(counters.ip_fragments).to.be.above(20)
    expect(workers.size).to.be.above(300)
  })

  it('gives each worker about as many flows', () => {
    for (const workers of [2, 3, 8]) {
      const counts = new Array<number>(workers).fill(0)
      for (const one of ownersOf(new FlowDealer(workers), block))
        if (one !== EVERYONE) counts[one] = (counts[one] ?? 0) + 1
      for (const count of counts)
        expect(count).to.be.within(0.5 * (block.count / workers), 1.6 * (block.count / workers))
    }
  })

  it('gives whatever is no segment and no datagram to one worker, to be counted', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 90 }),
        fc.constantFrom(1, 101, 113, 999),
        (frame, link) => {
          const one = blockOf([frame], link)
          const [owner = 0] = ownersOf(new FlowDealer(4), one)
          return owner < 4 || owner === EVERYONE
        },
      ),
    )
  })

  it('allocates nothing', () => {
    const dealer = new FlowDealer(2)
    const common = blockOf(mixedFrames(40, 9).filter((frame) => frame[12] === 8 && frame[13] === 0))
    const owner = new Uint8Array(common.count)
    const deal = () => {
      owner.fill(UNDEALT)
      dealer.deal(common, owner)
    }
    const perCall = Math.min(...[1, 2, 3].map(() => allocatedPerCall(deal, 300)))
    expect(perCall / common.count).to.be.below(1)
  })
})
