/** Counts the times in which a store was not there, and how long they were, by the monotonic clock. */
export class Outages {
  #count = 0
  #millis = 0
  #since: number | undefined

  /** Times so far, one that goes on included. */
  get count(): number {
    return this.#count
  }

  /** Milliseconds in all, one that goes on included. */
  get millis(): number {
    const now = this.#since === undefined ? 0 : performance.now() - this.#since
    return Math.round(this.#millis + now)
  }

  /** Takes whether the store is there, as often as that may have changed. */
  note(isThere: boolean): void {
    if (isThere && this.#since !== undefined) {
      this.#millis += performance.now() - this.#since
      this.#since = undefined
    } else if (!isThere && this.#since === undefined) {
      this.#since = performance.now()
      this.#count++
    }
  }
}
