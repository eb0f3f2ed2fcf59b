// Which TLS implementation made a hello. Hellos of one profile get one answer, which is remembered.

import { MAX_PROFILES_IDENTIFIED } from '../../base/limits.js'
import type { Hello } from '../../model/hello.js'
import type { Implementation } from '../../model/implementation.js'
import { answerOf } from './answer.js'
import type { Base } from './base.js'
import { Comparer } from './compare.js'
import type { Circumstances } from './profile.js'
import { takeProfile } from './profile.js'
import { KIND, TokenSet, TokenSum } from './token.js'

/** Identifies hellos, one after the other. One instance a thread. */
export class Identifier {
  readonly #comparer: Comparer
  readonly #sum: TokenSum
  readonly #order: number[] = []
  readonly #answers = new Map<number, Implementation>()

  /** @param seed a random number keeps others from making a hello that gets the answer of another */
  constructor(base: Base, seed: number) {
    this.#comparer = new Comparer(base)
    this.#sum = new TokenSum(seed)
  }

  /** The implementation of a parsed ClientHello. Reads `hello.bytes`, keeps nothing of it. */
  identify(hello: Hello, circumstances: Circumstances): Implementation {
    const comparer = this.#comparer
    const sum = this.#sum
    sum.clear()
    takeProfile(hello, circumstances, sum, this.#order)
    // Of the order, answers depend on nothing but which known orders it fits.
    sum.add(KIND.order, comparer.orders.fit(this.#order))
    const key = sum.sum
    const known = this.#answers.get(key)
    if (known !== undefined) return known

    const set = new TokenSet()
    takeProfile(hello, circumstances, set, this.#order)
    const query = comparer.query(set.tokens, this.#order)
    const comparison = comparer.compare(query)
    const answer = answerOf(comparer, query, comparison)
    // All at once: which profile comes again is anyone's guess, and a full table is rare.
    if (this.#answers.size >= MAX_PROFILES_IDENTIFIED) this.#answers.clear()
    this.#answers.set(key, answer)
    return answer
  }
}
