// Stored forms of addresses and server names, by their names in the configuration.

/** An address as it is, cut to its network (/24, /48), or as a keyed hash. */
export const ADDRESS_MODES = ['full', 'truncated', 'hmac'] as const
export type AddressMode = (typeof ADDRESS_MODES)[number]

/** A server name as it is, its registrable domain alone, a keyed hash of it, or nothing. */
export const SNI_MODES = ['on', 'domain', 'hashed', 'off'] as const
export type SniMode = (typeof SNI_MODES)[number]
