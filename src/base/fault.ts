/** Offset just past what a decoder read (≥ 0), or a Fault (< 0). */
export type OffsetOrFault = number

/** The capture is short: the bytes were on the wire, but not all were saved. */
export const TRUNCATED = -1
/** The bytes break their RFC. */
export const MALFORMED = -2
/** Fine by its RFC, but nothing we look for can be inside. */
export const UNSUPPORTED = -3
/** The rest is still to come. */
export const NEED_MORE = -4
