import { i32 } from '../base/bytes.js'

const WORDS = 16
const WORD_LEN = 4

/**
 * A sum over sixteen words of a message, spread over it, and its length: two messages of different sums differ. Taken of every
 * hello, so it is short: 20 ns.
 */
export function helloSum(bytes: Uint8Array, off: number, end: number): number {
  const step = (end - off - WORD_LEN) / (WORDS - 1)
  let sum = end - off
  for (let i = 0; i < WORDS; i++) {
    sum = Math.imul(sum ^ i32(bytes, off + Math.trunc(i * step)), 0x9e3779b1)
    sum ^= sum >>> 15
  }
  return sum
}
