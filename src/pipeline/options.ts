import type { IdentifyHello } from '../fingerprint/sighting-writer.js'
import type { FingerprintName } from '../model/sighting.js'
import type { TunnelPort } from '../model/tunnel-port.js'
import type { UndecodedTraffic } from '../model/undecoded.js'

/** Options of a pipeline. */
export interface PipelineOptions {
  /** Ports of servers; with undefined, TLS is recognised by its content on any port. */
  readonly ports: ReadonlySet<number> | undefined
  readonly fingerprints: ReadonlySet<FingerprintName> | 'all'
  /** Whether a line includes the hello, with its secrets zeroed. */
  readonly keepHello: boolean
  readonly communityId: boolean
  /** Whether a line includes an id, which is equal for the same hello seen twice. */
  readonly sightingId?: boolean
  /** Appends the TLS implementation that made the hello. */
  readonly identify?: IdentifyHello
  /** Whether `lines` gets rows (model/row.ts) instead of lines. The head of a row always includes the hello. */
  readonly rows?: boolean
  /** Whether to add the server's answer. Lines then wait for it, and the caller must call `flush` at the end. */
  readonly server?: boolean
  /** Ports of plain HTTP whose requests supply User-Agents; default none. */
  readonly httpPorts?: ReadonlySet<number> | undefined
  /** UDP ports of tunnels in addition to the standard ones. */
  readonly tunnelPorts?: readonly TunnelPort[]
  /** Counts traffic that is not decoded; several pipelines may share one. */
  readonly undecoded?: UndecodedTraffic | undefined
  /** Name of the sensor, in every sighting. */
  readonly sensor?: string | undefined
  /** Random number from 0 to 2^48: keeps an attacker from aiming at one bucket of the flow table. */
  readonly seed: number
}
