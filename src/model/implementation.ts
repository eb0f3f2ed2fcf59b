/** A known profile that is similar to that of a hello. */
export interface Nearest {
  readonly library: string
  readonly versions?: string
  readonly application: string
  /** 0 to 1: 1 is the same profile. */
  readonly similarity: number
  /** The differences of the hello from it; absent without any. */
  readonly differs?: string
}

/** Which TLS implementation made a hello. */
export interface Implementation {
  /** `unknown` without enough evidence for one library. */
  readonly library: string
  readonly versions?: string
  /** Applications whose hellos are like this one, most alike first. */
  readonly applications?: readonly string[]
  /** Share of right answers among answers like this one, 0 to 1. */
  readonly confidence?: number
  /** Whether the base holds this very profile. */
  readonly basis?: 'exact' | 'nearest'
  /** The nearest known profiles, one a library, nearest first; left out of sightings. */
  readonly nearest?: readonly Nearest[]
}
