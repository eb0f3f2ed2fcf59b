import type { PacketBlock } from '../../model/packet-block.js'
import { newMemoryBlock } from '../../model/packet-block.js'

/** Blocks kept for the next file: making one costs as much as reading a megabyte. */
const PASSED = 2

const free: PacketBlock[] = []

/** An empty block of at least `bytes`, which its taker gives back. */
export function takeBlock(byteCount: number): PacketBlock {
  const at = free.findIndex(({ bytes }) => bytes.length >= byteCount)
  const [block] = at < 0 ? [] : free.splice(at, 1)
  if (block === undefined) return newMemoryBlock(byteCount)
  block.count = 0
  return block
}

/** Takes a block back that nothing points into any more. */
export function giveBack(block: PacketBlock): void {
  if (free.length < PASSED) free.push(block)
}
