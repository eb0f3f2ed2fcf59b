const NO_BYTES = new Uint8Array(0)

/**
 * The framing of the handshake message: TLS over TCP, QUIC CRYPTO frames, DTLS; TLS in EAP, in the control channel of OpenVPN,
 * in SCTP (RFC 3436), in RDP over UDP.
 */
export const TRANSPORTS = [
  'tcp',
  'quic',
  'dtls',
  'eap',
  'openvpn',
  'tls/sctp',
  'tls/rdpudp',
] as const
export type Transport = (typeof TRANSPORTS)[number]

// Quality marks of a hello, a set of bits; printed by name, in this order.
/** Bytes are missing elsewhere in the flow before the hello. */
export const QUALITY_GAP = 1
/** The capture's snaplen cut a packet of this flow. */
export const QUALITY_TRUNCATED = 2
/** The flow's SYN was not seen. */
export const QUALITY_NO_SYN = 4
/** Some bytes came more than once. */
export const QUALITY_RETRANSMIT = 8
/** Answer to a HelloRetryRequest: the second hello of its connection (RFC 8446 §4.1.4). */
export const QUALITY_HRR = 16

/** Other bytes came for the same sequence range, or bytes that a receiver ignores: the server may have read another hello. */
export const QUALITY_CONFLICT = 32

/** Names of the quality bits, lowest first. */
export const QUALITY_NAMES = [
  'gap',
  'truncated',
  'no-syn',
  'retransmit',
  'hrr',
  'conflict',
] as const

// Bits of HandshakeBytes.synShape: the TTL, the window scale plus one, Don't Fragment, and whether there was a SYN at all.
export const SYN_TTL = 0xff
export const SYN_SCALE_SHIFT = 8
export const SYN_DONT_FRAGMENT = 1 << 12
export const SYN_IS_KNOWN = 1 << 13

/**
 * One complete handshake message (RFC 8446 §4), with type and length in front. Each decoder has one instance and overwrites
 * it with the next packet.
 */
export class HandshakeBytes {
  /** The packet's buffer if the message is in one packet, else the reassembly buffer. */
  bytes: Uint8Array = NO_BYTES
  /** Offset of the handshake type byte. */
  off = 0
  /** Offset just past the message. */
  end = 0
  transport: Transport = 'tcp'
  /** Version field of the first record that carried it (RFC 8446 §5.1); 0 where there are no records (QUIC). */
  recordVersion = 0
  /** QUIC version of the packet that carried it (RFC 9000 §15), else 0. */
  quicVersion = 0
  /** Number of the connection among those of the same addresses and ports, equal for both directions; 0 if there is one. */
  connection = 0
  /** QUALITY_ bits. */
  quality = 0
  /** Packet time at which the first hello of its connection was complete, microseconds; -1 unless QUALITY_HRR is set. */
  firstMicros = -1
  /** Whether it is an SSL 2.0 record's content (RFC 5246 appendix E.2): message type, version, three lengths. */
  sslv2 = false
  /** Bytes of content of the record that the message begins in; 0 where there are no TLS records. */
  firstRecordLen = 0

  /** Calling-Station-Id of the RADIUS packet it came in (RFC 2865 §5.31); length 0 where there is none. */
  stationBytes: Uint8Array = NO_BYTES
  stationOff = 0
  stationLen = 0

  /** The SYN of its connection: SYN_ bits; 0 if no SYN was seen, and for transports other than TCP. */
  synShape = 0
  /** Maximum segment size, and in the lower half the window. */
  synSizes = 0
  /** Kinds of the SYN's options in their order, four bits each, the first lowest: codes of TcpOptions.order. */
  synOptions = 0

  /** Window of the SYN as in its header, unscaled (RFC 9293 §3.1), or -1 if no SYN was seen: then the other fields are invalid. */
  get synWindow(): number {
    return (this.synShape & SYN_IS_KNOWN) === 0 ? -1 : this.synSizes & 0xffff
  }

  /** TTL or hop limit of the SYN, as it was at the sensor; 0 where the packet came in fragments. */
  get synTtl(): number {
    return this.synShape & SYN_TTL
  }

  /** Its maximum segment size option, bytes; 0 where absent. */
  get synMss(): number {
    return this.synSizes >>> 16
  }

  /** Shift of its window scale option, 0 to 14 (RFC 7323 §2.3), or -1. */
  get synWindowScale(): number {
    return ((this.synShape >> SYN_SCALE_SHIFT) & 15) - 1
  }

  /** Don't Fragment of its IPv4 header. */
  get synDontFragment(): boolean {
    return (this.synShape & SYN_DONT_FRAGMENT) !== 0
  }
}
