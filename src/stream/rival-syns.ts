import { u8 } from '../base/bytes.js'
import { MAX_RIVAL_SYNS } from '../base/limits.js'
import { SYN_WORDS } from '../kernels/tcp-layout.js'

/** A SYN with another initial sequence number than that of the connection it came amid. */
export interface RivalSyn {
  /** Sequence number of its first byte. */
  readonly first: number
  /** What it says, as a flow keeps it. */
  readonly words: Int32Array
}

/** The last such SYN of each flow, of a bounded number of flows: forged ones, and those of connections whose end was missed. */
export class RivalSyns {
  private readonly syns = new Map<number, RivalSyn>()

  get size(): number {
    return this.syns.size
  }

  /** Keeps the SYN of a flow's entry. @returns where the words of it go */
  add(entry: number, first: number): Int32Array {
    this.syns.delete(entry)
    if (this.syns.size >= MAX_RIVAL_SYNS) {
      for (const oldest of this.syns.keys()) {
        this.syns.delete(oldest)
        break
      }
    }
    const words = new Int32Array(SYN_WORDS)
    this.syns.set(entry, { first, words })
    return words
  }

  of(entry: number): RivalSyn | undefined {
    return this.syns.get(entry)
  }

  delete(entry: number): void {
    this.syns.delete(entry)
  }
}

/** Bytes that fill up an Ethernet frame of 60 with an IPv4 and a TCP header. */
const MAX_PADDING = 6

/** Whether `bytes[off, end)` is no more than the zeros of a frame's padding, which some devices count as payload. */
export function isPadding(bytes: Uint8Array, off: number, end: number): boolean {
  if (end - off > MAX_PADDING) return false
  for (let at = off; at < end; at++) if (u8(bytes, at) !== 0) return false
  return true
}
