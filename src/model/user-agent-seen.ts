/** A User-Agent that a client sent in plain HTTP. */
export interface UserAgentSeen {
  /** The client's address, as in a sighting's `src`. */
  readonly ip: string
  /** Bytes as ISO 8859-1, as HTTP has them (RFC 9110 §5.5); no control characters. */
  readonly userAgent: string
  /** Microseconds since the Unix epoch. */
  readonly timeMicros: number
}
