import { MAX_ENCAPSULATIONS } from '../model/packet.js'
import type { Packet } from '../model/packet.js'

export const ENCAPSULATION_VXLAN = 1
export const ENCAPSULATION_VXLAN_GPE = 2
export const ENCAPSULATION_GENEVE = 3
export const ENCAPSULATION_GRE = 4
export const ENCAPSULATION_PPTP = 5
export const ENCAPSULATION_ERSPAN = 6
export const ENCAPSULATION_GTPU = 7
export const ENCAPSULATION_IPIP = 8
export const ENCAPSULATION_6IN4 = 9
export const ENCAPSULATION_4IN6 = 10
export const ENCAPSULATION_6IN6 = 11
export const ENCAPSULATION_TEREDO = 12
export const ENCAPSULATION_MPLS = 13
export const ENCAPSULATION_PPPOE = 14
export const ENCAPSULATION_TZSP = 15
export const ENCAPSULATION_ETHERNET_IN_IP = 16
export const ENCAPSULATION_NSH = 17
export const ENCAPSULATION_TRILL = 18
export const ENCAPSULATION_FABRICPATH = 19
export const ENCAPSULATION_PBB = 20
export const ENCAPSULATION_HP_ERM = 21
export const ENCAPSULATION_CAPWAP = 22
export const ENCAPSULATION_L2TP = 23
export const ENCAPSULATION_L2TPV3 = 24
export const ENCAPSULATION_WCCP = 25
export const ENCAPSULATION_LISP = 26
export const ENCAPSULATION_EOIP = 27
export const ENCAPSULATION_ETHERIP = 28
export const ENCAPSULATION_ESP = 29
export const ENCAPSULATION_SCTP_UDP = 30

/** Names of the tunnels as a sighting's `tunnel` prints them, by ENCAPSULATION_ value. */
export const ENCAPSULATION_NAMES = [
  '',
  'vxlan',
  'vxlan-gpe',
  'geneve',
  'gre',
  'pptp',
  'erspan',
  'gtpu',
  'ipip',
  '6in4',
  '4in6',
  '6in6',
  'teredo',
  'mpls',
  'pppoe',
  'tzsp',
  'ethernet-in-ip',
  'nsh',
  'trill',
  'fabricpath',
  'pbb',
  'hp-erm',
  'capwap',
  'l2tp',
  'l2tpv3',
  'wccp',
  'lisp',
  'eoip',
  'etherip',
  'esp',
  'sctp-udp',
] as const

/** Appends a tunnel to the packet's list; false where the list is full. */
export function appendEncapsulation(packet: Packet, encapsulation: number): boolean {
  const count = packet.encapsulationCount
  if (count >= MAX_ENCAPSULATIONS) return false
  packet.encapsulation[count] = encapsulation
  packet.encapsulationCount = count + 1
  return true
}
