import * as z from 'zod/mini'
import { FINGERPRINTS } from '../model/sighting.js'
import type { Option } from './option.js'
import { named, positive } from './schemas.js'

/** Options of the contents of sightings and of reading files. */
export const SIGHTING_OPTIONS = {
  sensor: {
    type: 'string',
    group: 'Capture',
    describe: 'name of this sensor in every sighting',
    shownDefault: 'none',
    schema: z.optional(
      z
        .string()
        .check(
          z.regex(/^[\w.:-]{1,64}$/, 'must be up to 64 letters, digits, dots, colons, hyphens'),
        ),
    ),
    default: undefined,
  },
  fingerprints: {
    type: 'list',
    alias: 'f',
    group: 'Capture',
    describe: 'fingerprints to compute',
    shownDefault: 'all',
    schema: z.optional(z.array(z.enum(FINGERPRINTS, `must be one of ${FINGERPRINTS.join(', ')}`))),
    default: undefined,
  },
  server: {
    type: 'boolean',
    group: 'Capture',
    describe:
      "add the server's answer: ja3s, version, cipher, group, ALPN, resumption, and before TLS 1.3 its certificate",
    schema: z.boolean(),
    default: false,
  },
  hello: {
    type: 'boolean',
    group: 'Capture',
    describe: 'include the hello in base64, with its secrets zeroed',
    schema: z.boolean(),
    default: false,
  },
  identify: {
    type: 'boolean',
    group: 'Capture',
    describe: 'add the TLS implementation that made each hello',
    schema: z.boolean(),
    default: false,
  },
  knowledge: {
    type: 'string',
    group: 'Capture',
    describe: 'JSON lines file that `learn` wrote',
    shownDefault: '~/.local/share/hellotap/knowledge.jsonl',
    schema: z.optional(named('a file')),
    default: undefined,
  },
  follow: {
    type: 'boolean',
    alias: 'F',
    group: 'Capture',
    describe: 'continue with data appended to the file, until a signal',
    schema: z.boolean(),
    default: false,
  },
  jobs: {
    type: 'number',
    alias: 'j',
    group: 'Capture',
    describe: 'threads that read',
    shownDefault: 'one per core',
    schema: z.optional(positive(64)),
    default: undefined,
  },
  link: {
    type: 'number',
    group: 'Capture',
    describe: "LINKTYPE_ value for all frames, overriding the captures' own",
    shownDefault: 'as the captures declare',
    schema: z.optional(
      z.int().check(
        z.refine((value) => value >= 0 && value <= 65_535, {
          error: 'must be a LINKTYPE_ value from 0 to 65535 (1 is Ethernet, 101 raw IP)',
        }),
      ),
    ),
    default: undefined,
  },
} as const satisfies Record<string, Option>
