// What was seen and not decoded, counted by the number that names it.

import { MAX_UNDECODED_VALUES } from '../base/limits.js'

/** A number of undecoded traffic, and how many frames had it. */
export interface NamedCount {
  readonly value: number
  readonly count: number
}

/** What was seen and not decoded, the most frequent first. */
export interface Undecoded {
  readonly etherTypes: readonly NamedCount[]
  readonly ipProtocols: readonly NamedCount[]
  /** By the lower of a datagram's two ports. */
  readonly udpPorts: readonly NamedCount[]
}

/**
 * Counts of values, at most MAX_UNDECODED_VALUES of them: exact while there are no more different ones, afterwards at least
 * what they are, since a new value takes over the count of the rarest (Metwally, Agrawal, El Abbadi: "Space-Saving", 2005).
 */
export class ValueCounts {
  readonly #places = new Map<number, number>()
  readonly #values: number[] = []
  readonly #counts: number[] = []

  /** Counts `value` as often as `times`. */
  add(value: number, times: number): void {
    const place = this.#places.get(value)
    if (place !== undefined) {
      this.#counts[place] = (this.#counts[place] ?? 0) + times
      return
    }
    const taken = this.#values.length < MAX_UNDECODED_VALUES ? this.#values.length : this.#rarest()
    this.#places.delete(this.#values[taken] ?? -1)
    this.#places.set(value, taken)
    this.#values[taken] = value
    this.#counts[taken] = (this.#counts[taken] ?? 0) + times
  }

  /** Forgets all. */
  clear(): void {
    this.#places.clear()
    this.#values.length = 0
    this.#counts.length = 0
  }

  /** All counted, the most frequent first. */
  list(): NamedCount[] {
    return this.#values
      .map((value, place) => ({ value, count: this.#counts[place] ?? 0 }))
      .sort((a, b) => b.count - a.count || a.value - b.value)
  }

  #rarest(): number {
    let rarest = 0
    for (let place = 1; place < this.#counts.length; place++)
      if ((this.#counts[place] ?? 0) < (this.#counts[rarest] ?? 0)) rarest = place
    return rarest
  }
}

/** EtherTypes, IP protocols and UDP ports of undecoded traffic. */
export class UndecodedTraffic {
  readonly etherTypes = new ValueCounts()
  readonly ipProtocols = new ValueCounts()
  readonly udpPorts = new ValueCounts()

  /** Adds what another counted. */
  add({ etherTypes, ipProtocols, udpPorts }: Undecoded): void {
    for (const { value, count } of etherTypes) this.etherTypes.add(value, count)
    for (const { value, count } of ipProtocols) this.ipProtocols.add(value, count)
    for (const { value, count } of udpPorts) this.udpPorts.add(value, count)
  }

  /** Forgets all. */
  clear(): void {
    this.etherTypes.clear()
    this.ipProtocols.clear()
    this.udpPorts.clear()
  }

  /** As a value to be sent and merged. */
  snapshot(): Undecoded {
    return {
      etherTypes: this.etherTypes.list(),
      ipProtocols: this.ipProtocols.list(),
      udpPorts: this.udpPorts.list(),
    }
  }
}
