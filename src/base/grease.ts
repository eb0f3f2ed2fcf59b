/** Whether `value` is one of the sixteen GREASE values 0x0a0a, 0x1a1a … 0xfafa (RFC 8701 §2). */
export function isGrease(value: number): boolean {
  return (value & 0x0f0f) === 0x0a0a && value >> 8 === (value & 0xff)
}
