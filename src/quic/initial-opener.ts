import type { Counters } from '../base/counters.js'
import { ReversedFlow } from '../base/reversed-flow.js'
import { type Packet, secondsOf } from '../model/packet.js'
import { CONNECTION_WORDS, KEYS, type QuicConnections, ROW } from './connections.js'
import { CLIENT, initialKeys, KEY_WORDS, SERVER } from './initial-keys.js'
import { type LongHeader, MIN_CLIENT_DCID_LEN } from './long-header.js'
import { PacketOpener } from './packet-protection.js'

// Whose an Initial packet is, and with which keys it opens.
//
// It is the server's where its flow, turned round, has a client of that connection ID. A client's packet is opened with
// the keys of the connection it names, else of one with the same Source Connection ID (the client answers to the ID its
// server chose, the keys stay: RFC 9001 §5.2), else with fresh ones: of a new connection, or of one after a Retry or a
// Version Negotiation, after which some clients go on with the same IDs.

/** Opens Initial packets, and takes note of the connections they begin. */
export class InitialOpener {
  /** Whose the packet last opened is. */
  connection = -1
  side = CLIENT
  private readonly counters: Counters
  private readonly connections: QuicConnections
  private readonly packets = new PacketOpener()
  private readonly keys = new Int32Array(KEY_WORDS)
  private readonly reverse = new ReversedFlow()

  constructor(connections: QuicConnections, counters: Counters) {
    this.connections = connections
    this.counters = counters
  }

  /** The frames of the packet last opened. */
  get plain(): Uint8Array {
    return this.packets.plain
  }

  /**
   * Opens the Initial packet of `header`, which may be one to a server or from a server or either, as told.
   * Those of servers are only opened where `server` asks for them.
   *
   * @returns false where it did not open, and nothing behind it in the datagram is to be trusted
   */
  open(
    packet: Packet,
    header: LongHeader,
    isToServer: boolean,
    isFromServer: boolean,
    server: boolean,
  ): boolean {
    const seconds = secondsOf(packet)
    const newest = this.connections.newestOf(packet, seconds)
    if (newest < 0 && isFromServer) {
      const other = this.connections.newestOf(this.reverse.of(packet), seconds)
      const { dcidOff, dcidLen } = header
      const client = this.connections.nextOfScid(other, packet.bytes, dcidOff, dcidLen)
      if (client >= 0) return server && this.openServer(packet, header, client, seconds)
    }
    return isToServer && this.openClient(packet, header, newest, seconds)
  }

  private openServer(packet: Packet, header: LongHeader, first: number, seconds: number): boolean {
    const { connections } = this
    const { dcidOff, dcidLen } = header
    for (let c = first; c >= 0;) {
      if (this.openWith(packet, header, c, SERVER, seconds)) return true
      c = connections.nextOfScid(connections.olderThan(c), packet.bytes, dcidOff, dcidLen)
    }
    this.counters.quic_unauthentic++
    return false
  }

  private openClient(packet: Packet, header: LongHeader, newest: number, seconds: number): boolean {
    const { connections, keys } = this
    const { bytes } = packet
    const { dcidOff, dcidLen, scidOff, scidLen } = header
    for (let c = newest; c >= 0; c = connections.olderThan(c)) {
      if (!this.isFirstOf(c, packet, header)) continue
      if (connections.words[c * CONNECTION_WORDS + ROW] !== header.row) continue
      if (this.openWith(packet, header, c, CLIENT, seconds)) return true
      this.counters.quic_unauthentic++
      return false
    }
    for (let c = connections.nextOfScid(newest, bytes, scidOff, scidLen); c >= 0;) {
      if (!this.isFirstOf(c, packet, header) && this.openWith(packet, header, c, CLIENT, seconds))
        return true
      c = connections.nextOfScid(connections.olderThan(c), bytes, scidOff, scidLen)
    }
    if (dcidLen < MIN_CLIENT_DCID_LEN) {
      this.counters.quic_without_first++
      return false
    }
    initialKeys(header.row, bytes, dcidOff, dcidLen, CLIENT, keys, 0)
    if (!this.packets.open(bytes, header, keys, 0, -1)) {
      this.counters.quic_unauthentic++
      return false
    }
    const moved = connections.movedFrom(packet, header)
    // The hello is of the port that the connection began from.
    if (moved >= 0) packet.srcPort = connections.movedPort
    const connection = moved < 0 ? connections.open(packet, header, keys, seconds) : moved
    this.begin(connection, CLIENT, seconds)
    return true
  }

  /** Whether the packet goes to the Destination Connection ID that the connection's client made up. */
  private isFirstOf(connection: number, packet: Packet, { dcidOff, dcidLen }: LongHeader): boolean {
    return this.connections.ids.isDcid(connection, packet.bytes, dcidOff, dcidLen)
  }

  /** Opens the packet as one of a known connection. */
  private openWith(
    packet: Packet,
    header: LongHeader,
    connection: number,
    side: number,
    seconds: number,
  ): boolean {
    const { connections, packets } = this
    const at = connection * CONNECTION_WORDS
    const largest = connections.largestOf(connection, side)
    let isOpen: boolean
    if (side === CLIENT && connections.words[at + ROW] === header.row) {
      isOpen = packets.open(packet.bytes, header, connections.words, at + KEYS, largest)
    } else {
      // A server that changes to a compatible version keeps the client's first ID (RFC 9369 §4.1).
      const { ids } = connections
      const { bytes } = ids
      initialKeys(
        header.row,
        bytes,
        ids.dcidOffOf(connection),
        ids.dcidLenOf(connection),
        side,
        this.keys,
        0,
      )
      isOpen = packets.open(packet.bytes, header, this.keys, 0, largest)
    }
    if (isOpen) this.begin(connection, side, seconds)
    return isOpen
  }

  /** Takes note of the packet just opened. */
  private begin(connection: number, side: number, seconds: number): void {
    this.connections.touch(connection, side, this.packets.packetNumber, seconds)
    this.connection = connection
    this.side = side
  }
}
