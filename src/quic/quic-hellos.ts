import { u8 } from '../base/bytes.js'
import type { Counters } from '../base/counters.js'
import { MALFORMED, TRUNCATED } from '../base/fault.js'
import { MAX_QUIC_PACKETS } from '../base/limits.js'
import type { HandshakeBytes } from '../model/handshake-bytes.js'
import type { Packet } from '../model/packet.js'
import { DEFAULT_SIZES, QuicConnections, type QuicSizes } from './connections.js'
import { CryptoStreams, NOTHING } from './crypto-streams.js'
import { newCryptoFrame, nextCryptoFrame } from './frame.js'
import { InitialOpener } from './initial-opener.js'
import { Retries } from './retries.js'
import {
  INITIAL,
  LONG_FORM,
  MIN_CLIENT_DCID_LEN,
  MIN_LONG_HEADER_LEN,
  newLongHeader,
  readLongHeader,
  RETRY,
  VERSION_NEGOTIATION,
} from './long-header.js'

// Hellos of QUIC, RFC 9000 and RFC 9001. They travel sealed in Initial packets, but with keys that anyone can make who
// saw the client's first packet.
//
//   datagram ─▶ long header of a known version? ── no ──▶ nothing (nearly all traffic)
//                    │ yes, packet by packet
//                    ▼
//              Initial: whose? ─▶ keys ─▶ opened, tag checked ─▶ CRYPTO frames ─▶ stream of that side ─▶ hello

/** Bytes of a client's first datagram at least (RFC 9000 §14.1). */
const MIN_INITIAL_DATAGRAM = 1200
/** Set in packets of all versions so far but for those that grease it (RFC 9000 §17.2, RFC 9287). */
const FIXED_BIT = 0x40

export interface QuicHellosOptions {
  /** Server ports looked at; undefined: any, by content. */
  readonly ports?: ReadonlySet<number> | undefined
  /** Whether ServerHellos are given too. */
  readonly server: boolean
  /** Secret of the flow table's hash, an integer from 0 to 2^48. */
  readonly seed: number
}

/** What is known of connections, and what reads their packets. */
class QuicState {
  readonly connections: QuicConnections
  readonly streams: CryptoStreams
  readonly opener: InitialOpener
  readonly retries: Retries

  constructor(seed: number, counters: Counters, sizes: QuicSizes) {
    this.connections = new QuicConnections(seed, counters, sizes)
    this.streams = new CryptoStreams(this.connections, counters)
    this.opener = new InitialOpener(this.connections, counters)
    this.retries = new Retries(this.connections, counters)
  }
}

/** Finds whole hellos in QUIC Initial packets, within fixed memory. */
export class QuicHellos {
  private readonly counters: Counters
  private readonly sizes: QuicSizes
  private readonly seed: number
  /** Made with the first packet of a known version: it takes megabytes. */
  private state: QuicState | undefined
  private readonly header = newLongHeader()
  private readonly frame = newCryptoFrame()
  private readonly anyPort: boolean
  private readonly isPort = new Uint8Array(65_536)
  private readonly server: boolean

  // Where in the datagram the walk stands, and where in the frames of the packet that is open: -1 is between packets.
  private packet: Packet | undefined
  private at = 0
  private packetsLeft = 0
  private frameAt = -1

  constructor(options: QuicHellosOptions, counters: Counters, sizes: QuicSizes = DEFAULT_SIZES) {
    this.counters = counters
    this.sizes = sizes
    this.seed = options.seed
    this.server = options.server
    this.anyPort = options.ports === undefined
    for (const port of options.ports ?? []) this.isPort[port & 0xffff] = 1
  }

  /** What `take` or `next` gave, until the next call of either. */
  get message(): HandshakeBytes {
    return this.made.streams.message
  }

  private get made(): QuicState {
    return (this.state ??= new QuicState(this.seed, this.counters, this.sizes))
  }

  /** Forgets all connections; nothing is counted. */
  clear(): void {
    this.state?.connections.clear()
  }

  /** Shifts the time of all that is known by `seconds`, as the clock of the packets was. */
  shiftTime(seconds: number): void {
    this.state?.connections.shiftTime(seconds)
  }

  /** Unfinished hellos held now. */
  get pending(): number {
    return this.state?.connections.pool.used ?? 0
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
    this.frameAt = -1
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
      if (this.frameAt >= 0) {
        const given = this.takeFrames()
        if (given !== NOTHING) return given
        this.frameAt = -1
      }
      if (!this.openNext(packet)) {
        this.packet = undefined
        return NOTHING
      }
    }
  }

  /** The next hello of the packet that is open. */
  private takeFrames(): number {
    const { frame } = this
    const { streams, opener } = this.made
    const { connection, side, plain } = opener
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
      if (header.type === INITIAL) {
        const { connections, opener, streams } = this.made
        streams.nowMicros = packet.timeMicros
        const isOpen = opener.open(
          packet,
          header,
          this.isToServer(packet),
          this.isFromServer(packet),
          this.server,
        )
        if (!isOpen) return false
        streams.message.quicVersion = header.version
        streams.message.connection = connections.nameOf(opener.connection)
        this.frameAt = 0
        return true
      }
      if (header.type === RETRY) this.made.retries.take(packet, header)
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
}
