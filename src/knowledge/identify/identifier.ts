// Which TLS implementation made a hello. Hellos of one profile get one answer, which is remembered.

import { MAX_PROFILES_IDENTIFIED } from '../../base/limits.js'
import type { Hello } from '../../model/hello.js'
import type { Implementation } from '../../model/implementation.js'
import { answerOf } from './answer.js'
import type { Base } from './base.js'
import { Comparer } from './compare.js'
import type { Circumstances } from './profile.js'
import { takeProfile } from './profile.js'
import { TokenSet, TokenSum } from './token.js'

/** Identifies hellos, one after the other. One instance a thread. */
export class Identifier {
  readonly #comparer: Comparer
  readonly #sum: TokenSum
  readonly #order: number[] = []
  /** Orders that clients of a fixed order have. */
  readonly #knownOrders = new Set<number>()
  readonly #answers = new Map<number, Implementation>()

  /** @param seed a random number keeps others from making a hello that gets the answer of another */
  constructor(base: Base, seed: number) {
    this.#comparer = new Comparer(base)
    this.#sum = new TokenSum(seed)
    for (const { o, p } of base.rows) {
      if (p === 1) continue
      this.#sum.clear()
      for (const type of o) this.#sum.next(type)
      this.#knownOrders.add(this.#sum.sum)
    }
  }

  /** The implementation of a parsed ClientHello. Reads `hello.bytes`, keeps nothing of it. */
  identify(hello: Hello, circumstances: Circumstances): Implementation {
    const sum = this.#sum
    sum.clear()
    takeProfile(hello, circumstances, sum, this.#order)
    // A client that changes the order of its extensions has one answer; for the others the order counts.
    const ofAnyOrder = sum.sum
    sum.clear()
    for (const type of this.#order) sum.next(type)
    const isKnownOrder = this.#knownOrders.has(sum.sum)
    const ofThisOrder = combined(ofAnyOrder, sum.sum)
    const known =
      this.#answers.get(ofThisOrder) ?? (isKnownOrder ? undefined : this.#answers.get(ofAnyOrder))
    if (known !== undefined) return known

    const comparer = this.#comparer
    const set = new TokenSet()
    takeProfile(hello, circumstances, set, this.#order)
    const query = comparer.query(set.tokens, this.#order)
    const comparison = comparer.compare(query)
    const answer = answerOf(comparer, query, comparison)
    // All at once: which profile comes again is anyone's guess, and a full table is rare.
    if (this.#answers.size >= MAX_PROFILES_IDENTIFIED) this.#answers.clear()
    const isOfAnyOrder = !isKnownOrder && comparer.isOfAnyOrder(comparison)
    this.#answers.set(isOfAnyOrder ? ofAnyOrder : ofThisOrder, answer)
    return answer
  }
}

/** One number of 53 bits for two. */
function combined(a: number, b: number): number {
  return (a * 3 + b) % Number.MAX_SAFE_INTEGER
}
