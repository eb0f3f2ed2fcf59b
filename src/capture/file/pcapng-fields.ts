import { u16, u16le, u32, u32le } from '../../base/bytes.js'
import { MAX_PCAPNG_OPTIONS } from '../../base/limits.js'

const OPTION_HEADER_LEN = 4
const TWO_32 = 4_294_967_296

/** Reads of a pcapng section's fields, in the byte order the section is in. */
export class PcapngFields {
  littleEndian = true

  /** Unsigned 16-bit integer at `off`. */
  read16(bytes: Uint8Array, off: number): number {
    return this.littleEndian ? u16le(bytes, off) : u16(bytes, off)
  }

  /** Unsigned 32-bit integer at `off`. */
  read32(bytes: Uint8Array, off: number): number {
    return this.littleEndian ? u32le(bytes, off) : u32(bytes, off)
  }

  /** Signed 64-bit integer at `off`, exact to 2^53. */
  readSigned64(bytes: Uint8Array, off: number): number {
    const high = this.read32(bytes, this.littleEndian ? off + 4 : off) | 0
    return high * TWO_32 + this.read32(bytes, this.littleEndian ? off : off + 4)
  }

  /**
   * Offset of the value of the first option `code` of exactly `length` bytes in `bytes[off, end)`, or -1
   * (draft-ietf-opsawg-pcapng §3.5).
   */
  findOption(bytes: Uint8Array, off: number, end: number, code: number, length: number): number {
    for (let i = 0; i < MAX_PCAPNG_OPTIONS && end - off >= OPTION_HEADER_LEN; i++) {
      const foundCode = this.read16(bytes, off)
      const foundLen = this.read16(bytes, off + 2)
      const value = off + OPTION_HEADER_LEN
      if (foundCode === 0 || foundLen > end - value) return -1
      if (foundCode === code && foundLen === length) return value
      off = value + ((foundLen + 3) & ~3)
    }
    return -1
  }
}
