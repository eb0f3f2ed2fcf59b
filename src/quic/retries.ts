import type { Counters } from '../base/counters.js'
import { ReversedFlow } from '../base/reversed-flow.js'
import { type Packet, secondsOf } from '../model/packet.js'
import type { QuicConnections } from './connections.js'
import type { LongHeader } from './long-header.js'
import { RetryIntegrity } from './retry-integrity.js'
import { hasRetryTag } from './version.js'

/**
 * Counts Retry packets, and those that a client would drop. Nothing else follows from either: the keys after a Retry come
 * from the client's next Initial packet, whose own tag proves them.
 */
export class Retries {
  private readonly connections: QuicConnections
  private readonly counters: Counters
  private readonly integrity = new RetryIntegrity()
  private readonly reverse = new ReversedFlow()

  constructor(connections: QuicConnections, counters: Counters) {
    this.connections = connections
    this.counters = counters
  }

  /** Takes the Retry packet of `header`. Whether its tag is right can be told where the client's first packet was seen. */
  take(packet: Packet, header: LongHeader): void {
    const { connections, counters } = this
    const { ids } = connections
    const { bytes } = packet
    counters.quic_retries++
    if (packet.payloadLen < packet.payloadWireLen || !hasRetryTag(header.version)) return
    const { dcidOff, dcidLen } = header
    const seconds = secondsOf(packet)
    const newest = connections.newestOf(this.reverse.of(packet), seconds)
    const first = connections.nextOfScid(newest, bytes, dcidOff, dcidLen)
    for (let c = first; c >= 0;) {
      const odcidLen = ids.dcidLenOf(c)
      if (this.integrity.isRight(bytes, header, ids.bytes, ids.dcidOffOf(c), odcidLen)) return
      c = connections.nextOfScid(connections.olderThan(c), bytes, dcidOff, dcidLen)
    }
    if (first >= 0) counters.quic_retries_unauthentic++
  }
}
