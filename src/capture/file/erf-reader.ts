// Extensible Record Format of Endace: records and nothing else. Each is given on whole, as a frame of LINKTYPE_ERF:
// wire/erf.ts reads what is in it.
//
//  +----------------+----------------+------+-------+--------+--------+--------+
//  |  Fraction, LE  |  Seconds, LE   | Type | Flags | RecLen |  Loss  | WireLen|  extension headers, frame
//  +----------------+----------------+------+-------+--------+--------+--------+

import { u16, u32le, u8 } from '../../base/bytes.js'
import { BLOCK_FRAMES } from '../../base/block-layout.js'
import type { PacketBlock } from '../../model/packet-block.js'
import type { RecordReader } from './record-reader.js'

export const LINKTYPE_ERF = 197
const TYPE = 8
const RECORD_LEN = 10
const LOSS = 12
const WIRE_LEN = 14
const HEADER_LEN = 16
/** Types of records with packets; the top bit says that extension headers follow. None is a printable character. */
const MOST_TYPE = 31
/** Seconds that two records one behind the other may lie apart. */
const MOST_SECONDS_APART = 86_400
/** 2000-01-01 and 2100-01-01: a file without a magic is recognised by plausible records. */
const LEAST_SECONDS = 946_684_800
const MOST_SECONDS = 4_102_444_800

/** Whether `head` begins with two plausible ERF records, or with one that the file ends with. */
export function isErf(head: Uint8Array): boolean {
  const second = plausibleEnd(head, 0)
  if (second < 0) return false
  if (second === head.length) return true
  const apart = Math.abs(u32le(head, 4) - (second + 8 <= head.length ? u32le(head, second + 4) : 0))
  return plausibleEnd(head, second) > 0 && apart < MOST_SECONDS_APART
}

/** Offset past the record header's record at `off`, or -1 where it is no plausible record. */
function plausibleEnd(head: Uint8Array, off: number): number {
  if (head.length - off < HEADER_LEN) return -1
  const seconds = u32le(head, off + 4)
  const type = u8(head, off + TYPE) & 0x7f
  const recordLen = u16(head, off + RECORD_LEN)
  const isPlausible =
    seconds >= LEAST_SECONDS &&
    seconds < MOST_SECONDS &&
    type > 0 &&
    type <= MOST_TYPE &&
    recordLen >= HEADER_LEN
  return isPlausible ? off + recordLen : -1
}

/** Reads the records of an ERF file. */
export class ErfReader implements RecordReader {
  failure: string | undefined
  dropped = 0
  readonly #linkType: number

  /** @param linkType LINKTYPE_ value to read frames as, in place of LINKTYPE_ERF */
  constructor(linkType?: number) {
    this.#linkType = linkType ?? LINKTYPE_ERF
  }

  fill(block: PacketBlock, from: number, end: number): number {
    const { bytes } = block
    let off = from
    let { count } = block
    while (count < BLOCK_FRAMES && end - off >= HEADER_LEN) {
      const recordLen = u16(bytes, off + RECORD_LEN)
      if (recordLen < HEADER_LEN) {
        this.failure = `a record claims ${recordLen} bytes, less than its header has`
        break
      }
      if (off + recordLen > end) break
      // a 32.32 fixed-point number: to the microsecond
      const fraction = Math.trunc((u32le(bytes, off) / 2 ** 32) * 1e6)
      block.timeMicros[count] = u32le(bytes, off + 4) * 1e6 + fraction
      block.start[count] = off
      block.caplen[count] = recordLen
      block.wirelen[count] = Math.max(recordLen, HEADER_LEN + u16(bytes, off + WIRE_LEN))
      block.linkType[count] = this.#linkType
      // in records of colour types the field holds the colour
      if ((u8(bytes, off + TYPE) & 0x7f) === 2) this.dropped += u16(bytes, off + LOSS)
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
