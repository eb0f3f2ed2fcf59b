// Data chunks of SCTP, RFC 9260 §3.3.1, and of interleaved messages, RFC 8260 §2.1
//
//  +--------+---------+----------+-------+----------+--------------------+-----------+-----
//  | type 1 | flags 1 | length 2 | TSN 4 | stream 2 | sequence 2         | payload 4 | data      type 0
//  | type 1 | flags 1 | length 2 | TSN 4 | stream 2 | reserved 2, message 4 | payload or fragment 4 | data      type 64
//  +--------+---------+----------+-------+----------+--------------------+-----------+-----

import { u16, u32, u8 } from '../base/bytes.js'
import { MAX_SCTP_CHUNKS } from '../base/limits.js'

const TYPE_DATA = 0
const TYPE_I_DATA = 64
const FLAGS = 1
const LENGTH = 2
const TSN = 4
const STREAM = 8
const DATA_HEADER_LEN = 16
const I_DATA_HEADER_LEN = 20
const CHUNK_HEADER_LEN = 4
const BEGINNING = 0x02
const ENDING = 0x01

/** Walks over the data chunks of a packet. One instance, overwritten. */
export class DataChunks {
  tsn = 0
  stream = 0
  /** Offset of the chunk's data, and past it. */
  off = 0
  end = 0
  /** Whether a message begins and ends in the chunk. */
  begins = false
  ends = false
  #bytes: Uint8Array = new Uint8Array(0)
  #at = 0
  #stop = 0
  #left = 0

  /** Begins with the chunks `bytes[off, end)`. */
  begin(bytes: Uint8Array, off: number, end: number): void {
    this.#bytes = bytes
    this.#at = off
    this.#stop = end
    this.#left = MAX_SCTP_CHUNKS
  }

  /** Goes to the next data chunk. @returns whether there is one, all of it captured */
  next(): boolean {
    const bytes = this.#bytes
    while (this.#left > 0 && this.#stop - this.#at >= CHUNK_HEADER_LEN) {
      this.#left--
      const at = this.#at
      const length = u16(bytes, at + LENGTH)
      if (length < CHUNK_HEADER_LEN || at + length > this.#stop) return false
      this.#at = at + ((length + 3) & ~3)
      const type = u8(bytes, at)
      const headerLen = type === TYPE_I_DATA ? I_DATA_HEADER_LEN : DATA_HEADER_LEN
      if ((type !== TYPE_DATA && type !== TYPE_I_DATA) || length <= headerLen) continue
      const flags = u8(bytes, at + FLAGS)
      this.tsn = u32(bytes, at + TSN)
      this.stream = u16(bytes, at + STREAM)
      this.begins = (flags & BEGINNING) !== 0
      this.ends = (flags & ENDING) !== 0
      this.off = at + headerLen
      this.end = at + length
      return true
    }
    return false
  }
}
