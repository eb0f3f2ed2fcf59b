// Every bound on what the network can make us hold or do, with its unit and why it is that number.

/** Handshake message of a hello, octets. Real ones end near 2.5 kB; RFC 8446 allows 2^24, and one kept whole must not hurt. */
export const MAX_HELLO_LEN = 65_536
/** Headers one frame may nest before we stop (tunnels in tunnels are cheap to forge). */
export const MAX_HEADER_DEPTH = 32
