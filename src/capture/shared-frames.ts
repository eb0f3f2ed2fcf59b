// The reader's end of the memory that a native capture fills (src/native/capture.h): two halves, used in turn. The child
// says how many octets of pcap records are in the next one; we read them where they are, and give it back.

import type { Writable } from 'node:stream'
import { u32le } from '../base/bytes.js'
import type { PacketBlock } from '../model/packet-block.js'
import { newPacketBlock } from '../model/packet-block.js'
import { pcapFileHeader } from './frame-queue.js'
import { PcapReader, readPcapHeader } from './pcap-reader.js'
import { BadFrames } from './stream-frames.js'

const LENGTH_LEN = 4
/** Any octet gives a half back. */
const READ = new Uint8Array(1)

/**
 * The frames of link type `linkType` in `memory`, as blocks of at least one; `lengths` are what the child says, and `back`
 * is where it hears.
 * @throws BadFrames
 */
export async function* sharedFrames(
  memory: ArrayBuffer,
  linkType: number,
  lengths: AsyncIterable<Uint8Array>,
  back: Writable,
): AsyncGenerator<PacketBlock, void, void> {
  const halfLen = memory.byteLength / 2
  const halves = [new Uint8Array(memory, 0, halfLen), new Uint8Array(memory, halfLen, halfLen)]
  const block = newPacketBlock(halves[0] ?? READ)
  const reader = new PcapReader(readPcapHeader(pcapFileHeader(linkType, 0), 0))
  const said = new Uint8Array(LENGTH_LEN)
  let have = 0
  let half = 0
  for await (const chunk of lengths) {
    for (const octet of chunk) {
      said[have++] = octet
      if (have < LENGTH_LEN) continue
      have = 0
      const end = u32le(said, 0)
      block.bytes = halves[half] ?? READ
      half ^= 1
      // the child is a fence: its word is not taken for what would lead us out of the memory
      if (end > halfLen) throw new BadFrames(`${end} octets are said to be in ${halfLen}`)
      let off = 0
      do {
        block.count = 0
        off = reader.fill(block, off, end)
        if (block.count === 0) throw new BadFrames(reader.failure ?? 'a record is cut')
        yield block
      } while (off < end)
      back.write(READ)
    }
  }
}
