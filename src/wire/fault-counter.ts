import type { CounterName, Counters } from '../base/counters.js'
import { MALFORMED, TRUNCATED } from '../base/fault.js'
import { PROTOCOL_SCTP, PROTOCOL_TCP, PROTOCOL_UDP } from '../model/packet.js'
import {
  ETHERTYPE_IPV4,
  ETHERTYPE_IPV6,
  LAYER_ERSPAN,
  LAYER_IP,
  LAYER_IP_PROTOCOL,
  PROTOCOL_AH,
  PROTOCOL_ETHERNET,
  PROTOCOL_ESP,
  PROTOCOL_ETHERIP,
  PROTOCOL_GRE,
  PROTOCOL_IPIP,
  PROTOCOL_IPIP_KA9Q,
  PROTOCOL_L2TP,
  PROTOCOL_MPLS,
} from './layer.js'

/** Names of the counters of one kind of header. */
interface FaultNames {
  readonly truncated: CounterName
  readonly malformed: CounterName
  readonly unsupported: CounterName
}

const LINK: FaultNames = {
  truncated: 'link_truncated',
  malformed: 'link_malformed',
  unsupported: 'link_payload_other',
}
const IPV4: FaultNames = {
  truncated: 'ipv4_truncated',
  malformed: 'ipv4_malformed',
  unsupported: 'ip_payload_other',
}
const IPV6: FaultNames = {
  truncated: 'ipv6_truncated',
  malformed: 'ipv6_malformed',
  unsupported: 'ip_payload_other',
}
const TCP: FaultNames = {
  truncated: 'tcp_truncated',
  malformed: 'tcp_malformed',
  unsupported: 'ip_payload_other',
}
const UDP: FaultNames = {
  truncated: 'udp_truncated',
  malformed: 'udp_malformed',
  unsupported: 'ip_payload_other',
}
const SCTP: FaultNames = {
  truncated: 'sctp_truncated',
  malformed: 'sctp_malformed',
  unsupported: 'ip_payload_other',
}
const ESP: FaultNames = {
  truncated: 'tunnel_truncated',
  malformed: 'tunnel_malformed',
  unsupported: 'ip_payload_other',
}
const TUNNEL: FaultNames = {
  truncated: 'tunnel_truncated',
  malformed: 'tunnel_malformed',
  unsupported: 'tunnel_payload_other',
}

/** Counts the Fault of the header `layer` (a LAYER_ number) by its name. */
export function countFault(counters: Counters, layer: number, fault: number): void {
  const names = namesOf(layer)
  if (fault === TRUNCATED) counters[names.truncated]++
  else if (fault === MALFORMED) counters[names.malformed]++
  else counters[names.unsupported]++
}

function namesOf(layer: number): FaultNames {
  if (layer === LAYER_IP || layer === ETHERTYPE_IPV4) return IPV4
  if (layer === ETHERTYPE_IPV6) return IPV6
  if (layer === LAYER_ERSPAN) return TUNNEL
  if (layer < LAYER_IP_PROTOCOL) return LINK
  switch (layer - LAYER_IP_PROTOCOL) {
    case PROTOCOL_TCP:
      return TCP
    case PROTOCOL_UDP:
      return UDP
    case PROTOCOL_SCTP:
      return SCTP
    case PROTOCOL_ESP:
      return ESP
    case PROTOCOL_GRE:
    case PROTOCOL_L2TP:
    case PROTOCOL_ETHERIP:
      return TUNNEL
    case PROTOCOL_IPIP:
    case PROTOCOL_IPIP_KA9Q:
    case PROTOCOL_AH:
      return IPV4
    case PROTOCOL_MPLS:
    case PROTOCOL_ETHERNET:
      return LINK
    default:
      return IPV6
  }
}
