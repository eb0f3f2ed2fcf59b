import { LIVE_BLOCK_BYTES } from '../../base/limits.js'
import type { PacketBlock } from '../../model/packet-block.js'
import { newPacketBlock } from '../../model/packet-block.js'
import { PCAP_HEADER_LEN, PcapReader, readPcapHeader } from '../file/pcap-reader.js'

/** What a capture child gave is no capture. */
export class BadFrames extends Error {
  override readonly name = 'BadFrames'
}

/**
 * The frames of a pcap file that comes in chunks as they are captured, as blocks of at least one.
 * @throws BadFrames
 */
export async function* streamFrames(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<PacketBlock, void, void> {
  const block = newPacketBlock(new Uint8Array(LIVE_BLOCK_BYTES))
  const { bytes } = block
  let reader: PcapReader | undefined
  // bytes that wait for the rest of their record are bytes[0, held)
  let held = 0
  for await (const chunk of chunks) {
    for (let taken = 0; taken < chunk.length;) {
      const piece = Math.min(chunk.length - taken, bytes.length - held)
      bytes.set(
        taken === 0 && piece === chunk.length ? chunk : chunk.subarray(taken, taken + piece),
        held,
      )
      taken += piece
      held += piece
      let off = 0
      if (reader === undefined) {
        if (held < PCAP_HEADER_LEN) continue
        reader = new PcapReader(readPcapHeader(bytes, 0))
        off = PCAP_HEADER_LEN
      }
      for (;;) {
        block.count = 0
        off = reader.fill(block, off, held)
        if (block.count === 0) break
        yield block
      }
      if (reader.failure !== undefined) throw new BadFrames(reader.failure)
      bytes.copyWithin(0, off, held)
      held -= off
    }
  }
}
