// MessagePack (github.com/msgpack/msgpack/blob/master/spec.md), as far as batches need it: arrays, byte strings, small numbers.

/** Writes one value after the other; `take` gives what was written. */
export class MessagePack {
  #bytes = Buffer.allocUnsafeSlow(1 << 16)
  #len = 0

  /** An array of `count` values, which follow. */
  array(count: number): void {
    this.#reserve(5)
    if (count < 16) this.#bytes[this.#len++] = 0x90 | count
    else {
      this.#bytes[this.#len] = 0xdd
      this.#len = this.#bytes.writeUInt32BE(count, this.#len + 1)
    }
  }

  /** An integer from 0 to 127. */
  small(value: number): void {
    this.#reserve(1)
    this.#bytes[this.#len++] = value & 0x7f
  }

  /** An integer of 32 bits. */
  natural(value: number): void {
    this.#reserve(5)
    this.#bytes[this.#len] = 0xce
    this.#len = this.#bytes.writeUInt32BE(value >>> 0, this.#len + 1)
  }

  /** A string of bytes in latin1. */
  text(latin1: string): void {
    this.head(latin1.length)
    this.latin1(latin1)
  }

  /** Bytes in latin1 of a string whose head was written. */
  latin1(text: string): void {
    // a call into the runtime costs more than some bytes
    if (text.length < 32)
      for (let i = 0; i < text.length; i++) this.#bytes[this.#len++] = text.charCodeAt(i)
    else this.#len += this.#bytes.write(text, this.#len, 'latin1')
  }

  /** One such byte. */
  byte(value: number): void {
    this.#bytes[this.#len++] = value
  }

  /** `from[off, end)`, with `front` in latin1 before it, as one string. */
  bytes(from: Buffer, off: number, end: number): void {
    this.head(end - off)
    this.#len += from.copy(this.#bytes, this.#len, off, end)
  }

  /** What was written since the last time, a copy. */
  take(): Buffer {
    const taken = Buffer.from(this.#bytes.subarray(0, this.#len))
    this.#len = 0
    return taken
  }

  /** The head of a string of `len` bytes, which follow. */
  head(len: number): void {
    this.#reserve(len + 5)
    const bytes = this.#bytes
    if (len < 32) bytes[this.#len++] = 0xa0 | len
    else if (len < 256) {
      bytes[this.#len++] = 0xd9
      bytes[this.#len++] = len
    } else {
      bytes[this.#len] = 0xdb
      this.#len = bytes.writeUInt32BE(len, this.#len + 1)
    }
  }

  #reserve(count: number): void {
    if (this.#len + count <= this.#bytes.length) return
    const grown = Buffer.allocUnsafeSlow(Math.max(2 * this.#bytes.length, this.#len + count))
    this.#bytes.copy(grown, 0, 0, this.#len)
    this.#bytes = grown
  }
}
