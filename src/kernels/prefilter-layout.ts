// What the frame filter and its loop in WebAssembly say to each other; plain numbers, since the loop reads this file too.

/** LINKTYPE_ETHERNET, the one link type it knows. */
export const LINK_ETHERNET = 1

// Bits of what is looked for.
export const SKIM_ANY_PORT = 1
/** The server's hellos and certificates as well. */
export const SKIM_SERVER = 2
/** Which flows are watched is not known: any may be. */
export const SKIM_BLIND = 4
/** Some ports are OF_INTEREST. */
export const SKIM_INTEREST = 8

// In place of a worker's number.
/** Whose the frame is the loop does not know. */
export const UNDEALT = 254
/** IP fragments, which all workers take. */
export const EVERYONE = 255

// Bits of a port.
export const OF_SERVER = 1
export const OF_TUNNEL = 2
/** Octets to it are looked at whatever they are. */
export const OF_INTEREST = 4
