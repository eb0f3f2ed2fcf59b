import { expect } from 'chai'
import fc from 'fast-check'
import { FrameQueue, pcapFileHeader } from '../../../src/capture/live/frame-queue.js'
import { PcapReader, readPcapHeader } from '../../../src/capture/file/pcap-reader.js'
import { newPacketBlock } from '../../../src/model/packet-block.js'
import { allocatedPerCall, hex } from '../../support.js'

const HEADER = pcapFileHeader(113, 65_535)

/** Reads `bytes` off the front. */
function read(queue: FrameQueue, bytes: number): number[] {
  const out: number[] = []
  while (bytes > 0 && queue.length > 0) {
    const end = Math.min(queue.readEnd, queue.readOff + bytes)
    out.push(...queue.bytes.subarray(queue.readOff, end))
    bytes -= end - queue.readOff
    queue.consume(end - queue.readOff)
  }
  return out
}

/** Frames of a pcap stream without its header, each as [first byte, length]. */
function framesOf(bytes: readonly number[]): [number, number][] {
  const block = newPacketBlock(Uint8Array.from(bytes))
  const end = new PcapReader(readPcapHeader(HEADER, 0)).fill(block, 0, bytes.length)
  expect(end).to.equal(bytes.length)
  return Array.from({ length: block.count }, (_, i) => [
    block.bytes[block.start[i] ?? 0] ?? -1,
    block.caplen[i] ?? -1,
  ])
}

describe('frame queue', () => {
  it('writes the header of a pcap file with nanoseconds', () => {
    expect(HEADER).to.deep.equal(hex('4d3cb2a1 0200 0400 00000000 00000000 ffff0000 71000000'))
  })

  it('writes records whose time and lengths a pcap reader gives back', () => {
    const queue = new FrameQueue(1000)
    queue.put(Uint8Array.from([7, 8, 9, 10]), 3, 1_700_000_000_123_456.5)
    const block = newPacketBlock(Uint8Array.from(read(queue, 100)))
    new PcapReader(readPcapHeader(HEADER, 0)).fill(block, 0, block.bytes.length)
    expect(block.count).to.equal(1)
    expect(block.timeMicros[0]).to.equal(1_700_000_000_123_456.5)
    expect([block.caplen[0], block.wirelen[0], block.linkType[0]]).to.deep.equal([3, 3, 113])
  })

  it('drops and counts what has no room', () => {
    const queue = new FrameQueue(100)
    const frame = new Uint8Array(40)
    expect(queue.put(frame, 40, 0)).to.equal(true)
    expect(queue.put(frame, 40, 0)).to.equal(false)
    expect(queue.put(frame, 28, 0)).to.equal(true)
    expect([queue.taken, queue.dropped, queue.length]).to.deep.equal([2, 1, 100])
  })

  it('gives each frame taken once, whole and in order, however it is read', () => {
    const step = fc.oneof(
      fc.record({ put: fc.integer({ min: 1, max: 90 }) }),
      fc.record({ read: fc.integer({ min: 1, max: 150 }) }),
    )
    fc.assert(
      fc.property(fc.integer({ min: 20, max: 300 }), fc.array(step), (capacity, steps) => {
        const queue = new FrameQueue(capacity)
        const expected: [number, number][] = []
        const out: number[] = []
        let number = 0
        for (const one of steps) {
          if ('read' in one) out.push(...read(queue, one.read))
          else {
            const frame = new Uint8Array(100).fill(++number & 0xff)
            if (queue.put(frame, one.put, number)) expected.push([number & 0xff, one.put])
          }
          if (queue.length > capacity) return false
        }
        out.push(...read(queue, Infinity))
        expect(queue.taken).to.equal(expected.length)
        expect(queue.taken + queue.dropped).to.equal(number)
        expect(framesOf(out)).to.deep.equal(expected)
        return true
      }),
    )
  })

  it('keeps next to nothing a frame', () => {
    const queue = new FrameQueue(10_000)
    const frame = new Uint8Array(100)
    const call = () => {
      queue.put(frame, 100, 1_700_000_000_123_456.5)
      queue.consume(queue.readEnd - queue.readOff)
    }
    // the view of the frame is made for the one copy; V8 usually does away with it
    expect(allocatedPerCall(call)).to.be.below(200)
  })
})
