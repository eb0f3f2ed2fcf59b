// The MD5 Message-Digest Algorithm, RFC 1321. Only for JA3, whose definition asks for it.
//
// Own code, because JA3 strings are short, begin alike and are of known length: the state after the blocks that do not
// change is kept, padding stands ready, and the one or two blocks left take 126 ns each. crypto.hash('md5') of 170
// octets takes 460 ns, and its string of digits 50 more to copy.

import { u32le } from '../base/bytes.js'
import type { OctetWriter } from '../base/octet-writer.js'
import { putHex8 } from './text.js'

const BLOCK_LEN = 64
const LENGTH_FIELD_LEN = 8
/** Words of state: A, B, C, D. */
export const MD5_STATE_WORDS = 4
const MD5_LEN = 16
/** Hex digits of an MD5. */
export const MD5_HEX_LEN = 32

const state = new Int32Array(MD5_STATE_WORDS)

/** Sets `state` to what RFC 1321 §3.3 starts from. */
export function md5Start(state: Int32Array): void {
  state[0] = 0x67452301
  state[1] = 0xefcdab89
  state[2] = 0x98badcfe
  state[3] = 0x10325476
}

/**
 * Takes the whole blocks of `bytes[off, end)` into `state`.
 * @returns the offset of the first octet not taken
 */
export function md5Blocks(state: Int32Array, bytes: Uint8Array, off: number, end: number): number {
  let at = off
  for (; end - at >= BLOCK_LEN; at += BLOCK_LEN) md5Block(state, bytes, at)
  return at
}

/** Octets that `len` octets at the end of a message become with padding: whole blocks (RFC 1321 §3.1-2). */
export function md5PaddedLen(len: number): number {
  return (Math.floor((len + LENGTH_FIELD_LEN) / BLOCK_LEN) + 1) * BLOCK_LEN
}

/** Writes the padding behind the last `len` octets of a message of `messageLen`; `bytes` holds nought from there on. */
export function md5Pad(bytes: Uint8Array, len: number, messageLen: number): void {
  bytes[len] = 0x80
  // The length in bits, 64 of them; no message here is over 2^29 octets, so the upper half stays nought.
  const lengthAt = md5PaddedLen(len) - LENGTH_FIELD_LEN
  for (let i = 0; i < 4; i++) bytes[lengthAt + i] = (messageLen * 8) >>> (8 * i)
}

/** Writes the digest in `state` as 32 lower-case hex digits at `at` of `into`, which has room for them. */
export function putMd5(state: Int32Array, into: Uint8Array, at: number): void {
  for (let i = 0; i < MD5_LEN; i++) {
    putHex8(into, at + 2 * i, ((state[i >> 2] ?? 0) >>> (8 * (i & 3))) & 0xff)
  }
}

/** Appends the MD5 of `bytes[off, end)` as 32 lower-case hex digits. */
export function md5Hex(bytes: Uint8Array, off: number, end: number, out: OctetWriter): void {
  md5Start(state)
  const rest = md5Blocks(state, bytes, off, end)
  const last = new Uint8Array(md5PaddedLen(end - rest))
  last.set(bytes.subarray(rest, end))
  md5Pad(last, end - rest, end - off)
  md5Blocks(state, last, 0, last.length)
  out.reserve(MD5_HEX_LEN)
  putMd5(state, out.bytes, out.len)
  out.len += MD5_HEX_LEN
}

// RFC 1321 §3.4, written out: 126 ns a block, 200 ns as four loops over tables.
// prettier-ignore
function md5Block(state: Int32Array, bytes: Uint8Array, at: number): void {
  const a0 = state[0] ?? 0, b0 = state[1] ?? 0, c0 = state[2] ?? 0, d0 = state[3] ?? 0
  let a = a0, b = b0, c = c0, d = d0
  const x0 = u32le(bytes, at), x1 = u32le(bytes, at + 4), x2 = u32le(bytes, at + 8), x3 = u32le(bytes, at + 12)
  const x4 = u32le(bytes, at + 16), x5 = u32le(bytes, at + 20), x6 = u32le(bytes, at + 24), x7 = u32le(bytes, at + 28)
  const x8 = u32le(bytes, at + 32), x9 = u32le(bytes, at + 36), x10 = u32le(bytes, at + 40), x11 = u32le(bytes, at + 44)
  const x12 = u32le(bytes, at + 48), x13 = u32le(bytes, at + 52), x14 = u32le(bytes, at + 56), x15 = u32le(bytes, at + 60)
  // Round 1
  a = (a + (d ^ (b & (c ^ d))) + x0 + 0xd76aa478) | 0; a = (((a << 7) | (a >>> 25)) + b) | 0
  d = (d + (c ^ (a & (b ^ c))) + x1 + 0xe8c7b756) | 0; d = (((d << 12) | (d >>> 20)) + a) | 0
  c = (c + (b ^ (d & (a ^ b))) + x2 + 0x242070db) | 0; c = (((c << 17) | (c >>> 15)) + d) | 0
  b = (b + (a ^ (c & (d ^ a))) + x3 + 0xc1bdceee) | 0; b = (((b << 22) | (b >>> 10)) + c) | 0
  a = (a + (d ^ (b & (c ^ d))) + x4 + 0xf57c0faf) | 0; a = (((a << 7) | (a >>> 25)) + b) | 0
  d = (d + (c ^ (a & (b ^ c))) + x5 + 0x4787c62a) | 0; d = (((d << 12) | (d >>> 20)) + a) | 0
  c = (c + (b ^ (d & (a ^ b))) + x6 + 0xa8304613) | 0; c = (((c << 17) | (c >>> 15)) + d) | 0
  b = (b + (a ^ (c & (d ^ a))) + x7 + 0xfd469501) | 0; b = (((b << 22) | (b >>> 10)) + c) | 0
  a = (a + (d ^ (b & (c ^ d))) + x8 + 0x698098d8) | 0; a = (((a << 7) | (a >>> 25)) + b) | 0
  d = (d + (c ^ (a & (b ^ c))) + x9 + 0x8b44f7af) | 0; d = (((d << 12) | (d >>> 20)) + a) | 0
  c = (c + (b ^ (d & (a ^ b))) + x10 + 0xffff5bb1) | 0; c = (((c << 17) | (c >>> 15)) + d) | 0
  b = (b + (a ^ (c & (d ^ a))) + x11 + 0x895cd7be) | 0; b = (((b << 22) | (b >>> 10)) + c) | 0
  a = (a + (d ^ (b & (c ^ d))) + x12 + 0x6b901122) | 0; a = (((a << 7) | (a >>> 25)) + b) | 0
  d = (d + (c ^ (a & (b ^ c))) + x13 + 0xfd987193) | 0; d = (((d << 12) | (d >>> 20)) + a) | 0
  c = (c + (b ^ (d & (a ^ b))) + x14 + 0xa679438e) | 0; c = (((c << 17) | (c >>> 15)) + d) | 0
  b = (b + (a ^ (c & (d ^ a))) + x15 + 0x49b40821) | 0; b = (((b << 22) | (b >>> 10)) + c) | 0
  // Round 2
  a = (a + (c ^ (d & (b ^ c))) + x1 + 0xf61e2562) | 0; a = (((a << 5) | (a >>> 27)) + b) | 0
  d = (d + (b ^ (c & (a ^ b))) + x6 + 0xc040b340) | 0; d = (((d << 9) | (d >>> 23)) + a) | 0
  c = (c + (a ^ (b & (d ^ a))) + x11 + 0x265e5a51) | 0; c = (((c << 14) | (c >>> 18)) + d) | 0
  b = (b + (d ^ (a & (c ^ d))) + x0 + 0xe9b6c7aa) | 0; b = (((b << 20) | (b >>> 12)) + c) | 0
  a = (a + (c ^ (d & (b ^ c))) + x5 + 0xd62f105d) | 0; a = (((a << 5) | (a >>> 27)) + b) | 0
  d = (d + (b ^ (c & (a ^ b))) + x10 + 0x02441453) | 0; d = (((d << 9) | (d >>> 23)) + a) | 0
  c = (c + (a ^ (b & (d ^ a))) + x15 + 0xd8a1e681) | 0; c = (((c << 14) | (c >>> 18)) + d) | 0
  b = (b + (d ^ (a & (c ^ d))) + x4 + 0xe7d3fbc8) | 0; b = (((b << 20) | (b >>> 12)) + c) | 0
  a = (a + (c ^ (d & (b ^ c))) + x9 + 0x21e1cde6) | 0; a = (((a << 5) | (a >>> 27)) + b) | 0
  d = (d + (b ^ (c & (a ^ b))) + x14 + 0xc33707d6) | 0; d = (((d << 9) | (d >>> 23)) + a) | 0
  c = (c + (a ^ (b & (d ^ a))) + x3 + 0xf4d50d87) | 0; c = (((c << 14) | (c >>> 18)) + d) | 0
  b = (b + (d ^ (a & (c ^ d))) + x8 + 0x455a14ed) | 0; b = (((b << 20) | (b >>> 12)) + c) | 0
  a = (a + (c ^ (d & (b ^ c))) + x13 + 0xa9e3e905) | 0; a = (((a << 5) | (a >>> 27)) + b) | 0
  d = (d + (b ^ (c & (a ^ b))) + x2 + 0xfcefa3f8) | 0; d = (((d << 9) | (d >>> 23)) + a) | 0
  c = (c + (a ^ (b & (d ^ a))) + x7 + 0x676f02d9) | 0; c = (((c << 14) | (c >>> 18)) + d) | 0
  b = (b + (d ^ (a & (c ^ d))) + x12 + 0x8d2a4c8a) | 0; b = (((b << 20) | (b >>> 12)) + c) | 0
  // Round 3
  a = (a + (b ^ c ^ d) + x5 + 0xfffa3942) | 0; a = (((a << 4) | (a >>> 28)) + b) | 0
  d = (d + (a ^ b ^ c) + x8 + 0x8771f681) | 0; d = (((d << 11) | (d >>> 21)) + a) | 0
  c = (c + (d ^ a ^ b) + x11 + 0x6d9d6122) | 0; c = (((c << 16) | (c >>> 16)) + d) | 0
  b = (b + (c ^ d ^ a) + x14 + 0xfde5380c) | 0; b = (((b << 23) | (b >>> 9)) + c) | 0
  a = (a + (b ^ c ^ d) + x1 + 0xa4beea44) | 0; a = (((a << 4) | (a >>> 28)) + b) | 0
  d = (d + (a ^ b ^ c) + x4 + 0x4bdecfa9) | 0; d = (((d << 11) | (d >>> 21)) + a) | 0
  c = (c + (d ^ a ^ b) + x7 + 0xf6bb4b60) | 0; c = (((c << 16) | (c >>> 16)) + d) | 0
  b = (b + (c ^ d ^ a) + x10 + 0xbebfbc70) | 0; b = (((b << 23) | (b >>> 9)) + c) | 0
  a = (a + (b ^ c ^ d) + x13 + 0x289b7ec6) | 0; a = (((a << 4) | (a >>> 28)) + b) | 0
  d = (d + (a ^ b ^ c) + x0 + 0xeaa127fa) | 0; d = (((d << 11) | (d >>> 21)) + a) | 0
  c = (c + (d ^ a ^ b) + x3 + 0xd4ef3085) | 0; c = (((c << 16) | (c >>> 16)) + d) | 0
  b = (b + (c ^ d ^ a) + x6 + 0x04881d05) | 0; b = (((b << 23) | (b >>> 9)) + c) | 0
  a = (a + (b ^ c ^ d) + x9 + 0xd9d4d039) | 0; a = (((a << 4) | (a >>> 28)) + b) | 0
  d = (d + (a ^ b ^ c) + x12 + 0xe6db99e5) | 0; d = (((d << 11) | (d >>> 21)) + a) | 0
  c = (c + (d ^ a ^ b) + x15 + 0x1fa27cf8) | 0; c = (((c << 16) | (c >>> 16)) + d) | 0
  b = (b + (c ^ d ^ a) + x2 + 0xc4ac5665) | 0; b = (((b << 23) | (b >>> 9)) + c) | 0
  // Round 4
  a = (a + (c ^ (b | ~d)) + x0 + 0xf4292244) | 0; a = (((a << 6) | (a >>> 26)) + b) | 0
  d = (d + (b ^ (a | ~c)) + x7 + 0x432aff97) | 0; d = (((d << 10) | (d >>> 22)) + a) | 0
  c = (c + (a ^ (d | ~b)) + x14 + 0xab9423a7) | 0; c = (((c << 15) | (c >>> 17)) + d) | 0
  b = (b + (d ^ (c | ~a)) + x5 + 0xfc93a039) | 0; b = (((b << 21) | (b >>> 11)) + c) | 0
  a = (a + (c ^ (b | ~d)) + x12 + 0x655b59c3) | 0; a = (((a << 6) | (a >>> 26)) + b) | 0
  d = (d + (b ^ (a | ~c)) + x3 + 0x8f0ccc92) | 0; d = (((d << 10) | (d >>> 22)) + a) | 0
  c = (c + (a ^ (d | ~b)) + x10 + 0xffeff47d) | 0; c = (((c << 15) | (c >>> 17)) + d) | 0
  b = (b + (d ^ (c | ~a)) + x1 + 0x85845dd1) | 0; b = (((b << 21) | (b >>> 11)) + c) | 0
  a = (a + (c ^ (b | ~d)) + x8 + 0x6fa87e4f) | 0; a = (((a << 6) | (a >>> 26)) + b) | 0
  d = (d + (b ^ (a | ~c)) + x15 + 0xfe2ce6e0) | 0; d = (((d << 10) | (d >>> 22)) + a) | 0
  c = (c + (a ^ (d | ~b)) + x6 + 0xa3014314) | 0; c = (((c << 15) | (c >>> 17)) + d) | 0
  b = (b + (d ^ (c | ~a)) + x13 + 0x4e0811a1) | 0; b = (((b << 21) | (b >>> 11)) + c) | 0
  a = (a + (c ^ (b | ~d)) + x4 + 0xf7537e82) | 0; a = (((a << 6) | (a >>> 26)) + b) | 0
  d = (d + (b ^ (a | ~c)) + x11 + 0xbd3af235) | 0; d = (((d << 10) | (d >>> 22)) + a) | 0
  c = (c + (a ^ (d | ~b)) + x2 + 0x2ad7d2bb) | 0; c = (((c << 15) | (c >>> 17)) + d) | 0
  b = (b + (d ^ (c | ~a)) + x9 + 0xeb86d391) | 0; b = (((b << 21) | (b >>> 11)) + c) | 0
  state[0] = a0 + a
  state[1] = b0 + b
  state[2] = c0 + c
  state[3] = d0 + d
}
