// SHA-1, FIPS 180-4 §6.1. Only for the Community ID, whose definition asks for it.

import { LAST_BLOCKS, padRest } from './last-blocks'

const BLOCK_LEN: u32 = 64
const STATE_WORDS: u32 = 5

/** The message schedule: 80 words. */
const SCHEDULE: u32 = memory.data(320) as u32

/** Sets the state of five words at `state` to what §5.3.1 starts from. */
export function sha1Start(state: u32): void {
  store<u32>(state, 0x67452301)
  store<u32>(state, 0xefcdab89, 4)
  store<u32>(state, 0x98badcfe, 8)
  store<u32>(state, 0x10325476, 12)
  store<u32>(state, 0xc3d2e1f0, 16)
}

/** Takes the whole blocks of [off, end) into the state. @returns the offset of the first byte not taken */
export function sha1Blocks(state: u32, off: u32, end: u32): u32 {
  let at = off
  for (; end - at >= BLOCK_LEN; at += BLOCK_LEN) sha1Block(state, at)
  return at
}

/** Takes the rest of a message of `messageLen` bytes: the digest is at `state` then. */
export function sha1End(state: u32, off: u32, end: u32, messageLen: u32): void {
  const paddedEnd = padRest(off, end)
  store<u64>(paddedEnd - 8, bswap<u64>((messageLen as u64) << 3))
  sha1Blocks(state, LAST_BLOCKS, paddedEnd)
  for (let i: u32 = 0; i < STATE_WORDS; i++) {
    const word = state + 4 * i
    store<u32>(word, bswap<u32>(load<u32>(word)))
  }
}

// §6.1.2
function sha1Block(state: u32, at: u32): void {
  for (let i: u32 = 0; i < 64; i += 4) store<u32>(SCHEDULE + i, bswap<u32>(load<u32>(at + i)))
  for (let i: u32 = 64; i < 320; i += 4) {
    const w = SCHEDULE + i
    const mixed = load<u32>(w - 12) ^ load<u32>(w - 32) ^ load<u32>(w - 56) ^ load<u32>(w - 64)
    store<u32>(w, rotl<u32>(mixed, 1))
  }
  let a = load<u32>(state),
    b = load<u32>(state, 4),
    c = load<u32>(state, 8),
    d = load<u32>(state, 12)
  let e = load<u32>(state, 16)
  for (let i: u32 = 0; i < 320; i += 4) {
    const f =
      i < 80
        ? (d ^ (b & (c ^ d))) + 0x5a827999
        : i < 160
          ? (b ^ c ^ d) + 0x6ed9eba1
          : i < 240
            ? ((b & c) | (d & (b | c))) + 0x8f1bbcdc
            : (b ^ c ^ d) + 0xca62c1d6
    const next = rotl<u32>(a, 5) + f + e + load<u32>(SCHEDULE + i)
    e = d
    d = c
    c = rotl<u32>(b, 30)
    b = a
    a = next
  }
  store<u32>(state, load<u32>(state) + a)
  store<u32>(state, load<u32>(state, 4) + b, 4)
  store<u32>(state, load<u32>(state, 8) + c, 8)
  store<u32>(state, load<u32>(state, 12) + d, 12)
  store<u32>(state, load<u32>(state, 16) + e, 16)
}
