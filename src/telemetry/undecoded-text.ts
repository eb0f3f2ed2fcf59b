// Undecoded traffic as text: "EtherType 0x8909, 1,200 frames".

import { UNDECODED_NAMED } from '../base/limits.js'
import type { NamedCount, Undecoded } from '../model/undecoded.js'
import { count } from './log.js'

/** Names of common numbers (https://www.iana.org/assignments, IEEE Registration Authority). */
const ETHERTYPES: Readonly<Record<number, string>> = {
  0x0806: 'ARP',
  0x8035: 'RARP',
  0x8137: 'IPX',
  0x8863: 'PPPoE discovery',
  0x8892: 'PROFINET',
  0x88cc: 'LLDP',
  0x88e5: 'MACsec, encrypted',
  0x88f7: 'PTP',
  0x88fb: 'HSR and PRP supervision',
}
const PROTOCOLS: Readonly<Record<number, string>> = {
  1: 'ICMP',
  2: 'IGMP',
  50: 'ESP, encrypted',
  58: 'ICMPv6',
  88: 'EIGRP',
  89: 'OSPF',
  103: 'PIM',
  112: 'VRRP',
}

/** A number that names undecoded traffic, in the terms of /metrics and the summary. */
export interface UndecodedValue extends NamedCount {
  readonly kind: 'ethertype' | 'ip_protocol' | 'udp_port'
  /** `0x8909`, `47` or `5353`. */
  readonly shown: string
}

/** The most frequent numbers of each kind. */
export function namedUndecoded({ etherTypes, ipProtocols, udpPorts }: Undecoded): UndecodedValue[] {
  const hex = (value: number) => `0x${value.toString(16).padStart(4, '0')}`
  return [
    ...first(etherTypes).map((each) => ({
      ...each,
      kind: 'ethertype' as const,
      shown: hex(each.value),
    })),
    ...first(ipProtocols).map((each) => ({
      ...each,
      kind: 'ip_protocol' as const,
      shown: String(each.value),
    })),
    ...first(udpPorts).map((each) => ({
      ...each,
      kind: 'udp_port' as const,
      shown: String(each.value),
    })),
  ]
}

/** A clause for each of the most frequent numbers. */
export function undecodedText(undecoded: Undecoded): string[] {
  return namedUndecoded(undecoded).map(({ kind, value, shown, count: frames }) => {
    if (kind === 'udp_port') return `UDP port ${shown}, ${count(frames, 'datagram')}`
    const name = kind === 'ethertype' ? ETHERTYPES[value] : PROTOCOLS[value]
    const what = kind === 'ethertype' ? `EtherType ${shown}` : `IP protocol ${shown}`
    return `${what}${name === undefined ? '' : ` (${name})`}, ${count(frames, 'frame')}`
  })
}

function first(counts: readonly NamedCount[]): readonly NamedCount[] {
  return counts.slice(0, UNDECODED_NAMED)
}
