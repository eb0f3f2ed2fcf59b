/** A number that names what was not decoded, and how many frames had it. */
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
