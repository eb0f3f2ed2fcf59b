import { CLOCK_DIFFERENCE_SECONDS } from './limits.js'

/**
 * Seconds of packet time for which nothing was seen, both times modulo 2^32. Time that runs backwards, or on by more than a
 * connection rests, is another clock's, as where captures are merged: then 0.
 */
export function idleSeconds(now: number, seen: number): number {
  const idle = (now - seen) | 0
  return idle < 0 || idle > CLOCK_DIFFERENCE_SECONDS ? 0 : idle
}
