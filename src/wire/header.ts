// Every header but the last: which decoder reads which number. The three numberings of layer.ts have a switch each.

import { u8 } from '../base/bytes.js'
import type { OffsetOrFault } from '../base/fault.js'
import { MALFORMED, TRUNCATED } from '../base/fault.js'
import type { Packet } from '../model/packet.js'
import { decodeAvs } from './avs.js'
import { decodeCiscoHdlc } from './cisco-hdlc.js'
import type { Cursor } from './cursor.js'
import { decodeErspan } from './erspan.js'
import { decodeEthernet } from './ethernet.js'
import { decodeIeee80211 } from './ieee80211.js'
import { decodeIpPayload } from './ip-payload.js'
import { decodeIpv4 } from './ipv4.js'
import { decodeIpv6 } from './ipv6.js'
import {
  ETHERTYPE_CISCO_METADATA,
  ETHERTYPE_ARISTA,
  ETHERTYPE_MACSEC,
  ETHERTYPE_NSH,
  ETHERTYPE_TRILL,
  ETHERTYPE_FABRICPATH,
  ETHERTYPE_PBB,
  ETHERTYPE_JUMBO_LLC,
  ETHERTYPE_TAG_9200,
  ETHERTYPE_TAG_9300,
  ETHERTYPE_TAG_8200,
  LAYER_AMSDU,
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
  ETHERTYPE_MIN,
  ETHERTYPE_MPLS,
  ETHERTYPE_MPLS_MULTICAST,
  ETHERTYPE_PPP,
  ETHERTYPE_PPPOE_SESSION,
  ETHERTYPE_QINQ,
  ETHERTYPE_SERVICE_VLAN,
  ETHERTYPE_TRANSPARENT_BRIDGING,
  ETHERTYPE_VLAN,
  LAYER_AVS,
  LAYER_CISCO_HDLC,
  LAYER_ERSPAN,
  LAYER_ETHERNET,
  LAYER_IEEE80211,
  LAYER_IP,
  LAYER_IP_PROTOCOL,
  LAYER_LLC,
  LAYER_NFLOG,
  LAYER_NULL,
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
import { decodeLlc } from './llc.js'
import { decodeMpls } from './mpls.js'
import { decodeNflog } from './nflog.js'
import { decodeNull } from './null-loopback.js'
import { decodePktap } from './pktap.js'
import { decodePpi } from './ppi.js'
import { decodePpp, decodePppHdlc, decodePppWithDirection } from './ppp.js'
import { decodePppoe } from './pppoe.js'
import { decodePrism } from './prism.js'
import { decodeRadiotap } from './radiotap.js'
import { decodeSll } from './sll.js'
import { decodeSll2 } from './sll2.js'
import { decodeVlan } from './vlan.js'
import { decodeAmsduSubframe } from './amsdu.js'
import { decodeArista } from './arista.js'
import { decodeCiscoMetadata } from './cisco-metadata.js'
import { decodeEtherTag } from './ether-tags.js'
import { decodeFabricPath, decodePbb, decodeTrill } from './mac-in-mac.js'
import { decodeMacsec } from './macsec.js'
import { decodeNsh } from './nsh.js'
import { decodeRareLink } from './rare-link.js'

/**
 * Decodes the header at `off`, which is a `layer` (a LAYER_ number), up to `cursor.end`.
 *
 * @returns the offset of the next header, which `cursor.next` names, or a Fault
 */
export function decodeHeader(
  layer: number,
  bytes: Uint8Array,
  off: number,
  cursor: Cursor,
  packet: Packet,
): OffsetOrFault {
  if (layer >= LAYER_IP_PROTOCOL) {
    return decodeIpPayload(layer - LAYER_IP_PROTOCOL, bytes, off, cursor, packet)
  }
  if (layer >= ETHERTYPE_MIN) return decodeEtherPayload(layer, bytes, off, cursor, packet)
  return decodeLink(layer, bytes, off, cursor)
}

function decodeLink(layer: number, bytes: Uint8Array, off: number, cursor: Cursor): OffsetOrFault {
  const end = cursor.end
  switch (layer) {
    case LAYER_ETHERNET:
      return decodeEthernet(bytes, off, end, cursor)
    case LAYER_IP:
      return tellIpVersion(bytes, off, end, cursor)
    case LAYER_LLC:
      return decodeLlc(bytes, off, end, cursor)
    case LAYER_PPP:
      return decodePpp(bytes, off, end, cursor)
    case LAYER_PPP_HDLC:
      return decodePppHdlc(bytes, off, end, cursor)
    case LAYER_PPP_WITH_DIRECTION:
      return decodePppWithDirection(off, end, cursor)
    case LAYER_CISCO_HDLC:
      return decodeCiscoHdlc(bytes, off, end, cursor)
    case LAYER_SLL:
      return decodeSll(bytes, off, end, cursor)
    case LAYER_SLL2:
      return decodeSll2(bytes, off, end, cursor)
    case LAYER_NULL:
      return decodeNull(bytes, off, end, cursor)
    case LAYER_IEEE80211:
      return decodeIeee80211(bytes, off, end, cursor)
    case LAYER_RADIOTAP:
      return decodeRadiotap(bytes, off, end, cursor)
    case LAYER_PRISM:
      return decodePrism(bytes, off, end, cursor)
    case LAYER_AVS:
      return decodeAvs(bytes, off, end, cursor)
    case LAYER_PPI:
      return decodePpi(bytes, off, end, cursor)
    case LAYER_NFLOG:
      return decodeNflog(bytes, off, end, cursor)
    case LAYER_PKTAP:
      return decodePktap(bytes, off, end, cursor)
    case LAYER_ERSPAN:
      return decodeErspan(bytes, off, end, cursor)
    case LAYER_AMSDU:
      return decodeAmsduSubframe(bytes, off, end, cursor)
    default:
      return decodeRareLink(layer, bytes, off, end, cursor)
  }
}

function decodeEtherPayload(
  etherType: number,
  bytes: Uint8Array,
  off: number,
  cursor: Cursor,
  packet: Packet,
): OffsetOrFault {
  const end = cursor.end
  switch (etherType) {
    case ETHERTYPE_IPV4:
      return decodeIpv4(bytes, off, end, cursor, packet)
    case ETHERTYPE_IPV6:
      return decodeIpv6(bytes, off, end, cursor, packet)
    case ETHERTYPE_VLAN:
    case ETHERTYPE_SERVICE_VLAN:
    case ETHERTYPE_QINQ:
    case ETHERTYPE_TAG_9200:
    case ETHERTYPE_TAG_9300:
    case ETHERTYPE_TAG_8200:
      return decodeVlan(bytes, off, end, cursor, packet)
    case ETHERTYPE_MPLS:
    case ETHERTYPE_MPLS_MULTICAST:
      return decodeMpls(bytes, off, end, cursor)
    case ETHERTYPE_PPPOE_SESSION:
      return decodePppoe(bytes, off, end, cursor)
    case ETHERTYPE_TRANSPARENT_BRIDGING:
      return decodeEthernet(bytes, off, end, cursor)
    case ETHERTYPE_PPP:
      return decodePpp(bytes, off, end, cursor)
    case ETHERTYPE_JUMBO_LLC:
      return decodeLlc(bytes, off, end, cursor)
    case ETHERTYPE_CISCO_METADATA:
      return decodeCiscoMetadata(bytes, off, end, cursor)
    case ETHERTYPE_ARISTA:
      return decodeArista(bytes, off, end, cursor)
    case ETHERTYPE_MACSEC:
      return decodeMacsec(bytes, off, end, cursor)
    case ETHERTYPE_NSH:
      return decodeNsh(bytes, off, end, cursor)
    case ETHERTYPE_TRILL:
      return decodeTrill(bytes, off, end, cursor)
    case ETHERTYPE_FABRICPATH:
      return decodeFabricPath(off, end, cursor)
    case ETHERTYPE_PBB:
      return decodePbb(off, end, cursor)
    default:
      return decodeEtherTag(etherType, bytes, off, end, cursor)
  }
}

/** Reads the version nibble of an IP packet whose version no header told. */
function tellIpVersion(bytes: Uint8Array, off: number, end: number, cursor: Cursor): OffsetOrFault {
  if (off >= end) return TRUNCATED
  const version = u8(bytes, off) >> 4
  if (version === 4) cursor.next = ETHERTYPE_IPV4
  else if (version === 6) cursor.next = ETHERTYPE_IPV6
  else return MALFORMED
  return off
}
