/** Numbers that look random and come again with the same seed (xorshift32 after a mixing of the seed). */
export class Random {
  #state: number

  /** @param seeds integers that together name the sequence */
  constructor(...seeds: readonly number[]) {
    let state = 0x9e3779b9
    for (const seed of seeds) {
      state = Math.imul(state ^ (seed | 0), 0x85ebca6b)
      state = Math.imul(state ^ (state >>> 15), 0xc2b2ae35)
      state ^= state >>> 13
    }
    this.#state = state === 0 ? 1 : state
  }

  /** 32 bits. */
  word(): number {
    let x = this.#state
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    this.#state = x
    return x >>> 0
  }

  /** An integer from 0 to `bound` - 1; 0 where the bound is not positive. */
  below(bound: number): number {
    return bound <= 0 ? 0 : this.word() % bound
  }

  /** An integer from `from` to `to`. */
  between(from: number, to: number): number {
    return from + this.below(to - from + 1)
  }

  /** True once in `count` times. */
  oneIn(count: number): boolean {
    return this.below(count) === 0
  }

  /** One of `values`, of which there must be one. */
  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)] as T
  }

  /** `count` bytes. */
  bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => this.word() & 0xff)
  }
}
