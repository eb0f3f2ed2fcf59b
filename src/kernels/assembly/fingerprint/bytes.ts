const GREASE: u32 = 0x0a0a

/** Unsigned 16-bit integer at `at`, big-endian. */
export function u16be(at: u32): u32 {
  return bswap<u16>(load<u16>(at)) as u32
}

/** `value`, with any GREASE value as 0x0a0a; they read the same in either order of bytes. */
export function degrease(value: u32): u32 {
  const isGrease = ((value & 0x0f0f) == GREASE) & (value >> 8 == (value & 0xff))
  return select<u32>(GREASE, value, isGrease)
}
