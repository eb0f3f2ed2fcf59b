import { MAX_FRAME_LEN } from '../../base/limits.js'
import { AT_OWNER, BLOCK_FRAMES } from '../../base/block-layout.js'
import type { PacketBlock } from '../../model/packet-block.js'
import { blockOver, newMemoryBlock } from '../../model/packet-block.js'

/** Octets of file in a chunk, a mebibyte. Each costs calls and waits: with a quarter of it `--jobs 2` was no faster. */
export const CHUNK_LEN = 16 * BLOCK_FRAMES
/** Where a chunk's octets are put: well past page alignment, where the kernel copies fast. */
export const CHUNK_BASE = 2048
/** Octets past the chunk read first where its last record goes on: the rest of an ordinary one. */
export const REST_LEN = 2048
/** Octets of a chunk, and of a record begun in it. */
const BYTES_LEN = CHUNK_BASE + CHUNK_LEN + MAX_FRAME_LEN + 4 * REST_LEN

/** Memory for one slot. */
export function newSlotMemory(): SlotMemory {
  const { memory } = newMemoryBlock(BYTES_LEN, true)
  return memory
}

export type SlotMemory = NonNullable<PacketBlock['memory']>

/** One chunk's octets and frames in shared memory, as one thread sees them. Records are of 16 octets: all fit one block. */
export class ChunkSlot {
  readonly block: PacketBlock
  /** An octet for each frame kept. */
  readonly owner: Uint8Array

  constructor(memory: SlotMemory) {
    this.block = blockOver(memory, BYTES_LEN)
    this.owner = new Uint8Array(memory.buffer, AT_OWNER, BLOCK_FRAMES)
  }
}
