// What a header says comes next is one number. Three numberings meet in it without overlap: EtherTypes from
// 0x0600 on are themselves, IP protocols stand above 0xffff, and what neither names stands below 0x0600.

import { PROTOCOL_SCTP, PROTOCOL_TCP, PROTOCOL_UDP } from '../model/packet.js'

export const LAYER_ETHERNET = 1
/** IPv4 or IPv6, told by the version nibble. */
export const LAYER_IP = 2
export const LAYER_LLC = 3
/** PPP with or without address and control bytes. */
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
/** The subframes of an 802.11 A-MSDU. */
export const LAYER_AMSDU = 20
export const LAYER_FRAME_RELAY = 21
export const LAYER_ERF = 22
export const LAYER_MPACKET = 23
export const LAYER_PFLOG = 24
export const LAYER_ENC = 25
export const LAYER_IPOIB = 26
export const LAYER_IPNET = 27
export const LAYER_FDDI = 28
export const LAYER_TOKEN_RING = 29
export const LAYER_IP_OVER_FC = 30
export const LAYER_IP_OVER_1394 = 31
export const LAYER_JUNIPER_ETHERNET = 32
export const LAYER_JUNIPER_PPP = 33
export const LAYER_JUNIPER_FRAME_RELAY = 34
export const LAYER_JUNIPER_HDLC = 35
/** A byte of direction, then Frame Relay or Cisco HDLC. */
export const LAYER_FRAME_RELAY_WITH_DIRECTION = 36
export const LAYER_CISCO_HDLC_WITH_DIRECTION = 37
/** hilscher netANALYZER: four bytes, then Ethernet, with its preamble where the frame is transparent. */
export const LAYER_NETANALYZER = 38
export const LAYER_NETANALYZER_TRANSPARENT = 39
/** ATM cells of a Juniper router: a cookie of 4 or 8 bytes, then LLC or IP. */
export const LAYER_JUNIPER_ATM1 = 40
export const LAYER_JUNIPER_ATM2 = 41
/** Other interfaces of a Juniper router, whose cookies depend on the card: an IP packet is recognised by its own lengths. */
export const LAYER_JUNIPER_OTHER = 42
/** An EtherType, then its payload. */
export const LAYER_JUNIPER_TYPED = 43
/** AAL 5 of ATM: a cell's header of 4 bytes, then LLC or IP. */
export const LAYER_AAL5 = 44
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
/** Tags with other identifiers, as H3C, Foundry, Juniper and others let them be set. */
export const ETHERTYPE_TAG_9200 = 0x9200
export const ETHERTYPE_TAG_9300 = 0x9300
export const ETHERTYPE_TAG_8200 = 0x8200
export const ETHERTYPE_ERSPAN = 0x88be
export const ETHERTYPE_ERSPAN_III = 0x22eb
export const ETHERTYPE_TRILL = 0x22f3
export const ETHERTYPE_MIKROTIK_EOIP = 0x6400
export const ETHERTYPE_WCCP = 0x883e
export const ETHERTYPE_JUMBO_LLC = 0x8870
export const ETHERTYPE_EAPOL = 0x888e
/** IEEE 802.1X frames to another access point of the same network (IEEE 802.11-2020 §12.6.10.2). */
export const ETHERTYPE_PREAUTHENTICATION = 0x88c7
export const ETHERTYPE_MACSEC = 0x88e5
export const ETHERTYPE_PBB = 0x88e7
export const ETHERTYPE_FABRICPATH = 0x8903
export const ETHERTYPE_CISCO_METADATA = 0x8909
export const ETHERTYPE_VN_TAG = 0x8926
export const ETHERTYPE_HSR = 0x892f
/** Fine-grained labels of TRILL. */
export const ETHERTYPE_FINE_LABEL = 0x893b
export const ETHERTYPE_E_TAG = 0x893f
export const ETHERTYPE_NSH = 0x894f
export const ETHERTYPE_TTAG = 0x8988
export const ETHERTYPE_ARISTA = 0xd28b
export const ETHERTYPE_R_TAG = 0xf1c1

/** Add an IP protocol number (https://www.iana.org/assignments/protocol-numbers). */
export const LAYER_IP_PROTOCOL = 0x1_0000
export const PROTOCOL_HOP_BY_HOP = 0
export const PROTOCOL_IPIP = 4
export const PROTOCOL_IPV6 = 41
export const PROTOCOL_ROUTING = 43
export const PROTOCOL_FRAGMENT = 44
export const PROTOCOL_GRE = 47
export const PROTOCOL_ESP = 50
export const PROTOCOL_AH = 51
export const PROTOCOL_DESTINATION_OPTIONS = 60
/** IP in IP as KA9Q numbered it. */
export const PROTOCOL_IPIP_KA9Q = 94
export const PROTOCOL_ETHERIP = 97
export const PROTOCOL_L2TP = 115
export const PROTOCOL_MOBILITY = 135
export const PROTOCOL_MPLS = 137
export const PROTOCOL_HIP = 139
export const PROTOCOL_SHIM6 = 140
export const PROTOCOL_ETHERNET = 143

/** EtherTypes of VLAN tags. */
export const VLAN_ETHERTYPES = [
  ETHERTYPE_VLAN,
  ETHERTYPE_SERVICE_VLAN,
  ETHERTYPE_QINQ,
  ETHERTYPE_TAG_9200,
  ETHERTYPE_TAG_9300,
  ETHERTYPE_TAG_8200,
] as const

/** EtherTypes of the other headers that may stand before IP, or carry EAP. */
export const TAG_ETHERTYPES = [
  ETHERTYPE_MPLS,
  ETHERTYPE_MPLS_MULTICAST,
  ETHERTYPE_PPPOE_SESSION,
  ETHERTYPE_TRANSPARENT_BRIDGING,
  ETHERTYPE_TRILL,
  ETHERTYPE_JUMBO_LLC,
  ETHERTYPE_EAPOL,
  ETHERTYPE_PREAUTHENTICATION,
  ETHERTYPE_MACSEC,
  ETHERTYPE_PBB,
  ETHERTYPE_FABRICPATH,
  ETHERTYPE_CISCO_METADATA,
  ETHERTYPE_VN_TAG,
  ETHERTYPE_HSR,
  ETHERTYPE_FINE_LABEL,
  ETHERTYPE_E_TAG,
  ETHERTYPE_NSH,
  ETHERTYPE_TTAG,
  ETHERTYPE_ARISTA,
  ETHERTYPE_R_TAG,
] as const

const DECODED_ETHERTYPES: readonly number[] = [
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
  ...VLAN_ETHERTYPES,
  ...TAG_ETHERTYPES,
]

/** Whether a header of this EtherType is decoded. */
export function isDecodedEtherType(type: number): boolean {
  return DECODED_ETHERTYPES.includes(type)
}

/** Whether a datagram of this IP protocol may hold TCP or UDP, so that its fragments are worth keeping. */
export function isDecodedProtocol(protocol: number): boolean {
  switch (protocol) {
    case PROTOCOL_TCP:
    case PROTOCOL_UDP:
    case PROTOCOL_SCTP:
    case PROTOCOL_IPIP:
    case PROTOCOL_IPV6:
    case PROTOCOL_GRE:
    case PROTOCOL_ESP:
    case PROTOCOL_AH:
    case PROTOCOL_IPIP_KA9Q:
    case PROTOCOL_ETHERIP:
    case PROTOCOL_L2TP:
    case PROTOCOL_MPLS:
    case PROTOCOL_ETHERNET:
      return true
    default:
      return false
  }
}
