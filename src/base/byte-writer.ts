// Text is written as bytes into one buffer that is used again and again: strings put together were 16 % of the time
// of a hello-dense read.

const ASCII = new TextDecoder()
const HEX = new Uint8Array(16)
for (let i = 0; i < 16; i++) HEX[i] = '0123456789abcdef'.charCodeAt(i)

/**
 * A growing buffer of bytes, written front to back and emptied by `len = 0`.
 *
 * Writers of fixed size check the space themselves; a caller that writes to `bytes` directly calls `reserve` first.
 * `bytes` is replaced when it grows: never keep it across a write.
 */
export class ByteWriter {
  bytes: Uint8Array
  len = 0

  constructor(capacity = 1 << 16) {
    this.bytes = new Uint8Array(capacity)
  }

  /** Makes room for `count` bytes more. */
  reserve(count: number): void {
    if (this.len + count <= this.bytes.length) return
    const grown = new Uint8Array(Math.max(this.bytes.length * 2, this.len + count))
    grown.set(this.bytes.subarray(0, this.len))
    this.bytes = grown
  }

  /** Appends one byte. */
  byte(value: number): void {
    if (this.len === this.bytes.length) this.reserve(1)
    this.bytes[this.len++] = value
  }

  /** Appends a string of ASCII characters; others would come out wrong. */
  ascii(text: string): void {
    this.reserve(text.length)
    const bytes = this.bytes
    let at = this.len
    for (let i = 0; i < text.length; i++) bytes[at++] = text.charCodeAt(i)
    this.len = at
  }

  /** Appends `from[off, end)`. */
  copy(from: Uint8Array, off: number, end: number): void {
    this.reserve(end - off)
    const bytes = this.bytes
    let at = this.len
    for (let i = off; i < end; i++) bytes[at++] = from[i] ?? 0
    this.len = at
  }

  /** Appends an integer from 0 to 2^53 in decimal. */
  decimal(value: number): void {
    this.reserve(16)
    let digits = 1
    for (let bound = 10; value >= bound; bound *= 10) digits++
    let rest = value
    for (let at = this.len + digits - 1; at >= this.len; at--) {
      const tenth = Math.floor(rest / 10)
      this.bytes[at] = 48 + rest - tenth * 10
      rest = tenth
    }
    this.len += digits
  }

  /** Appends the low eight bits in two lower-case hex digits. */
  hex8(value: number): void {
    this.reserve(2)
    this.bytes[this.len++] = HEX[(value >> 4) & 15] ?? 0
    this.bytes[this.len++] = HEX[value & 15] ?? 0
  }

  /** Appends the low sixteen bits in four lower-case hex digits. */
  hex16(value: number): void {
    this.hex8(value >> 8)
    this.hex8(value)
  }

  /** What was written from `start` on, which must be ASCII or UTF-8, as a string. */
  text(start = 0): string {
    return ASCII.decode(this.bytes.subarray(start, this.len))
  }
}
