/**
 * A bounded queue of what waits to be written. Full, it lets go of the oldest: what is asked first, once the store is
 * back, is the latest of an address. Batches taken out count as waiting until they are settled; they are never let go
 * for something newer, since they may be half written.
 */
export class Spool<T> {
  readonly #bound: number
  readonly #unitsOf: (entry: T) => number
  readonly #onLeft: (entry: T, isDropped: boolean) => void
  #queue: (T | undefined)[] = []
  #head = 0
  #taken: readonly T[] = []
  #units = 0
  #dropped = 0
  /** Entries that have left: settled or dropped. */
  #left = 0

  /**
   * @param bound units that may wait
   * @param onLeft told of each entry that waited and does no more
   */
  constructor(
    bound: number,
    unitsOf: (entry: T) => number,
    onLeft: (entry: T, isDropped: boolean) => void = () => undefined,
  ) {
    this.#bound = bound
    this.#unitsOf = unitsOf
    this.#onLeft = onLeft
  }

  /** Entries waiting, those taken included. */
  get size(): number {
    return this.#queue.length - this.#head + this.#taken.length
  }

  /** Entries let go since the start. */
  get dropped(): number {
    return this.#dropped
  }

  /** Entries ever pushed, and of them gone again, in whatever way: `drain` compares the two. */
  get pushed(): number {
    return this.#left + this.size
  }
  get left(): number {
    return this.#left
  }

  /** Whether more than `part` of the bound is taken up. */
  isFuller(part: number): boolean {
    return this.#units > this.#bound * part
  }

  /** @returns whether it waits: one too large for the bound is let go itself */
  push(entry: T): boolean {
    const units = this.#unitsOf(entry)
    while (this.#units + units > this.#bound && this.#head < this.#queue.length) this.#dropOldest()
    if (this.#units + units > this.#bound) {
      this.#dropped++
      this.#left++
      return false
    }
    this.#queue.push(entry)
    this.#units += units
    return true
  }

  /** The batch taken before and not settled, or else the oldest `count` entries. */
  take(count: number): readonly T[] {
    if (this.#taken.length > 0) return this.#taken
    const end = Math.min(this.#queue.length, this.#head + count)
    this.#taken = this.#queue.slice(this.#head, end) as T[]
    this.#queue.fill(undefined, this.#head, end)
    this.#head = end
    this.#compact()
    return this.#taken
  }

  /** Lets the batch taken go: written, or dropped for good. */
  settle(outcome: 'written' | 'dropped'): void {
    for (const entry of this.#taken) {
      this.#units -= this.#unitsOf(entry)
      this.#onLeft(entry, false)
    }
    if (outcome === 'dropped') this.#dropped += this.#taken.length
    this.#left += this.#taken.length
    this.#taken = []
  }

  /** Lets those go that wait and are known to be written. */
  remove(isWritten: (entry: T) => boolean): void {
    const kept: (T | undefined)[] = []
    for (let at = this.#head; at < this.#queue.length; at++) {
      const entry = this.#queue[at]
      if (entry === undefined || !isWritten(entry)) kept.push(entry)
      else {
        this.#units -= this.#unitsOf(entry)
        this.#left++
        this.#onLeft(entry, false)
      }
    }
    this.#queue = kept
    this.#head = 0
  }

  /** Counts entries of a settled batch that were dropped after all. */
  countDropped(count: number): void {
    this.#dropped += count
  }

  /** Drops all that waits. */
  abandon(): void {
    this.settle('dropped')
    while (this.#head < this.#queue.length) this.#dropOldest()
  }

  #dropOldest(): void {
    const entry = this.#queue[this.#head]
    if (entry !== undefined) {
      this.#units -= this.#unitsOf(entry)
      this.#onLeft(entry, true)
    }
    this.#queue[this.#head++] = undefined
    this.#dropped++
    this.#left++
    this.#compact()
  }

  /** Frees the front once it is the larger part: each entry is moved once on average. */
  #compact(): void {
    if (this.#head < 1024 || this.#head * 2 < this.#queue.length) return
    this.#queue = this.#queue.slice(this.#head)
    this.#head = 0
  }
}
