/** Writes the `count` bytes at `from`, an even number, as lower-case hex digits at `at`. */
export function putHex(from: u32, count: u32, at: u32): void {
  let i: u32 = 0
  for (; i + 4 <= count; i += 4) store<u64>(at + 2 * i, digitsOf(load<u32>(from + i)))
  if (i < count) store<u32>(at + 2 * i, digitsOf(load<u16>(from + i)) as u32)
}

/** Eight digits at once: a nibble in each byte, 39 more from ten on. */
function digitsOf(bytes: u32): u64 {
  let spread = bytes as u64
  spread = (spread | (spread << 16)) & 0x0000ffff0000ffff
  spread = (spread | (spread << 8)) & 0x00ff00ff00ff00ff
  const nibbles = ((spread >> 4) & 0x000f000f000f000f) | ((spread & 0x000f000f000f000f) << 8)
  const letters = ((nibbles + 0x0606060606060606) >> 4) & 0x0101010101010101
  return nibbles + 0x3030303030303030 + letters * 39
}
