// What TURN relays, RFC 8656: ChannelData (§12.4), and the DATA attribute of Send and Data indications (§11)
//
//   | channel 2 (0x4000-0x4fff) | length 2 | data
//   | type 2 | length 2 | cookie 4 | transaction 12 | attributes: type 2, length 2, value, padding to 4

import { u16, u8 } from '../base/bytes.js'
import { MAX_HEADER_OPTIONS } from '../base/limits.js'
import { isIndication } from './starts.js'

const CHANNEL_HEADER_LEN = 4
const STUN_HEADER_LEN = 20
const ATTRIBUTE_HEADER_LEN = 4
const DATA = 0x0013

/** Where the relayed data of a message is. One instance, overwritten. */
export class RelayedData {
  off = 0
  end = 0

  /** Reads the message `bytes[off, end)`. @returns whether it carries data, all of it captured */
  read(bytes: Uint8Array, off: number, end: number): boolean {
    if (end - off < CHANNEL_HEADER_LEN) return false
    const length = u16(bytes, off + 2)
    if (u8(bytes, off) >> 4 === 4) {
      this.off = off + CHANNEL_HEADER_LEN
      this.end = this.off + length
      return this.end <= end
    }
    if (end - off < STUN_HEADER_LEN || !isIndication(bytes, off)) return false
    const stop = off + STUN_HEADER_LEN + length
    if (stop > end) return false
    let at = off + STUN_HEADER_LEN
    for (let i = 0; i < MAX_HEADER_OPTIONS && stop - at >= ATTRIBUTE_HEADER_LEN; i++) {
      const valueLen = u16(bytes, at + 2)
      this.off = at + ATTRIBUTE_HEADER_LEN
      this.end = this.off + valueLen
      if (this.end > stop) return false
      if (u16(bytes, at) === DATA) return true
      at = this.off + ((valueLen + 3) & ~3)
    }
    return false
  }
}
