// Orders of extensions. Most libraries write theirs in one order, whatever subset of them a hello has.

/** The distinct orders that clients of a fixed order have, and which of them a hello's order fits. */
export class KnownOrders {
  readonly #orders: readonly Uint16Array[]
  readonly #indices = new Map<string, number>()
  /** Place of each extension type in the hello at hand, from 1; 0 of those it lacks. */
  readonly #rank = new Uint16Array(0x10000)
  /** 1 for each known order that the hello at hand fits. */
  readonly fits: Uint8Array

  constructor(orders: Iterable<readonly number[]>) {
    const distinct: Uint16Array[] = []
    for (const order of orders) {
      const text = order.join()
      if (!this.#indices.has(text))
        this.#indices.set(text, distinct.push(Uint16Array.from(order)) - 1)
    }
    this.#orders = distinct
    this.fits = new Uint8Array(distinct.length)
  }

  /** Index of a known order in `fits`. */
  indexOf(order: readonly number[]): number {
    return this.#indices.get(order.join()) ?? -1
  }

  /** Sets `fits` for a hello's order. @returns a number that stands for all of `fits` */
  fit(order: readonly number[]): number {
    const rank = this.#rank
    const orders = this.#orders
    for (let i = 0; i < order.length; i++) rank[order[i] ?? 0] = i + 1
    let hash = 0x811c9dc5
    for (let index = 0; index < orders.length; index++) {
      const known = orders[index]
      let fits = 1
      let last = 0
      for (let i = 0; known !== undefined && i < known.length; i++) {
        const place = rank[known[i] ?? 0] ?? 0
        if (place === 0) continue
        if (place < last) {
          fits = 0
          break
        }
        last = place
      }
      this.fits[index] = fits
      hash = Math.imul(hash ^ fits, 0x01000193)
      hash ^= hash >>> 15
    }
    for (let i = 0; i < order.length; i++) rank[order[i] ?? 0] = 0
    return hash >>> 0
  }
}
