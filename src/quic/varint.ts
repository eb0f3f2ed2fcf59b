// Variable-length integer, RFC 9000 §16
//
//   0 1 2                 8 · 2^n
//  +---+-----------------------+
//  | n |        value          |     bytes in all: 1, 2, 4 or 8 for n = 0 … 3
//  +---+-----------------------+

import { u16, u32, u8 } from '../base/bytes.js'

/** Bytes of the integer that begins with `first`. */
export function varintLen(first: number): number {
  return 1 << (first >> 6)
}

/**
 * The integer at `off`, all of whose bytes must be there. Above 2^53 it is rounded: right for lengths and offsets, which
 * are only compared with what is far smaller, wrong for identifiers.
 */
export function varint(bytes: Uint8Array, off: number): number {
  const first = u8(bytes, off)
  if (first < 0x40) return first
  if (first < 0x80) return u16(bytes, off) & 0x3fff
  if (first < 0xc0) return u32(bytes, off) & 0x3fff_ffff
  return (u32(bytes, off) & 0x3fff_ffff) * 0x1_0000_0000 + u32(bytes, off + 4)
}
