// The MD5 Message-Digest Algorithm, RFC 1321. Only for JA3 and JA3S, whose definitions ask for it.

import { LAST_BLOCKS, padRest } from './last-blocks'

const BLOCK_LEN: u32 = 64

/** Sets the state of four words at `state` to what RFC 1321 §3.3 starts from. */
export function md5Start(state: u32): void {
  store<u32>(state, 0x67452301)
  store<u32>(state, 0xefcdab89, 4)
  store<u32>(state, 0x98badcfe, 8)
  store<u32>(state, 0x10325476, 12)
}

/** Takes the whole blocks of [off, end) into the state. @returns the offset of the first byte not taken */
export function md5Blocks(state: u32, off: u32, end: u32): u32 {
  let at = off
  for (; end - at >= BLOCK_LEN; at += BLOCK_LEN) md5Block(state, at)
  return at
}

/** Takes the rest of a message of `messageLen` bytes: the digest is at `state` then. */
export function md5End(state: u32, off: u32, end: u32, messageLen: u32): void {
  const paddedEnd = padRest(off, end)
  store<u64>(paddedEnd - 8, (messageLen as u64) << 3)
  md5Blocks(state, LAST_BLOCKS, paddedEnd)
}

// RFC 1321 §3.4, written out.
// prettier-ignore
function md5Block(state: u32, at: u32): void {
  const a0 = load<u32>(state), b0 = load<u32>(state, 4), c0 = load<u32>(state, 8), d0 = load<u32>(state, 12)
  let a = a0, b = b0, c = c0, d = d0
  const x0 = load<u32>(at, 0), x1 = load<u32>(at, 4), x2 = load<u32>(at, 8), x3 = load<u32>(at, 12)
  const x4 = load<u32>(at, 16), x5 = load<u32>(at, 20), x6 = load<u32>(at, 24), x7 = load<u32>(at, 28)
  const x8 = load<u32>(at, 32), x9 = load<u32>(at, 36), x10 = load<u32>(at, 40), x11 = load<u32>(at, 44)
  const x12 = load<u32>(at, 48), x13 = load<u32>(at, 52), x14 = load<u32>(at, 56), x15 = load<u32>(at, 60)
  // Round 1
  a = rotl<u32>(a + (d ^ (b & (c ^ d))) + x0 + 0xd76aa478, 7) + b
  d = rotl<u32>(d + (c ^ (a & (b ^ c))) + x1 + 0xe8c7b756, 12) + a
  c = rotl<u32>(c + (b ^ (d & (a ^ b))) + x2 + 0x242070db, 17) + d
  b = rotl<u32>(b + (a ^ (c & (d ^ a))) + x3 + 0xc1bdceee, 22) + c
  a = rotl<u32>(a + (d ^ (b & (c ^ d))) + x4 + 0xf57c0faf, 7) + b
  d = rotl<u32>(d + (c ^ (a & (b ^ c))) + x5 + 0x4787c62a, 12) + a
  c = rotl<u32>(c + (b ^ (d & (a ^ b))) + x6 + 0xa8304613, 17) + d
  b = rotl<u32>(b + (a ^ (c & (d ^ a))) + x7 + 0xfd469501, 22) + c
  a = rotl<u32>(a + (d ^ (b & (c ^ d))) + x8 + 0x698098d8, 7) + b
  d = rotl<u32>(d + (c ^ (a & (b ^ c))) + x9 + 0x8b44f7af, 12) + a
  c = rotl<u32>(c + (b ^ (d & (a ^ b))) + x10 + 0xffff5bb1, 17) + d
  b = rotl<u32>(b + (a ^ (c & (d ^ a))) + x11 + 0x895cd7be, 22) + c
  a = rotl<u32>(a + (d ^ (b & (c ^ d))) + x12 + 0x6b901122, 7) + b
  d = rotl<u32>(d + (c ^ (a & (b ^ c))) + x13 + 0xfd987193, 12) + a
  c = rotl<u32>(c + (b ^ (d & (a ^ b))) + x14 + 0xa679438e, 17) + d
  b = rotl<u32>(b + (a ^ (c & (d ^ a))) + x15 + 0x49b40821, 22) + c
  // Round 2
  a = rotl<u32>(a + (c ^ (d & (b ^ c))) + x1 + 0xf61e2562, 5) + b
  d = rotl<u32>(d + (b ^ (c & (a ^ b))) + x6 + 0xc040b340, 9) + a
  c = rotl<u32>(c + (a ^ (b & (d ^ a))) + x11 + 0x265e5a51, 14) + d
  b = rotl<u32>(b + (d ^ (a & (c ^ d))) + x0 + 0xe9b6c7aa, 20) + c
  a = rotl<u32>(a + (c ^ (d & (b ^ c))) + x5 + 0xd62f105d, 5) + b
  d = rotl<u32>(d + (b ^ (c & (a ^ b))) + x10 + 0x02441453, 9) + a
  c = rotl<u32>(c + (a ^ (b & (d ^ a))) + x15 + 0xd8a1e681, 14) + d
  b = rotl<u32>(b + (d ^ (a & (c ^ d))) + x4 + 0xe7d3fbc8, 20) + c
  a = rotl<u32>(a + (c ^ (d & (b ^ c))) + x9 + 0x21e1cde6, 5) + b
  d = rotl<u32>(d + (b ^ (c & (a ^ b))) + x14 + 0xc33707d6, 9) + a
  c = rotl<u32>(c + (a ^ (b & (d ^ a))) + x3 + 0xf4d50d87, 14) + d
  b = rotl<u32>(b + (d ^ (a & (c ^ d))) + x8 + 0x455a14ed, 20) + c
  a = rotl<u32>(a + (c ^ (d & (b ^ c))) + x13 + 0xa9e3e905, 5) + b
  d = rotl<u32>(d + (b ^ (c & (a ^ b))) + x2 + 0xfcefa3f8, 9) + a
  c = rotl<u32>(c + (a ^ (b & (d ^ a))) + x7 + 0x676f02d9, 14) + d
  b = rotl<u32>(b + (d ^ (a & (c ^ d))) + x12 + 0x8d2a4c8a, 20) + c
  // Round 3
  a = rotl<u32>(a + (b ^ c ^ d) + x5 + 0xfffa3942, 4) + b
  d = rotl<u32>(d + (a ^ b ^ c) + x8 + 0x8771f681, 11) + a
  c = rotl<u32>(c + (d ^ a ^ b) + x11 + 0x6d9d6122, 16) + d
  b = rotl<u32>(b + (c ^ d ^ a) + x14 + 0xfde5380c, 23) + c
  a = rotl<u32>(a + (b ^ c ^ d) + x1 + 0xa4beea44, 4) + b
  d = rotl<u32>(d + (a ^ b ^ c) + x4 + 0x4bdecfa9, 11) + a
  c = rotl<u32>(c + (d ^ a ^ b) + x7 + 0xf6bb4b60, 16) + d
  b = rotl<u32>(b + (c ^ d ^ a) + x10 + 0xbebfbc70, 23) + c
  a = rotl<u32>(a + (b ^ c ^ d) + x13 + 0x289b7ec6, 4) + b
  d = rotl<u32>(d + (a ^ b ^ c) + x0 + 0xeaa127fa, 11) + a
  c = rotl<u32>(c + (d ^ a ^ b) + x3 + 0xd4ef3085, 16) + d
  b = rotl<u32>(b + (c ^ d ^ a) + x6 + 0x04881d05, 23) + c
  a = rotl<u32>(a + (b ^ c ^ d) + x9 + 0xd9d4d039, 4) + b
  d = rotl<u32>(d + (a ^ b ^ c) + x12 + 0xe6db99e5, 11) + a
  c = rotl<u32>(c + (d ^ a ^ b) + x15 + 0x1fa27cf8, 16) + d
  b = rotl<u32>(b + (c ^ d ^ a) + x2 + 0xc4ac5665, 23) + c
  // Round 4
  a = rotl<u32>(a + (c ^ (b | ~d)) + x0 + 0xf4292244, 6) + b
  d = rotl<u32>(d + (b ^ (a | ~c)) + x7 + 0x432aff97, 10) + a
  c = rotl<u32>(c + (a ^ (d | ~b)) + x14 + 0xab9423a7, 15) + d
  b = rotl<u32>(b + (d ^ (c | ~a)) + x5 + 0xfc93a039, 21) + c
  a = rotl<u32>(a + (c ^ (b | ~d)) + x12 + 0x655b59c3, 6) + b
  d = rotl<u32>(d + (b ^ (a | ~c)) + x3 + 0x8f0ccc92, 10) + a
  c = rotl<u32>(c + (a ^ (d | ~b)) + x10 + 0xffeff47d, 15) + d
  b = rotl<u32>(b + (d ^ (c | ~a)) + x1 + 0x85845dd1, 21) + c
  a = rotl<u32>(a + (c ^ (b | ~d)) + x8 + 0x6fa87e4f, 6) + b
  d = rotl<u32>(d + (b ^ (a | ~c)) + x15 + 0xfe2ce6e0, 10) + a
  c = rotl<u32>(c + (a ^ (d | ~b)) + x6 + 0xa3014314, 15) + d
  b = rotl<u32>(b + (d ^ (c | ~a)) + x13 + 0x4e0811a1, 21) + c
  a = rotl<u32>(a + (c ^ (b | ~d)) + x4 + 0xf7537e82, 6) + b
  d = rotl<u32>(d + (b ^ (a | ~c)) + x11 + 0xbd3af235, 10) + a
  c = rotl<u32>(c + (a ^ (d | ~b)) + x2 + 0x2ad7d2bb, 15) + d
  b = rotl<u32>(b + (d ^ (c | ~a)) + x9 + 0xeb86d391, 21) + c
  store<u32>(state, a0 + a)
  store<u32>(state, b0 + b, 4)
  store<u32>(state, c0 + c, 8)
  store<u32>(state, d0 + d, 12)
}
