// A profile against every row of the base: the nearest row of each family, and how much speaks for the best.

import type { Base, Family } from './base.js'
import { PLAIN_WEIGHT } from './base.js'
import { KnownOrders } from './order.js'

/** Share of the weight that two profiles have in common at which they count as one. */
const SAME = 0.999_999

/** A family of so many rows may still have another order: half of what many rows say. */
const FEW_ROWS = 10

/** The nearest row of one family. */
export interface Candidate {
  readonly family: number
  readonly row: number
  /** Weight of the tokens both have by weight of the tokens either has, 0 to 1. */
  readonly similarity: number
}

/** What is compared: the tokens, the indices of those the base knows, and how many it does not. */
export interface Query {
  readonly tokens: ReadonlySet<number>
  readonly known: readonly number[]
  readonly unknownCount: number
  readonly order: readonly number[]
}

/** Evidence for the best candidate, in the order of the regression's coefficients. */
export interface Evidence {
  readonly similarity: number
  /** Similarity above that of the next family. */
  readonly margin: number
  /** 0 where the order of extensions fits a row of the family; else the nearer to 1, the more rows it fits not. */
  readonly disorder: number
  /** Share of the profile's weight that no row of the family has. */
  readonly foreign: number
  /** Share of the weight of the family's usual tokens that the profile lacks. */
  readonly missing: number
}

export interface Comparison {
  /** One candidate a family, nearest first. */
  readonly candidates: readonly Candidate[]
  readonly evidence: Evidence
  readonly isExact: boolean
}

/** Compares profiles with the rows of one base. One instance a thread. */
export class Comparer {
  readonly base: Base
  /** 1 for each token of the profile at hand. */
  readonly mark: Uint8Array
  /** Orders of the base's rows, and those the hello at hand fits. */
  readonly orders: KnownOrders
  /** Index of each row's order in `orders`; -1 where its client changes it. */
  readonly #orderOf: Int32Array
  #weight = 0

  constructor(base: Base) {
    this.base = base
    this.mark = new Uint8Array(base.weights.length)
    const orders = new KnownOrders(base.rows.filter(({ p }) => p !== 1).map(({ o }) => o))
    this.orders = orders
    this.#orderOf = Int32Array.from(base.rows, ({ o, p }) => (p === 1 ? -1 : orders.indexOf(o)))
  }

  query(tokens: ReadonlySet<number>, order: readonly number[]): Query {
    const known: number[] = []
    let unknownCount = 0
    for (const token of tokens) {
      const index = this.base.tokenIndex.get(token)
      if (index === undefined) unknownCount++
      else known.push(index)
    }
    return { tokens, known, unknownCount, order }
  }

  compare(query: Query): Comparison {
    this.orders.fit(query.order)
    const { base, mark } = this
    const { weights } = base
    mark.fill(0)
    let weight = query.unknownCount * PLAIN_WEIGHT
    for (const token of query.known) {
      mark[token] = 1
      weight += weights[token] ?? 0
    }
    this.#weight = weight
    const candidates: Candidate[] = []
    base.families.forEach(({ rows }, family) => {
      let best = -1
      let similarity = -1
      for (const row of rows) {
        const share = this.similarity(row)
        if (share <= similarity) continue
        similarity = share
        best = row
      }
      if (best >= 0) candidates.push({ family, row: best, similarity })
    })
    candidates.sort((a, b) => b.similarity - a.similarity)
    const similarity = candidates[0]?.similarity ?? 0
    const family = base.families[candidates[0]?.family ?? -1]
    return {
      candidates,
      isExact: similarity >= SAME,
      evidence: {
        similarity,
        margin: similarity - (candidates[1]?.similarity ?? 0),
        disorder: family === undefined ? 1 : this.#disorder(family),
        foreign: family === undefined ? 1 : this.#foreign(family, query, weight),
        missing: family === undefined ? 1 : this.#missing(family),
      },
    }
  }

  /** Similarity of the profile at hand to a row, 0 to 1. */
  similarity(row: number): number {
    const { mark } = this
    const { weights, start, tokens, rowWeight } = this.base
    let common = 0
    const end = start[row + 1] ?? 0
    for (let at = start[row] ?? 0; at < end; at++) {
      const token = tokens[at] ?? 0
      if (mark[token] === 1) common += weights[token] ?? 0
    }
    return common / (this.#weight + (rowWeight[row] ?? 0) - common)
  }

  /** Similarity of the profile at hand to a row by other weights of the tokens, such as those that tell versions apart. */
  similarityBy(weights: Float64Array, row: number, query: Query): number {
    const { start, tokens } = this.base
    let common = 0
    let either = 0
    for (const token of query.known) either += weights[token] ?? 0
    const end = start[row + 1] ?? 0
    for (let at = start[row] ?? 0; at < end; at++) {
      const token = tokens[at] ?? 0
      if (this.mark[token] === 1) common += weights[token] ?? 0
      else either += weights[token] ?? 0
    }
    return either === 0 ? 1 : common / either
  }

  /**
   * The family's rows whose client orders extensions as the profile does: in one order that fits, or else in any; all
   * rows where neither is known.
   */
  rowsInOrder({ rows }: Family): readonly number[] {
    const fixed = rows.filter((row) => {
      const known = this.base.rows[row]
      return known?.p !== 1 && this.#isInOrder(row)
    })
    if (fixed.length > 0) return fixed
    const moving = rows.filter((row) => this.base.rows[row]?.p === 1 && this.#isOfTransport(row))
    return moving.length > 0 ? moving : rows
  }

  #disorder({ rows }: Family): number {
    for (const row of rows) {
      const known = this.base.rows[row]
      if (known?.p === 1 ? this.#isOfTransport(row) : this.#isInOrder(row)) return 0
    }
    return rows.length / (rows.length + FEW_ROWS)
  }

  /** Whether the hello's order fits that of a row. */
  #isInOrder(row: number): boolean {
    return this.orders.fits[this.#orderOf[row] ?? -1] === 1
  }

  /** Whether a row is of the transport of the profile at hand: one library orders QUIC's extensions otherwise than TCP's. */
  #isOfTransport(row: number): boolean {
    const transport = this.base.transport[row] ?? -1
    return transport < 0 || this.mark[transport] === 1
  }

  #foreign({ known }: Family, query: Query, weight: number): number {
    let foreign = query.unknownCount * PLAIN_WEIGHT
    for (const token of query.known)
      if (known[token] === 0) foreign += this.base.weights[token] ?? 0
    return weight === 0 ? 1 : foreign / weight
  }

  #missing({ usual, usualWeight }: Family): number {
    if (usualWeight === 0) return 0
    let missing = 0
    for (const token of usual) if (this.mark[token] === 0) missing += this.base.weights[token] ?? 0
    return missing / usualWeight
  }
}
