// Microsoft Network Monitor 1.x and 2.x: little-endian. A header of 128 bytes, frames one behind the other, and tables, of
// which the frame table tells where the frames end.
//
//  +--------+-------+-------+---------+--------------------+------------------+-----
//  | "GMBU" | minor | major | network |  start SYSTEMTIME  | frame table, off | …
//  +--------+-------+-------+---------+--------------------+------------------+-----
//  2.x: microseconds since the start (8), original length (4), captured length (4), frame
//  1.x: milliseconds since the start (4), original length (2), captured length (2), frame
//
// From 2.1 on the frame's network type follows it (2), from 2.2 on the index of its process (4), from 2.3 on the time as a
// FILETIME (8) and the index of its time zone (1).

import { u16le, u32, u32le, u8 } from '../../base/bytes.js'
import { BLOCK_FRAMES } from '../../base/block-layout.js'
import { MAX_FRAME_LEN } from '../../base/limits.js'
import type { PacketBlock } from '../../model/packet-block.js'
import type { RecordReader } from './record-reader.js'

/** "RTSS" for 1.x, "GMBU" for 2.x. */
const MAGIC_1 = 0x52545353
const MAGIC_2 = 0x474d4255
const MINOR = 4
const MAJOR = 5
const NETWORK = 6
const START_TIME = 8
const FRAME_TABLE = 24
export const NETMON_HEADER_LEN = 128

/** LINKTYPE_ values of network types; from 0xe000 on a type is a LINKTYPE_ value. */
const LINK_TYPES: Readonly<Record<number, number>> = { 0: 1, 1: 1, 2: 6, 3: 10, 6: 105, 8: 101 }
const LINKTYPE_BASE = 0xe000
/** From here on a record holds facts about the capture, no frame. */
const NO_FRAME_BASE = 0xfff0
const UNKNOWN_LINK_TYPE = 0xffff

/** Whether `head` begins as a Network Monitor file. */
export function isNetmon(head: Uint8Array): boolean {
  return head.length >= 4 && (u32(head, 0) === MAGIC_1 || u32(head, 0) === MAGIC_2)
}

/** Days from 1970-01-01 to a date of the Gregorian calendar. */
function daysOf(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year
  const era = Math.floor(shifted / 400)
  const yearOfEra = shifted - era * 400
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146_097 + dayOfEra - 719_468
}

/** Reads a Network Monitor file from its first byte on. */
export class NetmonReader implements RecordReader {
  failure: string | undefined
  readonly dropped = undefined
  readonly #wanted: number | undefined
  /** Bytes read so far: the frame table's offset ends the frames. */
  #position = 0
  #framesEnd = Infinity
  #isVersion1 = false
  #linkType = UNKNOWN_LINK_TYPE
  #startMicros = 0
  /** Bytes behind each frame. */
  #trailerLen = 0

  /** @param linkType LINKTYPE_ value to read frames as, in place of what the file says */
  constructor(linkType?: number) {
    this.#wanted = linkType
  }

  fill(block: PacketBlock, from: number, end: number): number {
    let off = from
    if (this.#position === 0) {
      if (end - off < NETMON_HEADER_LEN) return off
      this.#readHeader(block.bytes, off)
      off += NETMON_HEADER_LEN
    }
    const headerLen = this.#isVersion1 ? 8 : 16
    const base = off - (this.#position === 0 ? NETMON_HEADER_LEN : this.#position)
    while (block.count < BLOCK_FRAMES && end - off >= headerLen) {
      if (off - base + headerLen > this.#framesEnd) {
        // the tables behind the frames
        off = end
        break
      }
      const next = this.#take(block, off, end, headerLen)
      if (next <= off) break
      off = next
    }
    this.#position = off - base
    return off
  }

  /** @returns the offset past the record, or `off` where it is not whole or `failure` is set */
  #take(block: PacketBlock, off: number, end: number, headerLen: number): number {
    const { bytes, count } = block
    const isVersion1 = this.#isVersion1
    const wirelen = isVersion1 ? u16le(bytes, off + 4) : u32le(bytes, off + 8)
    const caplen = isVersion1 ? u16le(bytes, off + 6) : u32le(bytes, off + 12)
    if (caplen > MAX_FRAME_LEN) {
      this.failure = `a record claims ${caplen} captured bytes, more than any frame has`
      return off
    }
    const frame = off + headerLen
    const next = frame + caplen + this.#trailerLen
    if (next > end) return off
    const network = this.#trailerLen >= 2 ? u16le(bytes, frame + caplen) : -1
    if (network >= NO_FRAME_BASE) return next
    const delta = isVersion1
      ? u32le(bytes, off) * 1e3
      : u32le(bytes, off) + u32le(bytes, off + 4) * 2 ** 32
    block.timeMicros[count] = this.#startMicros + delta
    block.start[count] = frame
    block.caplen[count] = caplen
    block.wirelen[count] = Math.max(caplen, wirelen)
    block.linkType[count] = this.#wanted ?? (network < 0 ? this.#linkType : linkTypeOf(network))
    block.count = count + 1
    return next
  }

  #readHeader(bytes: Uint8Array, off: number): void {
    const major = u8(bytes, off + MAJOR)
    const minor = u8(bytes, off + MINOR)
    this.#isVersion1 = major === 1
    this.#linkType = linkTypeOf(u16le(bytes, off + NETWORK))
    this.#framesEnd = u32le(bytes, off + FRAME_TABLE)
    this.#trailerLen = major < 2 || minor === 0 ? 0 : minor === 1 ? 2 : minor === 2 ? 6 : 15
    const at = off + START_TIME
    const days = daysOf(u16le(bytes, at), u16le(bytes, at + 2), u16le(bytes, at + 6))
    const seconds = u16le(bytes, at + 8) * 3600 + u16le(bytes, at + 10) * 60 + u16le(bytes, at + 12)
    this.#startMicros = (days * 86_400 + seconds) * 1e6 + u16le(bytes, at + 14) * 1e3
  }

  notes(): string[] {
    return []
  }
}

function linkTypeOf(network: number): number {
  return network >= LINKTYPE_BASE
    ? network - LINKTYPE_BASE
    : (LINK_TYPES[network] ?? UNKNOWN_LINK_TYPE)
}
