// The implementation of a hello that was kept with its secrets zeroed.

import { versionOf } from '../../fingerprint/version-text.js'
import type { Hello } from '../../model/hello.js'
import type { Sighting } from '../../model/sighting.js'
import { readEvidence } from '../../tls/read-evidence.js'
import type { Implementation } from '../../model/implementation.js'
import type { Identifier } from './identifier.js'
import type { Circumstances } from './profile.js'

/** What a sighting says beside the hello itself. */
export type Kept = Partial<
  Pick<Sighting, 'proto' | 'record_version' | 'evidence' | 'hrr_of' | 'quality'>
>

/** Identifies the parsed hello of a sighting. */
export function identifyStored(identifier: Identifier, hello: Hello, kept: Kept): Implementation {
  return identifier.identify(hello, storedCircumstances(kept))
}

/** How the hello of a sighting travelled, as far as it was kept. */
export function storedCircumstances(kept: Kept): Circumstances {
  const { proto = 'tcp', record_version, evidence, hrr_of, quality } = kept
  return {
    proto,
    recordVersion: record_version === undefined ? 0 : (versionOf(record_version) ?? 0),
    retry: hrr_of !== undefined || quality?.includes('hrr') === true,
    x25519Shared: evidence === undefined ? undefined : readEvidence(evidence)?.x25519_shared,
  }
}
