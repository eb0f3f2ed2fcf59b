// Where a block's arrays lie in memory that WebAssembly shares, as byte offsets. Plain numbers, since the filter's loop,
// which is no TypeScript, reads this file too.

/** Frames one block holds at most: all there are in a mebibyte of classic pcap, be they empty. Their numbers have 16 bits. */
export const BLOCK_FRAMES = 65_536

/** Below it the compiler may keep things of its own. */
export const AT_TIME = 1024
export const AT_START = AT_TIME + 8 * BLOCK_FRAMES
export const AT_CAPLEN = AT_START + 4 * BLOCK_FRAMES
export const AT_WIRELEN = AT_CAPLEN + 4 * BLOCK_FRAMES
export const AT_FLOW = AT_WIRELEN + 4 * BLOCK_FRAMES
export const AT_LINK_TYPE = AT_FLOW + 4 * BLOCK_FRAMES
/** Numbers of the frames that the filter passed, in 16 bits. At AT_FLOW stands what is said of each of them. */
export const AT_PASSED = AT_LINK_TYPE + 2 * BLOCK_FRAMES
/** A byte for each that a TCP payload may begin with: how a hello may begin, UNLIKE_HELLO, LIKE_TLS or another. */
export const AT_STARTS = AT_PASSED + 2 * BLOCK_FRAMES
/** The least and the greatest byte that may follow where that is LIKE_PREAMBLE. */
export const AT_SECOND_MIN = AT_STARTS + 256
export const AT_SECOND_MAX = AT_SECOND_MIN + 256
/** A byte for each that a QUIC version may begin with: whether one that is known does. */
export const AT_VERSIONS = AT_SECOND_MAX + 256
/** A byte for each port. */
export const AT_PORTS = AT_VERSIONS + 256
/** A bit for each cell of the flow table's filter: whether flows of it are watched. */
export const AT_WATCHED = AT_PORTS + 65_536
/** Cells it has at most. */
export const WATCHED_CELLS = 131_072
/** For each cell of hashes the last segment of the block that was not passed: its frame's number plus one, 16 bits, or 0. */
export const AT_DROPPED = AT_WATCHED + WATCHED_CELLS / 8
export const DROPPED_CELLS = 4_096
/** For each such frame the one before it in its cell, in the same form. */
export const AT_DROPPED_BEFORE = AT_DROPPED + 2 * DROPPED_CELLS
/** For each frame passed the number of its segment in AT_SEGMENTS plus one, 16 bits; 0 where it is to be decoded. */
export const AT_SEGMENT_OF = AT_DROPPED_BEFORE + 2 * BLOCK_FRAMES
/** Ordinary segments, in the order of their frames: SEGMENT_ words of kernels/tcp-layout.ts. */
export const AT_SEGMENTS = AT_SEGMENT_OF + 2 * BLOCK_FRAMES
export const SEGMENT_WORDS = 32
/** Segments of a block that have room there: more than a mebibyte of hellos has. */
export const MAX_SEGMENTS = 4_096
/** The frames' bytes, page-aligned. */
export const AT_BYTES = (AT_SEGMENTS + 4 * SEGMENT_WORDS * MAX_SEGMENTS + 4095) & ~4095

/** No hello begins so, and nearly all bulk data does. */
export const UNLIKE_HELLO = 0
/** A TLS record of the handshake begins so. */
export const LIKE_TLS = 1
/** An SSL 2.0 frame with a ClientHello begins so. */
export const LIKE_SSL2 = 2
/** A change_cipher_spec record begins so, and a hello may be behind it. */
export const LIKE_CHANGE_CIPHER_SPEC = 3
/** What a client says before its hello begins so. */
export const LIKE_PREAMBLE = 4
