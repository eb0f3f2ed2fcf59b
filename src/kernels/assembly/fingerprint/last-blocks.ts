// How MD5 and SHA-2 end a message (RFC 1321 §3.1, FIPS 180-4 §5.1.1): a byte 0x80, noughts, and its length in bits in
// the last eight bytes of a block of 64.

const BLOCK_LEN: u32 = 64
const LENGTH_LEN: u32 = 8

/** The last block, or the last two; bytes are written eight at a time. */
export const LAST_BLOCKS: u32 = memory.data(136) as u32

/** Copies the rest of a message, under 64 bytes, to LAST_BLOCKS with its padding, the length nought. @returns its end */
export function padRest(off: u32, end: u32): u32 {
  const len = end - off
  const paddedLen: u32 = len + 1 + LENGTH_LEN > BLOCK_LEN ? 2 * BLOCK_LEN : BLOCK_LEN
  for (let i: u32 = 0; i < len; i += 8) store<u64>(LAST_BLOCKS + i, load<u64>(off + i))
  // Over what was copied past the end, too.
  store<u64>(LAST_BLOCKS + len, 0x80)
  for (let i: u32 = len + 8; i < paddedLen; i += 8) store<u64>(LAST_BLOCKS + i, 0)
  return LAST_BLOCKS + paddedLen
}
