import { MAX_FRAME_LEN } from '../../base/limits.js'
import type { PacketBlock } from '../../model/packet-block.js'

/**
 * Bytes a reader may ask to see at once: a frame of the greatest length and its record's header, or the blocks of
 * pcapng that describe things, their options included. A multiple of the page size.
 */
export const MAX_RECORD_LEN = MAX_FRAME_LEN + 65_536

/** Takes the records out of a capture's bytes as they come. Pure: no I/O, and a failure is a sentence. */
export interface RecordReader {
  /**
   * Appends to `block` the records that lie whole in `block.bytes[off, end)`, until the block is full, the bytes end or
   * `failure` is set. Allocates nothing per record.
   *
   * @returns the offset of the first byte not used: less than MAX_RECORD_LEN before `end`, unless the block is full;
   *   beyond `end` where what lies between may be passed over unread
   */
  fill(block: PacketBlock, off: number, end: number): number
  /** Why the bytes at the last returned offset cannot be read, a sentence; undefined while they can. */
  readonly failure: string | undefined
  /** Frames the capture says were lost before it, or undefined where it does not say. */
  readonly dropped: number | undefined
  /** What was left out so far, a sentence each. */
  notes(): string[]
}
