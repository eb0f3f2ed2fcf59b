// Costly answers are made in pieces. One piece is made in each turn of the event loop, so that a plain answer waits for one
// piece at most, and the turns go round among the addresses that ask. While several ask, an address rests after its pieces:
// the rest of the time is for the others.

import { API_CONNECTIONS, API_PIECES_AHEAD_MILLIS } from '../base/limits.js'

/** Has a piece of an answer made when its turn comes. */
export type Take = <T>(piece: () => T | Promise<T>) => Promise<T>

/** Bounds of costly answers. */
export interface TurnOptions {
  /** Answers that an address may have under way. */
  readonly bound: number
  /** How many times as long as its pieces took an address rests while others ask. */
  readonly rest?: number
  /** How many times as long as any piece took all rest. */
  readonly restOfAll?: number
  /** Whether others ask besides an address. */
  readonly isShared?: (key: string) => boolean
}

/** A piece that waits for its turn. */
type Waiting = () => Promise<void>

/** Grants turns for pieces of costly answers, and bounds the costly answers that an address has under way. */
export class Turns {
  readonly #waiting = new Map<string, Waiting[]>()
  readonly #entered = new Map<string, { count: number; readonly queue: (() => void)[] }>()
  /** Addresses of which a piece is being made. */
  readonly #busy = new Set<string>()
  /** When addresses have rested for what they took, milliseconds. */
  readonly #rested = new Map<string, number>()
  #allRested = 0
  readonly #options: TurnOptions
  #immediate: NodeJS.Immediate | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(options: TurnOptions) {
    this.#options = options
  }

  /** Makes a piece when its turn comes. */
  take<T>(key: string, piece: () => T | Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const waiting = async () => {
        const began = performance.now()
        this.#busy.add(key)
        try {
          resolve(await piece())
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)))
        } finally {
          this.#busy.delete(key)
          this.#rest(key, performance.now() - began)
          this.#schedule()
        }
      }
      const queue = this.#waiting.get(key)
      if (queue === undefined) this.#waiting.set(key, [waiting])
      else queue.push(waiting)
      this.#schedule()
    })
  }

  /** Runs `answer` when fewer than the bound of that address are under way. */
  async run<T>(key: string, answer: () => Promise<T>): Promise<T> {
    let entered = this.#entered.get(key)
    if (entered === undefined) this.#entered.set(key, (entered = { count: 0, queue: [] }))
    const { queue } = entered
    if (entered.count < this.#options.bound) entered.count++
    else await new Promise<void>((resolve) => queue.push(resolve))
    try {
      return await answer()
    } finally {
      const next = queue.shift()
      if (next !== undefined) next()
      else if (--entered.count === 0) this.#entered.delete(key)
    }
  }

  #rest(key: string, millis: number): void {
    const { rest = 0, restOfAll = 0, isShared } = this.#options
    if (rest === 0 || isShared?.(key) !== true) return
    const now = performance.now()
    // from the piece's begin on, which is its own time and the rest
    const after = (rested: number, times: number) =>
      Math.max(rested, now - millis - API_PIECES_AHEAD_MILLIS) + (1 + times) * millis
    if (this.#rested.size >= API_CONNECTIONS)
      for (const [other, until] of this.#rested) if (until <= now) this.#rested.delete(other)
    this.#rested.set(key, after(this.#rested.get(key) ?? 0, rest))
    this.#allRested = after(this.#allRested, restOfAll)
  }

  #schedule(): void {
    if (this.#waiting.size === 0) return
    this.#immediate ??= setImmediate(() => {
      this.#immediate = undefined
      this.#grant()
    })
  }

  /** Grants one turn, or waits until the first has rested. */
  #grant(): void {
    const now = performance.now()
    let first = Infinity
    for (const [key, queue] of this.#waiting) {
      if (this.#busy.has(key)) continue
      const at = Math.max(this.#allRested, this.#rested.get(key) ?? 0)
      first = Math.min(first, at)
      if (at > now) continue
      const waiting = queue.shift()
      // to the end of the round
      this.#waiting.delete(key)
      if (queue.length > 0) this.#waiting.set(key, queue)
      void waiting?.()
      this.#schedule()
      return
    }
    clearTimeout(this.#timer)
    if (first < Infinity) this.#timer = setTimeout(() => this.#schedule(), first - now)
  }
}
