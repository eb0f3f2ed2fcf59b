import * as z from 'zod/mini'
import { ADDRESS_MODES, SNI_MODES } from '../privacy/modes.js'
import type { Option } from './option.js'
import { named } from './schemas.js'

/** Options of the stored form of addresses and server names. */
export const PRIVACY_OPTIONS = {
  'privacy-address': {
    type: 'string',
    group: 'Privacy',
    describe:
      'form of stored client addresses: full, truncated (/24, /48) or hmac (keyed hash that changes daily)',
    schema: z.enum(ADDRESS_MODES, `must be one of ${ADDRESS_MODES.join(', ')}`),
    default: 'full',
  },
  'privacy-sni': {
    type: 'string',
    group: 'Privacy',
    describe:
      'form of stored server names: on, domain (registrable domain), hashed (keyed hash) or off',
    schema: z.enum(SNI_MODES, `must be one of ${SNI_MODES.join(', ')}`),
    default: 'on',
  },
  'privacy-key': {
    type: 'string',
    group: 'Privacy',
    describe: 'file with the key of the hashes, at least 16 bytes',
    shownDefault: 'a random key, in memory only',
    schema: z.optional(named('a file')),
    default: undefined,
  },
} as const satisfies Record<string, Option>
