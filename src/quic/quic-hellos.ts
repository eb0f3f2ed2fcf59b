import { u8 } from '../base/bytes.js'
import type { Counters } from '../base/counters.js'
import { MALFORMED, TRUNCATED } from '../base/fault.js'
import type { FlowKey } from '../base/flow-table.js'
import { MAX_QUIC_PACKETS } from '../base/limits.js'
import type { HandshakeOctets } from '../model/handshake-octets.js'
import type { Packet } from '../model/packet.js'
import {
  CONNECTION_WORDS,
  DEFAULT_SIZES,
  KEYS,
  QuicConnections,
  type QuicSizes,
  ROW,
} from './connections.js'
import { CryptoStreams, NOTHING } from './crypto-streams.js'
import { newCryptoFrame, nextCryptoFrame } from './frame.js'
import { CLIENT, initialKeys, KEY_WORDS, SERVER } from './initial-keys.js'
import {
  INITIAL,
  LONG_FORM,
  MIN_LONG_HEADER_LEN,
  newLongHeader,
  readLongHeader,
  RETRY,
  VERSION_NEGOTIATION,
} from './long-header.js'
import { PacketOpener } from './packet-protection.js'

// Hellos of QUIC, RFC 9000 and RFC 9001. They travel sealed in Initial packets, but with keys that anyone can make who
// saw the client's first packet.
//
//   datagram ─▶ long header of a known version? ── no ──▶ nothing (nearly all traffic)
//                    │ yes, packet by packet
//                    ▼
//              Initial: whose? ─▶ keys ─▶ opened, tag checked ─▶ CRYPTO frames ─▶ stream of that side ─▶ hello
//
// A packet is the server's where its flow, turned round, has a client of that connection ID. A client's packet is
// opened with the keys of the connection it names, else of one with the same Source Connection ID (the client answers
// to the ID its server chose, the keys stay, RFC 9001 §5.2), else with fresh ones: a new connection, or one after a
// Retry.

/** Octets of the Destination Connection ID a client makes up (RFC 9000 §7.2), at least. */
const MIN_CLIENT_DCID_LEN = 8
/** Octets of a client's first datagram at least (RFC 9000 §14.1). */
const MIN_INITIAL_DATAGRAM = 1200
/** What `wirelen` leaves: another version may have longer IDs, so this tells nothing but that it looks like QUIC. */
const FIXED_BIT = 0x40

export interface QuicHellosOptions {
  /** Server ports looked at; undefined: any, by content. */
  readonly ports?: ReadonlySet<number> | undefined
  /** Whether ServerHellos are given too. */
  readonly server: boolean
  /** Secret of the flow table's hash, an integer from 0 to 2^48. */
  readonly seed: number
}

/** Finds whole hellos in QUIC Initial packets, within fixed memory. */
export class QuicHellos {
  /** What `take` or `next` gave, until the next call of either. */
  readonly message: HandshakeOctets
  private readonly counters: Counters
  private readonly connections: QuicConnections
  private readonly streams: CryptoStreams
  private readonly opener = new PacketOpener()
  private readonly header = newLongHeader()
  private readonly frame = newCryptoFrame()
  private readonly keys = new Int32Array(KEY_WORDS)
  /** The packet's flow the other way round. */
  private readonly reverse = {
    bytes: this.opener.plain,
    ipVersion: 4,
    srcAddrOff: 0,
    dstAddrOff: 0,
    srcPort: 0,
    dstPort: 0,
  }
  private readonly anyPort: boolean
  private readonly isPort = new Uint8Array(65_536)
  private readonly server: boolean

  // Where in the datagram the walk stands, and whose frames it is in: connection -1 is between packets.
  private packet: Packet | undefined
  private at = 0
  private packetsLeft = 0
  private connection = -1
  private side = CLIENT
  private frameAt = 0

  constructor(options: QuicHellosOptions, counters: Counters, sizes: QuicSizes = DEFAULT_SIZES) {
    this.counters = counters
    this.connections = new QuicConnections(options.seed, counters, sizes)
    this.streams = new CryptoStreams(this.connections, counters)
    this.message = this.streams.message
    this.server = options.server
    this.anyPort = options.ports === undefined
    for (const port of options.ports ?? []) this.isPort[port & 0xffff] = 1
  }

  /** Unfinished hellos held now. */
  get pending(): number {
    return this.connections.pool.used
  }

  /**
   * Takes one datagram.
   *
   * @returns 0 nothing, 1 `message` is a ClientHello, 2 a ServerHello; after any but 0 ask `next`, before the packet is
   *   overwritten
   */
  take(packet: Packet): number {
    const { payloadOff, payloadLen } = packet
    if (payloadLen < MIN_LONG_HEADER_LEN) return NOTHING
    if ((u8(packet.bytes, payloadOff) & LONG_FORM) === 0) return NOTHING
    if (!this.isToServer(packet) && !this.isFromServer(packet)) return NOTHING
    this.packet = packet
    this.at = payloadOff
    this.packetsLeft = MAX_QUIC_PACKETS
    this.connection = -1
    return this.walk(packet)
  }

  /** A further message of the datagram given to `take`; as `take`. */
  next(): number {
    return this.packet === undefined ? NOTHING : this.walk(this.packet)
  }

  private isToServer(packet: Packet): boolean {
    return this.anyPort || this.isPort[packet.dstPort] !== 0
  }

  private isFromServer(packet: Packet): boolean {
    return this.anyPort || (this.server && this.isPort[packet.srcPort] !== 0)
  }

  private walk(packet: Packet): number {
    for (;;) {
      if (this.connection >= 0) {
        const given = this.takeFrames()
        if (given !== NOTHING) return given
        this.connection = -1
      }
      if (!this.openNext(packet)) {
        this.packet = undefined
        return NOTHING
      }
    }
  }

  /** The next hello of the packet that is open. */
  private takeFrames(): number {
    const { connection, side, frame, streams } = this
    const plain = this.opener.plain
    let given = streams.again(connection, side)
    while (given === NOTHING) {
      this.frameAt = nextCryptoFrame(plain, this.frameAt, plain.length, frame)
      if (this.frameAt < 0) this.counters.quic_malformed++
      if (this.frameAt < 0 || frame.partLen === 0) return NOTHING
      given = streams.take(connection, side, plain, frame)
    }
    return given
  }

  /** Opens the next Initial packet of the datagram; false where there is none, or none that can be trusted. */
  private openNext(packet: Packet): boolean {
    const { header, counters } = this
    const { bytes } = packet
    const end = packet.payloadOff + packet.payloadLen
    const wireEnd = packet.payloadOff + packet.payloadWireLen
    while (this.at < end && this.packetsLeft > 0) {
      // Some clients fill up the datagram with zeros behind the packet, and where the capture shows several datagrams
      // as one (UDP GSO) the next follows.
      if (this.at > packet.payloadOff) while (this.at < end && u8(bytes, this.at) === 0) this.at++
      if (this.at >= end || (u8(bytes, this.at) & LONG_FORM) === 0) return false
      this.packetsLeft--
      const next = readLongHeader(bytes, this.at, end, wireEnd, header)
      if (next < 0) {
        this.countFault(packet, next)
        return false
      }
      this.at = next
      if (header.type === INITIAL) return this.openInitial(packet)
      if (header.type === RETRY) counters.quic_retries++
      if (header.type === VERSION_NEGOTIATION) counters.quic_version_negotiations++
    }
    return false
  }

  private countFault(packet: Packet, fault: number): void {
    if (fault === TRUNCATED) this.counters.quic_truncated++
    else if (fault === MALFORMED) this.counters.quic_malformed++
    else if (this.at === packet.payloadOff && this.looksLikeQuic(packet)) {
      this.counters.quic_version_unknown++
    }
  }

  /** Whether a datagram of an unknown version has what all versions have, and what no other protocol has by chance. */
  private looksLikeQuic(packet: Packet): boolean {
    const { bytes, payloadOff, payloadLen } = packet
    if (packet.payloadWireLen < MIN_INITIAL_DATAGRAM) return false
    if ((u8(bytes, payloadOff) & FIXED_BIT) === 0) return false
    const dcidLen = u8(bytes, payloadOff + 5)
    return dcidLen >= MIN_CLIENT_DCID_LEN && MIN_LONG_HEADER_LEN + dcidLen <= payloadLen
  }

  /** Finds the connection of the Initial packet of `header` and opens it; false ends the walk. */
  private openInitial(packet: Packet): boolean {
    const seconds = Math.trunc(packet.timeMicros / 1e6) | 0
    const newest = this.connections.newestOf(packet, seconds)
    if (newest < 0 && this.isFromServer(packet)) {
      const other = this.connections.newestOf(this.turnedRound(packet), seconds)
      const client = this.nextOfScid(other, packet, this.header.dcidOff, this.header.dcidLen)
      if (client >= 0) return this.server && this.openServer(packet, client, seconds)
    }
    return this.isToServer(packet) && this.openClient(packet, newest, seconds)
  }

  private openServer(packet: Packet, first: number, seconds: number): boolean {
    const { dcidOff, dcidLen } = this.header
    for (let c = first; c >= 0;) {
      if (this.openWith(packet, c, SERVER, seconds)) return true
      c = this.nextOfScid(this.connections.olderThan(c), packet, dcidOff, dcidLen)
    }
    this.counters.quic_unauthentic++
    return false
  }

  private openClient(packet: Packet, newest: number, seconds: number): boolean {
    const { connections, header, keys } = this
    const { bytes } = packet
    const { dcidOff, dcidLen, scidOff, scidLen } = header
    for (let c = newest; c >= 0; c = connections.olderThan(c)) {
      if (!connections.ids.isDcid(c, bytes, dcidOff, dcidLen)) continue
      if (this.openWith(packet, c, CLIENT, seconds)) return true
      this.counters.quic_unauthentic++
      return false
    }
    for (let c = this.nextOfScid(newest, packet, scidOff, scidLen); c >= 0;) {
      if (this.openWith(packet, c, CLIENT, seconds)) return true
      c = this.nextOfScid(connections.olderThan(c), packet, scidOff, scidLen)
    }
    if (dcidLen < MIN_CLIENT_DCID_LEN) {
      this.counters.quic_without_first++
      return false
    }
    initialKeys(header.row, bytes, dcidOff, dcidLen, CLIENT, keys, 0)
    if (!this.opener.open(bytes, header, keys, 0, -1)) {
      this.counters.quic_unauthentic++
      return false
    }
    this.begin(connections.open(packet, header, keys, seconds), CLIENT, seconds)
    return true
  }

  /** Opens the packet as one of a known connection. */
  private openWith(packet: Packet, connection: number, side: number, seconds: number): boolean {
    const { connections, header, opener } = this
    const at = connection * CONNECTION_WORDS
    const largest = connections.largestOf(connection, side)
    let isOpen: boolean
    if (side === CLIENT && connections.words[at + ROW] === header.row) {
      isOpen = opener.open(packet.bytes, header, connections.words, at + KEYS, largest)
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
      isOpen = opener.open(packet.bytes, header, this.keys, 0, largest)
    }
    if (isOpen) this.begin(connection, side, seconds)
    return isOpen
  }

  /** Begins with the frames of the packet just opened. */
  private begin(connection: number, side: number, seconds: number): void {
    this.counters.quic_initials++
    this.connections.touch(connection, side, this.opener.packetNumber, seconds)
    this.message.quicVersion = this.header.version
    this.connection = connection
    this.side = side
    this.frameAt = 0
  }

  /** The first connection from `connection` on, towards the older, whose client has the ID `bytes[off, off + len)`. */
  private nextOfScid(connection: number, packet: Packet, off: number, len: number): number {
    for (let c = connection; c >= 0; c = this.connections.olderThan(c)) {
      if (this.connections.ids.isScid(c, packet.bytes, off, len)) return c
    }
    return -1
  }

  private turnedRound(packet: Packet): FlowKey {
    const { reverse } = this
    reverse.bytes = packet.bytes
    reverse.ipVersion = packet.ipVersion
    reverse.srcAddrOff = packet.dstAddrOff
    reverse.dstAddrOff = packet.srcAddrOff
    reverse.srcPort = packet.dstPort
    reverse.dstPort = packet.srcPort
    return reverse
  }
}
