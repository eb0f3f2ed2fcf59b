// How a flow table lies in memory. Plain numbers, since loops in WebAssembly read this file too. In this order: STATE_WORDS
// words of state, REMEMBERED entries, the buckets, a byte for each cell of `watched`, a bit for each of `filter`.

export const WAYS = 8
/** Words of a key: ports, IP version, then the addresses, one word of each in turn. */
export const KEY_WORDS = 10
/** Offsets and length of a bucket, words. It is one piece, so that a flow costs one page of memory, not three. */
export const STAMPS = WAYS
export const KEYS = 2 * WAYS
export const BUCKET_WORDS = WAYS * (2 + KEY_WORDS)
/** Entries set since the table was empty that are remembered one by one, so that emptying it costs what filling it did. */
export const REMEMBERED = 4096
/** Uses counted so far, and entries set since the table was empty. */
export const CLOCK = 0
export const SETS = 1
export const STATE_WORDS = 2
