import { MAX_FRAME_LEN } from '../base/limits.js'
import { BLOCK_FRAMES } from '../model/packet-block.js'
import type { PacketBlock } from '../model/packet-block.js'
import type { PcapReader } from './pcap-reader.js'

/** Octets of file in a chunk. Larger ones leave the processor's cache, smaller ones cost more calls. */
export const CHUNK_LEN = 1 << 18
/** Where a chunk's octets are put: well past page alignment, where the kernel copies fast. */
export const CHUNK_BASE = 2048
/** Octets past the chunk read first where its last record goes on: the rest of an ordinary one. */
export const REST_LEN = 2048
/** Blocks a chunk fills at most: records of 16 octets. */
export const SLOT_BLOCKS = CHUNK_LEN / 16 / BLOCK_FRAMES
/** Octets of a chunk, and of a record begun in it. */
const BYTES_LEN = CHUNK_BASE + CHUNK_LEN + MAX_FRAME_LEN + 4 * REST_LEN
/** Octets of the arrays of one block. */
const BLOCK_LEN = BLOCK_FRAMES * (8 + 4 + 4 + 4 + 2 + 1)
export const SLOT_MEMORY_LEN = BYTES_LEN + SLOT_BLOCKS * BLOCK_LEN

/** One chunk's octets and frames in shared memory, as one thread sees them. */
export class ChunkSlot {
  readonly bytes: Uint8Array
  readonly blocks: PacketBlock[] = []
  /** An octet for each frame of each block. */
  readonly owners: Uint8Array[] = []
  /** Blocks in use. */
  filled = 0

  constructor(memory: SharedArrayBuffer) {
    this.bytes = new Uint8Array(memory, 0, BYTES_LEN)
    for (let i = 0; i < SLOT_BLOCKS; i++) {
      const at = BYTES_LEN + i * BLOCK_LEN
      this.blocks.push({
        bytes: this.bytes,
        count: 0,
        timeMicros: new Float64Array(memory, at, BLOCK_FRAMES),
        start: new Uint32Array(memory, at + 8 * BLOCK_FRAMES, BLOCK_FRAMES),
        caplen: new Uint32Array(memory, at + 12 * BLOCK_FRAMES, BLOCK_FRAMES),
        wirelen: new Uint32Array(memory, at + 16 * BLOCK_FRAMES, BLOCK_FRAMES),
        linkType: new Uint16Array(memory, at + 20 * BLOCK_FRAMES, BLOCK_FRAMES),
      })
      this.owners.push(new Uint8Array(memory, at + 22 * BLOCK_FRAMES, BLOCK_FRAMES))
    }
  }

  /** Appends the records of `bytes[off, end)`. @returns the offset of the first not whole */
  fill(reader: PcapReader, from: number, end: number): number {
    let off = from
    if (this.filled === 0) this.begin()
    for (;;) {
      const block = this.blocks[this.filled - 1]
      if (block === undefined) return off
      off = reader.fill(block, off, end)
      if (block.count < BLOCK_FRAMES || this.filled === this.blocks.length) return off
      this.begin()
    }
  }

  private begin(): void {
    const block = this.blocks[this.filled]
    if (block !== undefined) block.count = 0
    this.filled++
  }
}
