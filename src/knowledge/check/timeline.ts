// Features by version. One accuses only in a direction that two independent builds or the vendor confirm, with slack of two
// versions and more; a feature that a policy or a field trial can take away never accuses by its absence.

import { isGrease } from '../../base/grease.js'
import * as type from '../../tls/extension-type.js'
import type { Claim, Engine } from '../claim.js'
import { reason } from '../reasons.js'
import type { Reason, ReasonCode, Weight } from '../reasons.js'
import type { HelloFacts } from './hello-facts.js'

interface Feature {
  readonly code: Extract<ReasonCode, 'time.too_new' | 'time.too_old'>
  readonly engine: Engine
  readonly name: string
  /** Versions from here (too_old), or before here (too_new), cannot have it. */
  readonly version: number
  readonly weight?: Weight
  readonly has: (hello: HelloFacts) => boolean
}

const hasGroup = (group: number) => (hello: HelloFacts) => hello.groups.includes(group)
const hasExtension = (id: number) => (hello: HelloFacts) => hello.extensions.includes(id)
const hasCipher = (suite: number) => (hello: HelloFacts) => hello.ciphers.includes(suite)
const hasMlDsa = (hello: HelloFacts) => hello.schemes.some((scheme) => scheme >> 2 === 0x904 >> 2)
const hasOldVersions = (hello: HelloFacts) =>
  hello.versions.includes(0x0302) || hello.versions.includes(0x0301)

const FEATURES: readonly Feature[] = [
  // X25519MLKEM768: a switch in builds from 130, none in 129; by default from 131.
  { code: 'time.too_new', engine: 'chromium', name: 'mlkem768', version: 127, has: hasGroup(4588) },
  // X25519Kyber768Draft00: a switch in builds from 112 to 137, by default 124 to 130.
  {
    code: 'time.too_new',
    engine: 'chromium',
    name: 'kyber768',
    version: 110,
    has: hasGroup(25497),
  },
  {
    code: 'time.too_old',
    engine: 'chromium',
    name: 'kyber768',
    version: 134,
    has: hasGroup(25497),
  },
  // CECPQ2: trials in 2019 to 2022.
  { code: 'time.too_old', engine: 'chromium', name: 'cecpq2', version: 120, has: hasGroup(16696) },
  // ECH: a switch in builds from 106, none in 92; by default from 117.
  {
    code: 'time.too_new',
    engine: 'chromium',
    name: 'ech',
    version: 100,
    has: hasExtension(type.ENCRYPTED_CLIENT_HELLO),
  },
  // ALPS moved from 17513 to 17613 in stages between 122 and 137; a switch in builds from 122, none in 121, goes either way
  // up to 156.
  {
    code: 'time.too_new',
    engine: 'chromium',
    name: 'alps_17613',
    version: 120,
    has: hasExtension(type.APPLICATION_SETTINGS),
  },
  {
    code: 'time.too_old',
    engine: 'chromium',
    name: 'alps_17513',
    version: 142,
    weight: 'unusual',
    has: hasExtension(type.APPLICATION_SETTINGS_OLD),
  },
  { code: 'time.too_new', engine: 'chromium', name: 'mldsa', version: 145, has: hasMlDsa },
  {
    code: 'time.too_new',
    engine: 'chromium',
    name: 'grease_sigalg',
    version: 147,
    has: ({ schemes }) => schemes.some(isGrease),
  },
  // 3DES went with 93. TLS 1.0 and 1.1 went by default with 84; the policy that kept them went with 98.
  { code: 'time.too_old', engine: 'chromium', name: '3des', version: 96, has: hasCipher(0x0a) },
  {
    code: 'time.too_old',
    engine: 'chromium',
    name: 'tls10',
    version: 104,
    weight: 'unusual',
    has: hasOldVersions,
  },
  // Firefox: X25519MLKEM768 by default from 132, a setting from 124; ECH by default from 118, a setting from 98.
  { code: 'time.too_new', engine: 'firefox', name: 'mlkem768', version: 120, has: hasGroup(4588) },
  {
    code: 'time.too_new',
    engine: 'firefox',
    name: 'ech',
    version: 85,
    has: hasExtension(type.ENCRYPTED_CLIENT_HELLO),
  },
  {
    code: 'time.too_old',
    engine: 'firefox',
    name: 'ecdsa_sha1_suites',
    version: 156,
    weight: 'unusual',
    has: hasCipher(0xc009),
  },
  // Safari: X25519MLKEM768 from iOS 26 and macOS 26 (Apple's statement), whose numbers follow 18.
  { code: 'time.too_new', engine: 'safari', name: 'mlkem768', version: 18, has: hasGroup(4588) },
]

/** Versions behind the newest known after which hardly anyone is left. */
const STALE_AFTER: Readonly<Record<Engine, number>> = { chromium: 40, firefox: 40, safari: 9 }
/** Releases of Firefox with years of support are no rarity. */
const LONG_TERM: readonly number[] = [115, 128, 140, 153]

/** Rules on features and the age of one hello's claim. */
export function timeReasons(
  engine: Engine,
  { version }: Claim,
  hello: HelloFacts,
  newest: number,
): Reason[] {
  if (version === undefined) return []
  const reasons: Reason[] = []
  for (const feature of FEATURES) {
    if (feature.engine !== engine || !feature.has(hello)) continue
    const isOutside =
      feature.code === 'time.too_new' ? version < feature.version : version >= feature.version
    if (isOutside)
      reasons.push(
        reason(
          feature.code,
          feature.weight ?? 'inconsistent',
          `${feature.name} in version ${version}`,
          feature.name,
        ),
      )
  }
  if (version < newest - STALE_AFTER[engine] && !LONG_TERM.includes(version))
    reasons.push(reason('pop.stale_version', 'unusual', `version ${version}, newest ${newest}`))
  return reasons
}
