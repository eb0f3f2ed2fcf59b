// The parts of a profile's text that depend on the order of the hello's extensions.

import type { PermutedList } from './permuted-list.js'

/** A hash over a part of the text, some of which depends on the order of extensions. */
export interface PermutedDigest {
  /** MD5, SHA_256 or SHA3_384. */
  readonly algorithm: number
  /** The message. */
  readonly off: number
  readonly end: number
  /** Its first byte that depends on the order. */
  readonly permutedOff: number
  /** Where its digits stand, and how many. */
  readonly digitsOff: number
  readonly digits: number
}

/** Places in the text that depend on the order of extensions. */
export interface ProfileMarks {
  /** What stands in the line is [0, shownEnd); behind it is what only hashes and lists are made of. */
  shownEnd: number
  /** Four at most, each of as many elements as the hello has extensions. */
  readonly lists: PermutedList[]
  /** Three at most. */
  readonly digests: PermutedDigest[]
}
