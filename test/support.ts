/** Octets from hex, white space between them allowed. */
export function hex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replace(/\s+/g, ''), 'hex'))
}

/** Heap octets one call of `fn` leaves behind, on average, once it is optimised. Needs --expose-gc. */
export function allocatedPerCall(fn: () => void, calls = 100_000): number {
  for (let i = 0; i < calls; i++) fn()
  globalThis.gc?.()
  const before = process.memoryUsage().heapUsed
  for (let i = 0; i < calls; i++) fn()
  return (process.memoryUsage().heapUsed - before) / calls
}
