// Constants that the prefilter and its kernel share: plain numbers, since the kernel's compiler reads this file too.

/** LINKTYPE_ETHERNET, the one link type it knows. */
export const LINK_ETHERNET = 1

// Bits of what is looked for.
export const WANT_ANY_PORT = 1
/** The server's hellos and certificates as well. */
export const WANT_SERVER = 2
/** Some ports are OF_INTEREST. */
export const WANT_INTEREST = 8
/** Segments of clients with nothing unusual are to be written down. */
export const WANT_SEGMENTS = 16

// Bits of a port.
export const OF_SERVER = 1
export const OF_TUNNEL = 2
/** Bytes to it are looked at whatever they are. */
export const OF_INTEREST = 4
/** Datagrams from and to it carry TLS or DTLS behind headers of many forms. */
export const OF_CARRIER = 8
