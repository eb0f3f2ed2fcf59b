import { getHeapStatistics } from 'node:v8'

/** Bytes from hex, white space between them allowed. */
export function hex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replace(/\s+/g, ''), 'hex'))
}

/**
 * Heap bytes one call of `fn` leaves behind, on average, once it is optimised: the least of twelve rounds at most, since V8
 * itself allocates while it still compiles, which on a busy machine it is late with. Needs --expose-gc, and no coverage,
 * whose counters allocate.
 */
export function allocatedPerCall(fn: () => void, calls = 100_000): number {
  let least = Infinity
  for (let i = 0; i < calls; i++) fn()
  for (let round = 0; round < 12 && (round < 4 || least >= 1); round++) {
    globalThis.gc?.()
    const before = heapUsed()
    for (let i = 0; i < calls; i++) fn()
    least = Math.min(least, (heapUsed() - before) / calls)
  }
  return least
}

/** Bytes of the heap in use. process.memoryUsage() would ask /proc besides. */
const heapUsed = () => getHeapStatistics().used_heap_size
