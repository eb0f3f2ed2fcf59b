import type { IdentifyHello } from '../fingerprint/sighting-writer.js'
import type { FingerprintName } from '../model/sighting.js'
import type { TunnelPort } from '../model/tunnel-port.js'
import type { UndecodedTraffic } from '../model/undecoded.js'

/** What a pipeline looks for and makes of it. */
export interface PipelineOptions {
  /** Ports of servers; undefined recognises TLS on any port by its content. */
  readonly ports: ReadonlySet<number> | undefined
  readonly fingerprints: ReadonlySet<FingerprintName> | 'all'
  /** Whether a sighting's line holds its hello, secrets zeroed. */
  readonly keepHello: boolean
  readonly communityId: boolean
  /** Whether a sighting carries its id, by which the same hello seen twice is known. */
  readonly sightingId?: boolean
  /** Appends to a sighting which implementation made the hello. */
  readonly identify?: IdentifyHello
  /** Whether `lines` holds rows (model/row.ts) rather than lines alone; the head of a row always holds its hello. */
  readonly rows?: boolean
  /** Whether a sighting tells what the server answered; its line waits for that, so that `flush` is due at the end. */
  readonly server?: boolean
  /** Ports of plain HTTP whose requests teach User-Agents; none unless given. */
  readonly httpPorts?: ReadonlySet<number> | undefined
  /** UDP ports of tunnels besides the usual ones. */
  readonly tunnelPorts?: readonly TunnelPort[]
  /** Where to count what is not decoded; of its own unless given. */
  readonly undecoded?: UndecodedTraffic | undefined
  /** Name of the sensor, in every sighting. */
  readonly sensor?: string | undefined
  /** Random number from 0 to 2^48 that keeps an attacker from aiming at the flow table's buckets. */
  readonly seed: number
}
