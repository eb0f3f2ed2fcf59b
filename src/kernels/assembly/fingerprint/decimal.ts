const ZERO: u32 = 0x30

/** Writes `value` in so many decimal digits at `at`. */
export function putDigits(value: u32, at: u32, digits: u32): void {
  let rest = value
  for (let i = at + digits; i > at; i--) {
    store<u8>(i - 1, ZERO + (rest % 10))
    rest /= 10
  }
}

/** Writes a number below 100 000 at `at`, without noughts before it. @returns the offset past it */
export function putDecimal(value: u32, at: u32): u32 {
  const digits: u32 = value < 10 ? 1 : value < 100 ? 2 : value < 1000 ? 3 : value < 10_000 ? 4 : 5
  putDigits(value, at, digits)
  return at + digits
}
