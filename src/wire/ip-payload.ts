// What may follow an IP header but the transport: which decoder reads which IP protocol.

import type { OffsetOrFault } from '../base/fault.js'
import { UNSUPPORTED } from '../base/fault.js'
import type { Packet } from '../model/packet.js'
import type { Cursor } from './cursor.js'
import {
  ENCAPSULATION_4IN6,
  ENCAPSULATION_6IN4,
  ENCAPSULATION_6IN6,
  ENCAPSULATION_ETHERNET_IN_IP,
  ENCAPSULATION_IPIP,
} from './encapsulation.js'
import { decodeEsp } from './esp.js'
import { decodeEthernet } from './ethernet.js'
import { decodeEtherip } from './etherip.js'
import { decodeGre } from './gre.js'
import { decodeIpv4 } from './ipv4.js'
import {
  decodeAuthentication,
  decodeHopByHop,
  decodeIpv6Extension,
  decodeIpv6Fragment,
} from './ipv6-extension.js'
import { decodeIpv6 } from './ipv6.js'
import { decodeL2tpv3 } from './l2tp.js'
import {
  PROTOCOL_AH,
  PROTOCOL_DESTINATION_OPTIONS,
  PROTOCOL_ESP,
  PROTOCOL_ETHERIP,
  PROTOCOL_ETHERNET,
  PROTOCOL_FRAGMENT,
  PROTOCOL_GRE,
  PROTOCOL_HIP,
  PROTOCOL_HOP_BY_HOP,
  PROTOCOL_IPIP,
  PROTOCOL_IPIP_KA9Q,
  PROTOCOL_IPV6,
  PROTOCOL_L2TP,
  PROTOCOL_MOBILITY,
  PROTOCOL_MPLS,
  PROTOCOL_ROUTING,
  PROTOCOL_SHIM6,
} from './layer.js'
import { decodeMpls } from './mpls.js'

/** Decodes what follows an IP header of this protocol. @returns the offset of the next header, or a Fault */
export function decodeIpPayload(
  protocol: number,
  bytes: Uint8Array,
  off: number,
  cursor: Cursor,
  packet: Packet,
): OffsetOrFault {
  const end = cursor.end
  switch (protocol) {
    case PROTOCOL_HOP_BY_HOP:
      return decodeHopByHop(bytes, off, end, cursor, packet)
    case PROTOCOL_ROUTING:
    case PROTOCOL_DESTINATION_OPTIONS:
    case PROTOCOL_MOBILITY:
    case PROTOCOL_HIP:
    case PROTOCOL_SHIM6:
      return decodeIpv6Extension(bytes, off, end, cursor, packet)
    case PROTOCOL_FRAGMENT:
      return decodeIpv6Fragment(bytes, off, end, cursor, packet)
    case PROTOCOL_AH:
      return decodeAuthentication(bytes, off, end, cursor)
    case PROTOCOL_GRE:
      return decodeGre(bytes, off, end, cursor)
    case PROTOCOL_IPIP:
    case PROTOCOL_IPIP_KA9Q:
      cursor.encapsulation = packet.ipVersion === 4 ? ENCAPSULATION_IPIP : ENCAPSULATION_4IN6
      return decodeIpv4(bytes, off, end, cursor, packet)
    case PROTOCOL_IPV6:
      cursor.encapsulation = packet.ipVersion === 4 ? ENCAPSULATION_6IN4 : ENCAPSULATION_6IN6
      return decodeIpv6(bytes, off, end, cursor, packet)
    case PROTOCOL_MPLS:
      return decodeMpls(bytes, off, end, cursor)
    case PROTOCOL_ETHERNET:
      cursor.encapsulation = ENCAPSULATION_ETHERNET_IN_IP
      return decodeEthernet(bytes, off, end, cursor)
    case PROTOCOL_ETHERIP:
      return decodeEtherip(bytes, off, end, cursor)
    case PROTOCOL_L2TP:
      return decodeL2tpv3(bytes, off, end, cursor)
    case PROTOCOL_ESP:
      return decodeEsp(bytes, off, end, cursor)
    default:
      return UNSUPPORTED
  }
}
