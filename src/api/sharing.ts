const SECOND_MILLIS = 1_000

/** Tells whether others ask besides an address. */
export class Sharing {
  readonly #now: () => number
  #last = { key: '', at: -Infinity }
  #other = this.#last

  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** Takes down who asks now. */
  note(key: string): void {
    const at = this.#now()
    if (key === this.#last.key) this.#last.at = at
    else {
      this.#other = this.#last
      this.#last = { key, at }
    }
  }

  /** Whether another address than this one asked within the last second. */
  isShared(key: string): boolean {
    const { at } = key === this.#last.key ? this.#other : this.#last
    return this.#now() - at < SECOND_MILLIS
  }
}
