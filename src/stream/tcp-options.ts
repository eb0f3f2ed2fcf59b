// Options of TCP, RFC 9293 §3.2: kind(1), or kind(1) | length(1) | body, up to the header's end.

import { u16, u32, u8 } from '../base/bytes.js'

const END_OF_LIST = 0
const NO_OPERATION = 1
const MAXIMUM_SEGMENT_SIZE = 2
const WINDOW_SCALE = 3
const TIMESTAMPS = 8
const MD5_SIGNATURE = 19
const AUTHENTICATION = 29
const FAST_OPEN = 34
/** Fast Open before it had a number (RFC 7413 §4.1.1): kind 254 or 253, then 0xf989. */
const EXPERIMENTS = [253, 254]
const FAST_OPEN_MAGIC = 0xf989

/** Kinds that have a code of their own, the code being the index; 15 stands for all others. */
const CODED_KINDS = [-1, 1, 2, 3, 4, 8, FAST_OPEN, MD5_SIGNATURE, END_OF_LIST, 30, 28]
const OTHER_CODE = 15
const CODES = new Uint8Array(256).fill(OTHER_CODE)
CODED_KINDS.forEach((kind, code) => {
  if (kind >= 0) CODES[kind] = code
})
const CODE_BITS = 4
const MAX_CODES = 8
/** NOP, NOP, Timestamps of ten bytes: what nearly every segment has that has any. */
const PLAIN_TIMESTAMPS = 0x0101080a
const PLAIN_TIMESTAMPS_LEN = 12

/** The options of one segment. One instance, overwritten. */
export class TcpOptions {
  /** Maximum segment size, bytes; 0 where absent. */
  maximumSegmentSize = 0
  /** Shift of the window, 0 to 14 (RFC 7323 §2.3), or -1. */
  windowScale = -1
  /** Whether there is a Timestamps option, and its TSval and TSecr, 32 bits each, signed. */
  hasTimestamps = false
  timestamp = 0
  timestampEcho = 0
  /** Whether the segment is signed: MD5 (RFC 2385) or TCP-AO (RFC 5925). */
  isSigned = false
  /** Bytes of the Fast Open cookie (RFC 7413 §4.1.1), 0 for a request, or -1. */
  fastOpenLen = -1
  /**
   * Kinds in their order, four bits each, the first lowest, eight at most: 1 NOP, 2 MSS, 3 window scale, 4 SACK permitted,
   * 5 timestamps, 6 Fast Open, 7 MD5, 8 end of list, 9 Multipath TCP, 10 user timeout, 15 any other.
   */
  order = 0

  /** Reads the options in `bytes[off, end)`; what breaks the standard ends them. */
  read(bytes: Uint8Array, off: number, end: number): void {
    this.maximumSegmentSize = 0
    this.windowScale = -1
    this.hasTimestamps = false
    this.timestamp = 0
    this.isSigned = false
    this.fastOpenLen = -1
    this.order = 0
    if (off >= end) return
    if (end - off === PLAIN_TIMESTAMPS_LEN && u32(bytes, off) === PLAIN_TIMESTAMPS) {
      this.order = 0x511
      this.timestamps(bytes, off + 4)
      return
    }
    let count = 0
    for (let at = off; at < end;) {
      const kind = u8(bytes, at)
      if (count < MAX_CODES) this.order |= (CODES[kind] ?? 0) << (CODE_BITS * count++)
      if (kind === END_OF_LIST) return
      if (kind === NO_OPERATION) {
        at++
        continue
      }
      const length = at + 1 < end ? u8(bytes, at + 1) : 0
      if (length < 2 || length > end - at) return
      this.option(bytes, at, kind, length)
      at += length
    }
  }

  private option(bytes: Uint8Array, at: number, kind: number, length: number): void {
    if (kind === MAXIMUM_SEGMENT_SIZE && length === 4) {
      this.maximumSegmentSize = u16(bytes, at + 2)
    } else if (kind === WINDOW_SCALE && length === 3) {
      this.windowScale = Math.min(14, u8(bytes, at + 2))
    } else if (kind === TIMESTAMPS && length === 10) {
      this.timestamps(bytes, at + 2)
    } else if (kind === MD5_SIGNATURE || kind === AUTHENTICATION) {
      this.isSigned = true
    } else if (kind === FAST_OPEN) {
      this.fastOpenLen = length - 2
    } else if (EXPERIMENTS.includes(kind) && length >= 4) {
      if (u16(bytes, at + 2) === FAST_OPEN_MAGIC) this.fastOpenLen = length - 4
    }
  }

  private timestamps(bytes: Uint8Array, off: number): void {
    this.hasTimestamps = true
    this.timestamp = u32(bytes, off) | 0
    this.timestampEcho = u32(bytes, off + 4) | 0
  }
}
