const NO_BYTES = new Uint8Array(0)

/** Maximum nesting of tunnels and labels in one frame; deeper ones are counted and not decoded. */
export const MAX_ENCAPSULATIONS = 8

/**
 * The innermost TCP segment or UDP datagram of one frame, as offsets into `bytes`.
 * One instance, overwritten by each frame.
 */
export class Packet {
  /** The block's buffer, or that of reassembled IP fragments. */
  bytes: Uint8Array = NO_BYTES
  timeMicros = 0
  /** 4 or 6; 0 for PROTOCOL_EAPOL, which has neither addresses nor ports. */
  ipVersion = 4
  /** Offsets of the addresses: 4 bytes each for IPv4, 16 for IPv6. */
  srcAddrOff = 0
  dstAddrOff = 0
  /** Offset of the IP header; -1 for a packet reassembled from IP fragments. */
  ipOff = -1
  /** Offset of the TCP header; the payload follows its options. */
  tcpOff = -1
  /** IP protocol number: 6 TCP, 17 UDP, 132 SCTP; or PROTOCOL_EAPOL. */
  protocol = 0
  srcPort = 0
  dstPort = 0
  /** TCP sequence number of the first payload byte less one if SYN is set (RFC 9293 §3.1). */
  seq = 0
  /** TCP flags as in the header's byte 13: FIN 1, SYN 2, RST 4, PSH 8, ACK 16. */
  flags = 0
  payloadOff = 0
  /** Bytes of payload captured. */
  payloadLen = 0
  /** Bytes of payload the IP header promises, > payloadLen where the snaplen cut it. */
  payloadWireLen = 0
  /** Offset of the innermost frame's source MAC address, or -1 where it has none. Set for PROTOCOL_EAPOL only. */
  srcMacOff = -1
  /** Outermost VLAN identifier (12 bits), or -1. */
  vlan = -1
  /** How many of `encapsulation` are set. */
  encapsulationCount = 0
  /** Tunnels around the packet, outermost first: ENCAPSULATION_ values of `wire/encapsulation.ts`. VLAN tags are not tunnels. */
  readonly encapsulation = new Uint8Array(MAX_ENCAPSULATIONS)
}

/** Exchanges the packet's source and destination. */
export function swapEnds(packet: Packet): void {
  const { srcAddrOff, srcPort } = packet
  packet.srcAddrOff = packet.dstAddrOff
  packet.dstAddrOff = srcAddrOff
  packet.srcPort = packet.dstPort
  packet.dstPort = srcPort
}

/** Seconds of packet time, modulo 2^32. */
export function secondsOf(packet: Packet): number {
  return Math.trunc(packet.timeMicros / 1e6) | 0
}

export const TCP_FIN = 0x01
export const TCP_SYN = 0x02
export const TCP_RST = 0x04
export const TCP_ACK = 0x10
export const TCP_URG = 0x20
export const PROTOCOL_TCP = 6
export const PROTOCOL_UDP = 17
export const PROTOCOL_SCTP = 132
/** Stands for EAP over a LAN (IEEE 802.1X), which has no IP header. Above every IP protocol. */
export const PROTOCOL_EAPOL = 256
