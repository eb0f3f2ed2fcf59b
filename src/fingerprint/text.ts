// Text of numbers, as bytes. `put…` functions write at an offset into room their caller has made, and return the
// offset past what they wrote: the inner loops of every fingerprint.

import { MAX_LISTED_VALUES } from '../base/limits.js'
import { isGrease } from '../base/grease.js'
import { u16, u8 } from '../base/bytes.js'
import type { ByteWriter } from '../base/byte-writer.js'

/** GREASE values stand as this one wherever their number must not matter. */
export const GREASE = 0x0a0a
export const COMMA = 0x2c
export const DASH = 0x2d

const HEX_HIGH = new Uint8Array(256)
const HEX_LOW = new Uint8Array(256)
for (let i = 0; i < 256; i++) {
  HEX_HIGH[i] = '0123456789abcdef'.charCodeAt(i >> 4)
  HEX_LOW[i] = '0123456789abcdef'.charCodeAt(i & 15)
}

/** Two hex digits, lower case. */
export function putHex8(bytes: Uint8Array, at: number, value: number): number {
  bytes[at] = u8(HEX_HIGH, value)
  bytes[at + 1] = u8(HEX_LOW, value)
  return at + 2
}

/** Four hex digits, lower case. */
export function putHex16(bytes: Uint8Array, at: number, value: number): number {
  return putHex8(bytes, putHex8(bytes, at, value >> 8), value & 0xff)
}

/** A 16-bit number in decimal, five digits at most. */
export function putDecimal(bytes: Uint8Array, at: number, value: number): number {
  const digits = value < 10 ? 1 : value < 100 ? 2 : value < 1000 ? 3 : value < 10_000 ? 4 : 5
  let rest = value
  for (let i = at + digits - 1; i >= at; i--) {
    const tenth = (rest / 10) | 0
    bytes[i] = 48 + rest - tenth * 10
    rest = tenth
  }
  return at + digits
}

/** `value`, with any GREASE value as 0x0a0a. */
export function degrease(value: number): number {
  return isGrease(value) ? GREASE : value
}

/** Bytes of a list of 16-bit numbers, `len` bytes long, that a fingerprint takes. */
export function listedLen(len: number): number {
  return Math.min(len, 2 * MAX_LISTED_VALUES)
}

/**
 * Appends a list of 16-bit numbers in decimal with `separator` between.
 * Those with `dropped[number]` 1 are left out; without `dropped`, GREASE is. Those past MAX_LISTED_VALUES are left out too.
 */
export function writeDecimalList(
  bytes: Uint8Array,
  off: number,
  len: number,
  separator: number,
  dropped: Uint8Array | 'grease' | 'nothing',
  out: ByteWriter,
): void {
  const listed = listedLen(len)
  out.reserve(listed * 3)
  const start = out.len
  let at = start
  for (let i = off; i + 2 <= off + listed; i += 2) {
    const value = u16(bytes, i)
    if (dropped === 'grease' ? isGrease(value) : dropped !== 'nothing' && u8(dropped, value) === 1)
      continue
    if (at > start) out.bytes[at++] = separator
    at = putDecimal(out.bytes, at, value)
  }
  out.len = at
}

/** Appends a list of single bytes in decimal with `separator` between. */
export function writeByteList(
  bytes: Uint8Array,
  off: number,
  len: number,
  separator: number,
  out: ByteWriter,
): void {
  out.reserve(len * 4)
  let at = out.len
  for (let i = off; i < off + len; i++) {
    if (i > off) out.bytes[at++] = separator
    at = putDecimal(out.bytes, at, u8(bytes, i))
  }
  out.len = at
}

/** Writes all of `from` at `at`: for a few dozen bytes quicker than set(). @returns the offset past it */
export function putBytes(bytes: Uint8Array, at: number, from: Uint8Array): number {
  for (let i = 0; i < from.length; i++) bytes[at + i] = from[i] ?? 0
  return at + from.length
}
