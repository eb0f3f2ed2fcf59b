// Snoop, RFC 1761: big-endian. The file header, then records padded to four bytes:
//
//  +------------------------------+--------------+--------------+
//  |       "snoop" 0 0 0          |  Version  2  |   Datalink   |
//  +--------------+--------------++-------------++-------------++-------------+-------------+
//  |  Original    |   Included   |    Record   |    Drops    |   Seconds   | Microsec.   | frame, padding
//  +--------------+--------------+-------------+-------------+-------------+-------------+

import { u32 } from '../../base/bytes.js'
import { BLOCK_FRAMES } from '../../base/block-layout.js'
import { MAX_FRAME_LEN } from '../../base/limits.js'
import type { PacketBlock } from '../../model/packet-block.js'
import type { RecordReader } from './record-reader.js'

/** "snoop" and three zeros, as two words. */
const MAGIC_0 = 0x736e6f6f
const MAGIC_1 = 0x7000_0000
const DATALINK = 12
export const SNOOP_HEADER_LEN = 16
const RECORD_HEADER_LEN = 24

/** LINKTYPE_ values of the datalink types of RFC 1761 §4 and of Solaris' sys/dlpi.h. */
const LINK_TYPES: Readonly<Record<number, number>> = {
  0: 1, // IEEE 802.3
  2: 6, // token ring
  4: 1, // Ethernet
  8: 10, // FDDI
  10: 107, // Frame Relay
  24: 1, // ISO 8802-3 and Ethernet
  25: 1, // 100BaseT
  26: 242, // IP over InfiniBand
  28: 226, // Solaris ipnet
}
/** A value that no LINKTYPE_ has: frames of it are counted as unsupported. */
const UNKNOWN_LINK_TYPE = 0xffff

/** Whether eight bytes at the front are a snoop file's. */
export function isSnoop(head: Uint8Array): boolean {
  return head.length >= 8 && u32(head, 0) === MAGIC_0 && u32(head, 4) === MAGIC_1
}

/** Reads the records of a snoop file, which begin after its header. */
export class SnoopReader implements RecordReader {
  failure: string | undefined
  /** Cumulative count of the last record. */
  dropped: number | undefined
  readonly #linkType: number

  /** @param head the file header @param linkType LINKTYPE_ value to read frames as, in place of the header's */
  constructor(head: Uint8Array, linkType?: number) {
    this.#linkType = linkType ?? LINK_TYPES[u32(head, DATALINK)] ?? UNKNOWN_LINK_TYPE
  }

  fill(block: PacketBlock, from: number, end: number): number {
    const { bytes } = block
    let off = from
    let { count } = block
    while (count < BLOCK_FRAMES && end - off >= RECORD_HEADER_LEN) {
      const caplen = u32(bytes, off + 4)
      const recordLen = u32(bytes, off + 8)
      if (
        caplen > MAX_FRAME_LEN ||
        recordLen < RECORD_HEADER_LEN + caplen ||
        recordLen > 2 * MAX_FRAME_LEN
      ) {
        this.failure = `a record claims ${caplen} captured bytes in ${recordLen}`
        break
      }
      if (off + recordLen > end) break
      this.dropped = u32(bytes, off + 12)
      block.timeMicros[count] = u32(bytes, off + 16) * 1e6 + u32(bytes, off + 20)
      block.start[count] = off + RECORD_HEADER_LEN
      block.caplen[count] = caplen
      block.wirelen[count] = Math.max(caplen, u32(bytes, off))
      block.linkType[count] = this.#linkType
      count++
      off += recordLen
    }
    block.count = count
    return off
  }

  notes(): string[] {
    return []
  }
}
