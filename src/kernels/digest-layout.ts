// What the fingerprints and their hashes in WebAssembly say to each other; plain numbers, since those read this file too.

export const MD5 = 0
export const SHA_256 = 1
export const SHA3_384 = 2
export const SHA_1 = 3

/** Bytes of any of their states, and of their digests at most. */
export const DIGEST_STATE_LEN = 200

/** Below it the compiler keeps things of its own. */
export const AT_DIGEST = 4096
/** Its digits in hex. */
export const AT_DIGITS = AT_DIGEST + DIGEST_STATE_LEN
/** The message to be hashed. */
export const AT_MESSAGE = AT_DIGITS + 128
/** Bytes that must follow a message: it is read eight at a time. */
export const MESSAGE_SLACK = 8
