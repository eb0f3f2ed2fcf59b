// Addresses as text: dotted for IPv4, RFC 5952 for IPv6, IPv4-mapped IPv6 (RFC 4291 §2.5.5.2) as the IPv4 it holds.

import { u16, u32, u8 } from '../base/bytes.js'
import { putDecimal, putHex8 } from './text.js'

const GROUPS = 8
/** Bytes an address takes at most: eight groups of four digits. */
export const ADDRESS_TEXT_MAX = 39
const COLON = 0x3a
const DOT = 0x2e
const ZERO = 0x30

/**
 * Writes the address at `off`, 4 bytes for `ipVersion` 4, else 16, at `at` of `into`, which has room.
 * @returns the offset past it
 */
export function putAddress(
  bytes: Uint8Array,
  off: number,
  ipVersion: number,
  into: Uint8Array,
  at: number,
): number {
  if (ipVersion === 4) return putV4(bytes, off, into, at)
  return isMapped(bytes, off) ? putV4(bytes, off + 12, into, at) : putV6(bytes, off, into, at)
}

/** The address at `off` as a string. */
export function addressText(bytes: Uint8Array, off: number, ipVersion: number): string {
  const text = new Uint8Array(ADDRESS_TEXT_MAX)
  return latin1Text(text, 0, putAddress(bytes, off, ipVersion, text, 0))
}

/** [off, end) as a string, a byte a character (ISO 8859-1). */
export function latin1Text(bytes: Uint8Array, off: number, end: number): string {
  let text = ''
  for (let at = off; at < end; at++) text += String.fromCharCode(u8(bytes, at))
  return text
}

function isMapped(bytes: Uint8Array, off: number): boolean {
  return u32(bytes, off) === 0 && u32(bytes, off + 4) === 0 && u32(bytes, off + 8) === 0xffff
}

function putV4(bytes: Uint8Array, off: number, into: Uint8Array, start: number): number {
  let at = start
  for (let i = 0; i < 4; i++) {
    if (i > 0) into[at++] = DOT
    at = putDecimal(into, at, u8(bytes, off + i))
  }
  return at
}

function putV6(bytes: Uint8Array, off: number, into: Uint8Array, start: number): number {
  // RFC 5952 §4.2: the longest run of two or more zero groups becomes "::", the first of equals.
  let runAt = -1
  let runLen = 1
  for (let i = 0; i < GROUPS; i++) {
    let next = i
    while (next < GROUPS && u16(bytes, off + 2 * next) === 0) next++
    if (next - i > runLen) {
      runAt = i
      runLen = next - i
    }
    if (next > i) i = next
  }

  let at = start
  for (let i = 0; i < GROUPS; i++) {
    if (i === runAt) {
      into[at++] = COLON
      into[at++] = COLON
      i += runLen - 1
      continue
    }
    if (i > 0 && i !== runAt + runLen) into[at++] = COLON
    at = putGroup(into, at, u16(bytes, off + 2 * i))
  }
  return at
}

/** One group in hex without leading zeros (RFC 5952 §4.1). */
function putGroup(into: Uint8Array, start: number, group: number): number {
  let at = start
  if (group > 0xff) {
    at = putHex8(into, at, group >> 8)
    if (group <= 0xfff) {
      into[at - 2] = into[at - 1] ?? ZERO
      at--
    }
    return putHex8(into, at, group & 0xff)
  }
  at = putHex8(into, at, group)
  if (group <= 0xf) {
    into[at - 2] = into[at - 1] ?? ZERO
    at--
  }
  return at
}
