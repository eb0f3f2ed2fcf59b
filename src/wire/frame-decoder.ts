// From a captured frame to the innermost TCP segment or UDP datagram. Each header tells what the next one is; one
// loop follows, to a bounded depth.

import type { Counters } from '../base/counters.js'
import type { OffsetOrFault } from '../base/fault.js'
import { MALFORMED, TRUNCATED, UNSUPPORTED } from '../base/fault.js'
import { MAX_AMSDU_SUBFRAMES, MAX_HEADER_DEPTH, MAX_WIRE_LEN } from '../base/limits.js'
import type { PacketBlock } from '../model/packet-block.js'
import type { Packet } from '../model/packet.js'
import { PROTOCOL_EAPOL, PROTOCOL_SCTP, PROTOCOL_TCP, PROTOCOL_UDP } from '../model/packet.js'
import { Cursor } from './cursor.js'
import { appendEncapsulation } from './encapsulation.js'
import { countFault } from './fault-counter.js'
import { decodeEapol } from './eapol.js'
import { decodeHeader } from './header.js'
import { decodeSctp } from './sctp.js'
import { IpFragments } from './ip-fragments.js'
import {
  ETHERTYPE_EAPOL,
  ETHERTYPE_MIN,
  ETHERTYPE_PREAUTHENTICATION,
  LAYER_AMSDU,
  LAYER_IP_FRAGMENT,
  LAYER_IP_PROTOCOL,
  LAYER_OTHER,
  isDecodedProtocol,
} from './layer.js'
import { LINKTYPE_ETHERNET, layerOfLinkType } from './link-type.js'
import { decodePlain, PLAIN_MIN_LEN } from './plain-frame.js'
import { decodeTcp } from './tcp.js'
import { decodeUdp } from './udp.js'
import { TunnelPorts, decodeUdpTunnel, tunnelByContent } from './udp-tunnel.js'
import { UndecodedTraffic } from '../model/undecoded.js'

const LAYER_TCP = LAYER_IP_PROTOCOL + PROTOCOL_TCP
const LAYER_UDP = LAYER_IP_PROTOCOL + PROTOCOL_UDP
const LAYER_SCTP = LAYER_IP_PROTOCOL + PROTOCOL_SCTP
const USUAL_TUNNEL_PORTS = new TunnelPorts()

const NO_BYTES = new Uint8Array(0)

/** Decodes frames one after the other. Its only memory is that of IP fragments. */
export class FrameDecoder {
  readonly #counters: Counters
  readonly #fragments: IpFragments
  readonly #cursor = new Cursor()
  readonly #tunnelPorts: TunnelPorts
  /** What was not decoded. */
  readonly undecoded: UndecodedTraffic
  /** The 802.11 aggregate whose subframes are left, and what stood around it. */
  #aggregate: Uint8Array = NO_BYTES
  #aggregateVlan = -1
  #aggregateEncapsulations = 0
  #subframesLeft = 0

  constructor(
    counters: Counters,
    tunnelPorts = USUAL_TUNNEL_PORTS,
    undecoded = new UndecodedTraffic(),
  ) {
    this.undecoded = undecoded
    this.#counters = counters
    this.#tunnelPorts = tunnelPorts
    this.#fragments = new IpFragments(counters)
  }

  /** Forgets all fragments. */
  clear(): void {
    this.#fragments.clear()
  }

  /** Shifts the time of fragments held by `micros`, as the clock of the packets was. */
  shiftTime(micros: number): void {
    this.#fragments.shiftTime(micros)
  }

  /**
   * Decodes the frame `bytes[off, off + caplen)` of `wirelen` bytes on the wire into `packet`.
   *
   * `packet` is set only where a protocol is returned. Of a datagram that came in fragments `packet.bytes` is the
   * reassembled copy, which stays as it is until the next one is whole.
   *
   * @param linkType LINKTYPE_ value
   * @returns PROTOCOL_TCP, PROTOCOL_UDP, PROTOCOL_SCTP, PROTOCOL_EAPOL, or a Fault, already counted by its name; NEED_MORE for
   *   a fragment. While `hasMore`, `decodeNext` gives what else is in the frame
   */
  decode(
    bytes: Uint8Array,
    off: number,
    caplen: number,
    wirelen: number,
    linkType: number,
    timeMicros: number,
    packet: Packet,
  ): number {
    packet.timeMicros = timeMicros
    return this.#decode(bytes, off, caplen, wirelen, linkType, packet)
  }

  /**
   * Decodes frame `index` of `block`, as `decode` does.
   *
   * A time handed over as an argument costs a heap number of 16 bytes wherever the call is not inlined; read here
   * it costs none.
   */
  decodeFrame(block: PacketBlock, index: number, packet: Packet): number {
    packet.timeMicros = block.timeMicros[index] ?? 0
    return this.#decode(
      block.bytes,
      block.start[index] ?? 0,
      block.caplen[index] ?? 0,
      block.wirelen[index] ?? 0,
      block.linkType[index] ?? 0,
      packet,
    )
  }

  /** Whether subframes of an 802.11 aggregate (A-MSDU) are left in the frame decoded last. */
  get hasMore(): boolean {
    return this.#cursor.subframeOff >= 0 && this.#subframesLeft > 0
  }

  /** Decodes the next subframe, as `decode` does. */
  decodeNext(packet: Packet): number {
    const cursor = this.#cursor
    const bytes = this.#aggregate
    this.#subframesLeft--
    packet.bytes = bytes
    packet.vlan = this.#aggregateVlan
    packet.encapsulationCount = this.#aggregateEncapsulations
    cursor.end = cursor.subframeEnd
    cursor.wireEnd = cursor.subframeWireEnd
    return this.#decodeFrom(bytes, cursor.subframeOff, LAYER_AMSDU, packet)
  }

  #decode(
    bytes: Uint8Array,
    off: number,
    caplen: number,
    wirelen: number,
    linkType: number,
    packet: Packet,
  ): number {
    packet.bytes = bytes
    packet.vlan = -1
    packet.encapsulationCount = 0
    this.#cursor.subframeOff = -1
    const end = off + caplen
    if (linkType === LINKTYPE_ETHERNET && caplen >= PLAIN_MIN_LEN) {
      const protocol = decodePlain(bytes, off, end, packet, this.#tunnelPorts)
      if (protocol !== 0) return protocol
    }
    const layer = layerOfLinkType(linkType)
    if (layer === LAYER_OTHER) {
      this.#counters.link_type_unsupported++
      return UNSUPPORTED
    }
    this.#subframesLeft = MAX_AMSDU_SUBFRAMES
    this.#cursor.srcMacOff = -1
    this.#cursor.end = end
    this.#cursor.wireEnd = off + Math.max(caplen, Math.min(wirelen, MAX_WIRE_LEN))
    return this.#decodeFrom(bytes, off, layer, packet)
  }

  /** Follows the headers from the one at `off`, which is a `layer`. */
  #decodeFrom(frame: Uint8Array, off: number, layer: number, packet: Packet): number {
    const cursor = this.#cursor
    let bytes = frame
    let at: OffsetOrFault = off
    cursor.encapsulation = 0
    cursor.isPadded = false
    for (let depth = 0; depth < MAX_HEADER_DEPTH; depth++) {
      if (layer === LAYER_TCP) {
        at = decodeTcp(bytes, at, cursor.end, cursor.wireEnd, packet)
        return at < 0 ? this.#fault(layer, at) : PROTOCOL_TCP
      } else if (layer === LAYER_UDP) {
        at = decodeUdp(bytes, at, cursor.end, cursor.wireEnd, packet)
        if (at < 0) return this.#fault(layer, at)
        const kind =
          this.#tunnelPorts.kindOf(packet.srcPort, packet.dstPort) || tunnelByContent(packet)
        if (kind === 0) return PROTOCOL_UDP
        at = decodeUdpTunnel(bytes, kind, cursor, packet)
        // VXLAN's port may be given to GENEVE, and the other way round.
        const other = at < 0 ? tunnelByContent(packet) : 0
        if (other !== 0 && other !== kind) at = decodeUdpTunnel(bytes, other, cursor, packet)
        if (at < 0) {
          this.#counters.tunnel_port_only++
          return PROTOCOL_UDP
        }
      } else if (layer === LAYER_IP_FRAGMENT) {
        if (packet.ipVersion === 4 && !isDecodedProtocol(cursor.fragmentProtocol)) {
          return this.#fault(LAYER_IP_PROTOCOL + cursor.fragmentProtocol, UNSUPPORTED)
        }
        at = this.#fragments.take(bytes, at, cursor, packet)
        if (at < 0) return at
        // What is reassembled now may lie where what was reassembled before did.
        if (cursor.subframeOff >= 0 && bytes !== frame) cursor.subframeOff = -1
        bytes = packet.bytes
      } else if (layer === LAYER_SCTP) {
        at = decodeSctp(bytes, at, cursor.end, cursor.wireEnd, packet)
        return at < 0 ? this.#fault(layer, at) : PROTOCOL_SCTP
      } else if (layer === ETHERTYPE_EAPOL || layer === ETHERTYPE_PREAUTHENTICATION) {
        at = decodeEapol(bytes, at, cursor, packet)
        return at < 0 ? this.#fault(layer, at) : PROTOCOL_EAPOL
      } else {
        if (layer === LAYER_AMSDU) this.#noteAggregate(bytes, packet)
        at = decodeHeader(layer, bytes, at, cursor, packet)
        if (at < 0) return this.#fault(layer, at)
      }
      if (cursor.encapsulation !== 0) {
        if (!appendEncapsulation(packet, cursor.encapsulation)) break
        cursor.encapsulation = 0
      }
      layer = cursor.next
    }
    this.#counters.header_depth_exceeded++
    return UNSUPPORTED
  }

  #noteAggregate(bytes: Uint8Array, packet: Packet): void {
    this.#aggregate = bytes
    this.#aggregateVlan = packet.vlan
    this.#aggregateEncapsulations = packet.encapsulationCount
  }

  /** Counts a Fault. A header that does not fit although nothing was cut was never whole: MALFORMED. */
  #fault(layer: number, fault: number): number {
    const cursor = this.#cursor
    const isWhole = fault === TRUNCATED && cursor.end >= cursor.wireEnd
    const counted = isWhole ? MALFORMED : fault
    countFault(this.#counters, layer, counted)
    if (counted === UNSUPPORTED) this.#name(layer)
    return counted
  }

  /** Notes what was not decoded by its EtherType or IP protocol. */
  #name(layer: number): void {
    if (layer >= LAYER_IP_PROTOCOL) this.undecoded.ipProtocols.add(layer - LAYER_IP_PROTOCOL, 1)
    else if (layer >= ETHERTYPE_MIN && layer !== ETHERTYPE_EAPOL)
      this.undecoded.etherTypes.add(layer, 1)
  }
}
