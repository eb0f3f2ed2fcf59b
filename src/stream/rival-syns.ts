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
