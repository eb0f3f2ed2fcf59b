// Link types, https://www.tcpdump.org/linktypes.html

import {
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
  ETHERTYPE_MPLS,
  ETHERTYPE_PPPOE_SESSION,
  LAYER_AVS,
  LAYER_CISCO_HDLC,
  LAYER_ETHERNET,
  LAYER_IEEE80211,
  LAYER_IP,
  LAYER_NFLOG,
  LAYER_NULL,
  LAYER_OTHER,
  LAYER_PKTAP,
  LAYER_PPI,
  LAYER_PPP,
  LAYER_PPP_HDLC,
  LAYER_PPP_WITH_DIRECTION,
  LAYER_PRISM,
  LAYER_RADIOTAP,
  LAYER_SLL,
  LAYER_SLL2,
} from './layer.js'

export const LINKTYPE_NULL = 0
export const LINKTYPE_ETHERNET = 1
export const LINKTYPE_PPP = 9
export const LINKTYPE_PPP_HDLC = 50
export const LINKTYPE_PPP_ETHER = 51
export const LINKTYPE_RAW = 101
export const LINKTYPE_C_HDLC = 104
export const LINKTYPE_IEEE802_11 = 105
export const LINKTYPE_LOOP = 108
export const LINKTYPE_LINUX_SLL = 113
export const LINKTYPE_IEEE802_11_PRISM = 119
export const LINKTYPE_IEEE802_11_RADIOTAP = 127
export const LINKTYPE_IEEE802_11_AVS = 163
export const LINKTYPE_PPI = 192
export const LINKTYPE_PPP_WITH_DIR = 204
export const LINKTYPE_MPLS = 219
export const LINKTYPE_IPV4 = 228
export const LINKTYPE_IPV6 = 229
export const LINKTYPE_NFLOG = 239
export const LINKTYPE_PKTAP = 258
export const LINKTYPE_LINUX_SLL2 = 276
/** DLT_RAW as some systems number it; files written without translation carry these. */
const DLT_RAW = 12
const DLT_RAW_OPENBSD = 14

/** First header of frames of this link type: a LAYER_ number, LAYER_OTHER where none is decoded. */
export function layerOfLinkType(linkType: number): number {
  switch (linkType) {
    case LINKTYPE_ETHERNET:
      return LAYER_ETHERNET
    case LINKTYPE_LINUX_SLL:
      return LAYER_SLL
    case LINKTYPE_LINUX_SLL2:
      return LAYER_SLL2
    case LINKTYPE_RAW:
    case DLT_RAW:
    case DLT_RAW_OPENBSD:
      return LAYER_IP
    case LINKTYPE_NULL:
    case LINKTYPE_LOOP:
      return LAYER_NULL
    case LINKTYPE_IPV4:
      return ETHERTYPE_IPV4
    case LINKTYPE_IPV6:
      return ETHERTYPE_IPV6
    case LINKTYPE_PPP:
      return LAYER_PPP
    case LINKTYPE_PPP_HDLC:
      return LAYER_PPP_HDLC
    case LINKTYPE_PPP_ETHER:
      return ETHERTYPE_PPPOE_SESSION
    case LINKTYPE_PPP_WITH_DIR:
      return LAYER_PPP_WITH_DIRECTION
    case LINKTYPE_C_HDLC:
      return LAYER_CISCO_HDLC
    case LINKTYPE_MPLS:
      return ETHERTYPE_MPLS
    case LINKTYPE_IEEE802_11:
      return LAYER_IEEE80211
    case LINKTYPE_IEEE802_11_RADIOTAP:
      return LAYER_RADIOTAP
    case LINKTYPE_IEEE802_11_PRISM:
      return LAYER_PRISM
    case LINKTYPE_IEEE802_11_AVS:
      return LAYER_AVS
    case LINKTYPE_PPI:
      return LAYER_PPI
    case LINKTYPE_NFLOG:
      return LAYER_NFLOG
    case LINKTYPE_PKTAP:
      return LAYER_PKTAP
    default:
      return LAYER_OTHER
  }
}
