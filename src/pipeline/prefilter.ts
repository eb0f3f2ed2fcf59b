import type { FlowTable } from '../base/flow-table.js'
import { CARRIER_PORTS } from '../carrier/starts.js'
import { VERSION_FIRST_BYTES } from '../quic/version.js'
import {
  SECOND_MAX,
  SECOND_MIN,
  START_BYTES as HELLO_STARTS,
  STARTS,
} from '../stream/find-start.js'
import { Prefilter } from '../wire/prefilter.js'
import type { TunnelPorts } from '../wire/udp-tunnel.js'
import type { PipelineOptions } from './options.js'

/** First bytes of a flow's first segment that is decoded: of a hello, or of a carrier protocol. */
export const START_BYTES: readonly number[] = [...new Set([...HELLO_STARTS, 1, 2, 3])]

/** The prefilter that passes every frame in which `Messages` may find a hello. @param table the watched TCP flows */
export function newPrefilter(
  { ports, httpPorts, server = false }: Pick<PipelineOptions, 'ports' | 'httpPorts' | 'server'>,
  tunnelPorts: TunnelPorts,
  table: FlowTable,
): Prefilter {
  return new Prefilter({
    ports,
    server,
    ...(httpPorts === undefined ? {} : { portsOfInterest: httpPorts }),
    starts: STARTS,
    secondMin: SECOND_MIN,
    secondMax: SECOND_MAX,
    tunnelPorts: tunnelPorts.ports(),
    carrierPorts: CARRIER_PORTS,
    quicVersionBytes: VERSION_FIRST_BYTES,
    key: table.key,
    filter: table.filter,
  })
}
