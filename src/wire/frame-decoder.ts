// From a captured frame to the innermost TCP segment or UDP datagram. Each header tells what the next one is; one
// loop follows, to a bounded depth. What nearly every frame is, IPv4 over Ethernet, has a path of its own before it.

import { u16, u8 } from '../base/bytes.js'
import type { Counters } from '../base/counters.js'
import type { OffsetOrFault } from '../base/fault.js'
import { MALFORMED, TRUNCATED, UNSUPPORTED } from '../base/fault.js'
import { MAX_HEADER_DEPTH, MAX_WIRE_LEN } from '../base/limits.js'
import type { PacketBlock } from '../model/packet-block.js'
import type { Packet } from '../model/packet.js'
import { PROTOCOL_TCP, PROTOCOL_UDP } from '../model/packet.js'
import { Cursor } from './cursor.js'
import { appendEncapsulation } from './encapsulation.js'
import { ETHERNET_HEADER_LEN } from './ethernet.js'
import { countFault } from './fault-counter.js'
import { decodeHeader } from './header.js'
import { IpFragments } from './ip-fragments.js'
import { IPV4_MIN_HEADER_LEN } from './ipv4.js'
import {
  ETHERTYPE_IPV4,
  ETHERTYPE_VLAN,
  LAYER_IP_FRAGMENT,
  LAYER_IP_PROTOCOL,
  LAYER_OTHER,
  isDecodedProtocol,
} from './layer.js'
import { LINKTYPE_ETHERNET, layerOfLinkType } from './link-type.js'
import { TCP_MIN_HEADER_LEN, decodeTcp } from './tcp.js'
import { decodeUdp } from './udp.js'
import { decodeUdpTunnel, tunnelPort } from './udp-tunnel.js'
import { VLAN_TAG_LEN } from './vlan.js'

const LAYER_TCP = LAYER_IP_PROTOCOL + PROTOCOL_TCP
const LAYER_UDP = LAYER_IP_PROTOCOL + PROTOCOL_UDP
/** Octets after which the fast path may read all it reads without a further check: a tag, IPv4 and TCP. */
const FAST_MIN_LEN = ETHERNET_HEADER_LEN + VLAN_TAG_LEN + IPV4_MIN_HEADER_LEN + TCP_MIN_HEADER_LEN
const VERSION_4_NO_OPTIONS = 0x45
const MORE_FRAGMENTS_OR_OFFSET = 0x3fff

/** Decodes frames one after the other. Its only memory is that of IP fragments. */
export class FrameDecoder {
  readonly #counters: Counters
  readonly #fragments: IpFragments
  readonly #cursor = new Cursor()

  constructor(counters: Counters) {
    this.#counters = counters
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
   * Decodes the frame `bytes[off, off + caplen)` of `wirelen` octets on the wire into `packet`.
   *
   * `packet` is set only where a protocol is returned. Of a datagram that came in fragments `packet.bytes` is the
   * reassembled copy, which stays as it is until the next one is whole.
   *
   * @param linkType LINKTYPE_ value
   * @returns PROTOCOL_TCP, PROTOCOL_UDP, or a Fault, already counted by its name; NEED_MORE for a fragment
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
   * A time handed over as an argument costs a heap number of 16 octets wherever the call is not inlined; read here
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
    const end = off + caplen
    if (linkType === LINKTYPE_ETHERNET && caplen >= FAST_MIN_LEN) {
      const protocol = decodeCommon(bytes, off, end, packet)
      if (protocol !== 0) return protocol
    }
    const layer = layerOfLinkType(linkType)
    if (layer === LAYER_OTHER) {
      this.#counters.link_type_unsupported++
      return UNSUPPORTED
    }
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
        const port = tunnelPort(packet.srcPort, packet.dstPort)
        if (port === 0) return PROTOCOL_UDP
        at = decodeUdpTunnel(bytes, port, cursor, packet)
        if (at < 0) {
          this.#counters.tunnel_port_only++
          return PROTOCOL_UDP
        }
      } else if (layer === LAYER_IP_FRAGMENT) {
        if (packet.ipVersion === 4 && !isDecodedProtocol(cursor.fragmentProtocol)) {
          return this.#fault(ETHERTYPE_IPV4, UNSUPPORTED)
        }
        at = this.#fragments.take(bytes, at, cursor, packet)
        if (at < 0) return at
        bytes = packet.bytes
      } else {
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

  /** Counts a Fault. A header that does not fit although nothing was cut was never whole: MALFORMED. */
  #fault(layer: number, fault: number): number {
    const cursor = this.#cursor
    const isWhole = fault === TRUNCATED && cursor.end >= cursor.wireEnd
    const counted = isWhole ? MALFORMED : fault
    countFault(this.#counters, layer, counted)
    return counted
  }
}

/**
 * Decodes IPv4 without options or fragments over Ethernet with at most one tag, where the headers are in order.
 *
 * 25 ns a frame; by the loop it would be 65. Whether `bytes` is always of one class made no difference.
 *
 * @returns PROTOCOL_TCP or PROTOCOL_UDP, or 0 for the loop to look at the frame
 */
function decodeCommon(bytes: Uint8Array, off: number, end: number, packet: Packet): number {
  let at = off + ETHERNET_HEADER_LEN
  let type = u16(bytes, at - 2)
  let vlan = -1
  if (type === ETHERTYPE_VLAN) {
    vlan = u16(bytes, at) & 0x0fff
    type = u16(bytes, at + 2)
    at += VLAN_TAG_LEN
  }
  if (type !== ETHERTYPE_IPV4 || u8(bytes, at) !== VERSION_4_NO_OPTIONS) return 0
  if ((u16(bytes, at + 6) & MORE_FRAGMENTS_OR_OFFSET) !== 0) return 0
  const totalLength = u16(bytes, at + 2)
  if (totalLength < IPV4_MIN_HEADER_LEN) return 0

  const wireEnd = at + totalLength
  const ipEnd = wireEnd < end ? wireEnd : end
  const protocol = u8(bytes, at + 9)
  if (protocol === PROTOCOL_TCP) {
    if (decodeTcp(bytes, at + IPV4_MIN_HEADER_LEN, ipEnd, wireEnd, packet) < 0) return 0
  } else if (protocol === PROTOCOL_UDP) {
    if (decodeUdp(bytes, at + IPV4_MIN_HEADER_LEN, ipEnd, wireEnd, packet) < 0) return 0
    if (tunnelPort(packet.srcPort, packet.dstPort) !== 0) return 0
  } else return 0
  packet.ipVersion = 4
  packet.ipOff = at
  packet.srcAddrOff = at + 12
  packet.dstAddrOff = at + 16
  packet.vlan = vlan
  return protocol
}
