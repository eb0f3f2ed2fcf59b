// What a header says comes next is one number. Three numberings meet in it without overlap: EtherTypes from
// 0x0600 on are themselves, IP protocols stand above 0xffff, and what neither names stands below 0x0600.

import { PROTOCOL_TCP, PROTOCOL_UDP } from '../model/packet.js'

export const LAYER_ETHERNET = 1
/** IPv4 or IPv6, told by the version nibble. */
export const LAYER_IP = 2
export const LAYER_LLC = 3
/** PPP with or without address and control octets. */
export const LAYER_PPP = 4
/** PPP that may be framed as Cisco HDLC. */
export const LAYER_PPP_HDLC = 5
export const LAYER_PPP_WITH_DIRECTION = 6
export const LAYER_CISCO_HDLC = 7
export const LAYER_SLL = 8
export const LAYER_SLL2 = 9
export const LAYER_NULL = 10
export const LAYER_IEEE80211 = 11
export const LAYER_RADIOTAP = 12
/** Prism, or AVS under the same link type. */
export const LAYER_PRISM = 13
export const LAYER_AVS = 14
export const LAYER_PPI = 15
export const LAYER_NFLOG = 16
export const LAYER_PKTAP = 17
/** ERSPAN type I, II or III, told apart by the GRE header before it. */
export const LAYER_ERSPAN = 18
export const LAYER_IP_FRAGMENT = 19
/** Nothing that is looked into. */
export const LAYER_OTHER = 0

export const ETHERTYPE_MIN = 0x0600
export const ETHERTYPE_IPV4 = 0x0800
export const ETHERTYPE_ARP = 0x0806
export const ETHERTYPE_TRANSPARENT_BRIDGING = 0x6558
export const ETHERTYPE_VLAN = 0x8100
export const ETHERTYPE_IPV6 = 0x86dd
export const ETHERTYPE_MPLS = 0x8847
export const ETHERTYPE_MPLS_MULTICAST = 0x8848
export const ETHERTYPE_PPP = 0x880b
export const ETHERTYPE_PPPOE_SESSION = 0x8864
export const ETHERTYPE_SERVICE_VLAN = 0x88a8
/** Service tag of equipment older than 802.1ad. */
export const ETHERTYPE_QINQ = 0x9100
export const ETHERTYPE_ERSPAN = 0x88be
export const ETHERTYPE_ERSPAN_III = 0x22eb

/** Add an IP protocol number (https://www.iana.org/assignments/protocol-numbers). */
export const LAYER_IP_PROTOCOL = 0x1_0000
export const PROTOCOL_HOP_BY_HOP = 0
export const PROTOCOL_IPIP = 4
export const PROTOCOL_IPV6 = 41
export const PROTOCOL_ROUTING = 43
export const PROTOCOL_FRAGMENT = 44
export const PROTOCOL_GRE = 47
export const PROTOCOL_AH = 51
export const PROTOCOL_DESTINATION_OPTIONS = 60
export const PROTOCOL_MOBILITY = 135
export const PROTOCOL_MPLS = 137
export const PROTOCOL_HIP = 139
export const PROTOCOL_SHIM6 = 140
export const PROTOCOL_ETHERNET = 143

/** Whether octets of this EtherType are looked into. */
export function isDecodedEtherType(type: number): boolean {
  switch (type) {
    case ETHERTYPE_IPV4:
    case ETHERTYPE_IPV6:
    case ETHERTYPE_VLAN:
    case ETHERTYPE_SERVICE_VLAN:
    case ETHERTYPE_QINQ:
    case ETHERTYPE_MPLS:
    case ETHERTYPE_MPLS_MULTICAST:
    case ETHERTYPE_PPPOE_SESSION:
      return true
    default:
      return false
  }
}

/** Whether a datagram of this IP protocol may hold TCP or UDP, so that its fragments are worth keeping. */
export function isDecodedProtocol(protocol: number): boolean {
  switch (protocol) {
    case PROTOCOL_TCP:
    case PROTOCOL_UDP:
    case PROTOCOL_IPIP:
    case PROTOCOL_IPV6:
    case PROTOCOL_GRE:
    case PROTOCOL_AH:
    case PROTOCOL_MPLS:
    case PROTOCOL_ETHERNET:
      return true
    default:
      return false
  }
}
