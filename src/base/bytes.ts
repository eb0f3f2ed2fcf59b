// Byte reads, in network byte order unless the name has another. The caller has checked the length:
// these are the only places where a read is not checked again.
// Plain shifts on a Uint8Array: 7 ns for four header fields, 83 ns by Buffer.readUInt16BE.

/** The byte at `off`. */
export function u8(bytes: Uint8Array, off: number): number {
  return bytes[off]!
}

/** Unsigned 16-bit integer at `off`, big-endian. */
export function u16(bytes: Uint8Array, off: number): number {
  return (bytes[off]! << 8) | bytes[off + 1]!
}

/** Unsigned 24-bit integer at `off`, big-endian. */
export function u24(bytes: Uint8Array, off: number): number {
  return (bytes[off]! << 16) | (bytes[off + 1]! << 8) | bytes[off + 2]!
}

/** Unsigned 32-bit integer at `off`, big-endian. */
export function u32(bytes: Uint8Array, off: number): number {
  return (
    ((bytes[off]! << 24) | (bytes[off + 1]! << 16) | (bytes[off + 2]! << 8) | bytes[off + 3]!) >>> 0
  )
}

/** The 32 bits at `off` as a signed integer: where only equality matters, for it never needs a number on the heap. */
export function i32(bytes: Uint8Array, off: number): number {
  return (bytes[off]! << 24) | (bytes[off + 1]! << 16) | (bytes[off + 2]! << 8) | bytes[off + 3]!
}

/** Unsigned 16-bit integer at `off`, little-endian. */
export function u16le(bytes: Uint8Array, off: number): number {
  return bytes[off]! | (bytes[off + 1]! << 8)
}

/** Unsigned 32-bit integer at `off`, little-endian. */
export function u32le(bytes: Uint8Array, off: number): number {
  return (
    (bytes[off]! | (bytes[off + 1]! << 8) | (bytes[off + 2]! << 16) | (bytes[off + 3]! << 24)) >>> 0
  )
}

/** Offset of the first byte of `bytes[off, end)` that is `value`, or -1. Other than `indexOf` it does not read on behind `end`. */
export function byteAt(bytes: Uint8Array, value: number, off: number, end: number): number {
  for (let at = off; at < end; at++) if (u8(bytes, at) === value) return at
  return -1
}
