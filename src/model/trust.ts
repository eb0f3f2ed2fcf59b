// How far a sighting is to be trusted, by its marks.

import type { Sighting } from './sighting.js'

/** Whether a sighting is one of readings that conflict, and the server is not known to have answered it. */
export function isConflicting({ confirmed, quality }: Sighting): boolean {
  return confirmed !== true && quality?.includes('conflict') === true
}

/** Whether more than a spoofed packet speaks for a sighting, and no other reading of its connection is known. */
export function isSettledSighting(sighting: Sighting): boolean {
  if (sighting.confirmed === true) return true
  const hasNoSyn = sighting.proto === 'tcp' && sighting.quality?.includes('no-syn') === true
  return !hasNoSyn && !isConflicting(sighting)
}
