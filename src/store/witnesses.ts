import type { Sighting } from '../model/sighting.js'

/** The sighting with those who saw it, itself first: the members of their origins, in JSON with a comma before each. */
export function withWitnesses(sighting: Sighting, origins: readonly Buffer[]): Sighting {
  const { file, interface: name, sensor } = sighting
  const own = {
    ...(file === undefined ? {} : { file }),
    ...(name === undefined ? {} : { interface: name }),
    ...(sensor === undefined ? {} : { sensor }),
  }
  const others = origins.map(
    (bytes) => JSON.parse(`{${(bytes.toString('utf8').split('\0')[0] ?? '').slice(1)}}`) as object,
  )
  return { ...sighting, witnesses: [own, ...others] }
}
