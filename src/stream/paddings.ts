import { u8 } from '../base/bytes.js'
import { MAX_PADDED_FLOWS } from '../base/limits.js'

/** Bytes that fill up an Ethernet frame of 60 with an IPv4 and a TCP header. */
export const MAX_PADDING = 6

/** Whether `bytes[off, end)` is no more than the zeros of a frame's padding, which some devices count as payload. */
export function isPadding(bytes: Uint8Array, off: number, end: number): boolean {
  if (end - off > MAX_PADDING) return false
  for (let at = off; at < end; at++) if (u8(bytes, at) !== 0) return false
  return true
}

/** Where zeros that were taken for padding end, of a bounded number of flows: the last ones of each. */
export class Paddings {
  private readonly ends = new Map<number, number>()

  get size(): number {
    return this.ends.size
  }

  /** Keeps the sequence number behind them, of a flow's entry. */
  add(entry: number, end: number): void {
    if (this.ends.size >= MAX_PADDED_FLOWS) this.ends.clear()
    this.ends.set(entry, end | 0)
  }

  /** Whether they end at `seq`, so that they were bytes of the stream. They are forgotten then. */
  takeEnd(entry: number, seq: number): boolean {
    return this.ends.get(entry) === (seq | 0) && this.ends.delete(entry)
  }

  clear(): void {
    this.ends.clear()
  }
}
