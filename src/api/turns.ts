// Costly answers are made in pieces. One piece is made in each turn of the event loop, so that a plain answer waits for one
// piece at most, and the turns go round among the addresses that ask.

/** Grants turns for pieces of costly answers, and bounds the costly answers that an address has under way. */
export class Turns {
  readonly #waiting = new Map<string, (() => void)[]>()
  readonly #entered = new Map<string, { count: number; readonly queue: (() => void)[] }>()
  readonly #bound: number
  #scheduled = false

  /** @param bound answers that an address may have under way */
  constructor(bound: number) {
    this.#bound = bound
  }

  /** Waits for a turn for one piece. */
  next(key: string): Promise<void> {
    return new Promise((resolve) => {
      const queue = this.#waiting.get(key)
      if (queue === undefined) this.#waiting.set(key, [resolve])
      else queue.push(resolve)
      this.#schedule()
    })
  }

  /** Runs `answer` when fewer than the bound of that address are under way. */
  async run<T>(key: string, answer: () => Promise<T>): Promise<T> {
    let entered = this.#entered.get(key)
    if (entered === undefined) this.#entered.set(key, (entered = { count: 0, queue: [] }))
    const { queue } = entered
    if (entered.count < this.#bound) entered.count++
    else await new Promise<void>((resolve) => queue.push(resolve))
    try {
      return await answer()
    } finally {
      const next = queue.shift()
      if (next !== undefined) next()
      else if (--entered.count === 0) this.#entered.delete(key)
    }
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      for (const [key, queue] of this.#waiting) {
        queue.shift()?.()
        // to the end of the round
        this.#waiting.delete(key)
        if (queue.length > 0) this.#waiting.set(key, queue)
        break
      }
      if (this.#waiting.size > 0) this.#schedule()
    })
  }
}
