// One frame for each header the room reads, around the same segment. tshark 4.0.17 finds the same in each, written to
// a capture with that link type, except where `tshark` says why not.

import { INNER_V4, INNER_V6, SEGMENT, cat, ethernet, ipv4, ipv6, udp } from './build.js'

export interface Case {
  readonly name: string
  readonly linkType: number
  readonly frame: Uint8Array
  /** IP version of the innermost packet; 4 unless told. */
  readonly version?: 6
  readonly tunnel?: string
  readonly vlan?: number
  /** Why tshark does not find the segment. */
  readonly tshark?: string
}

const ETHERNET = 1
const RAW = 101
const MACS = '020000000001 020000000002 020000000003'
const INNER_ETH = ethernet('0800', INNER_V4)
const SNAP = 'aaaa03 000000 0800'
const over = (port: number, payload: Uint8Array): Uint8Array =>
  ethernet('0800', ipv4(17, udp(50000, port, payload)))
const inGre = (header: string, payload: Uint8Array): Uint8Array =>
  ethernet('0800', ipv4(47, cat(header, payload)))
const inIpv6 = (nextHeader: number, extensions: string): Uint8Array =>
  ethernet('86dd', ipv6(nextHeader, cat(extensions, SEGMENT)))
const pktap = (length: number, dlt: string): string =>
  cat(`${length.toString(16)}000000 01000000 ${dlt}000000`, '00'.repeat(length - 12)).reduce(
    (text, byte) => text + byte.toString(16).padStart(2, '0'),
    '',
  )

export const LINK_CASES: readonly Case[] = [
  { name: 'Ethernet', linkType: ETHERNET, frame: INNER_ETH },
  { name: 'Ethernet, IPv6', linkType: ETHERNET, frame: ethernet('86dd', INNER_V6), version: 6 },
  { name: 'Ethernet with trailer', linkType: ETHERNET, frame: cat(INNER_ETH, 'aabbccddee') },
  { name: '802.1Q', linkType: ETHERNET, frame: ethernet('8100 e123 0800', INNER_V4), vlan: 0x123 },
  {
    name: '802.1ad',
    linkType: ETHERNET,
    frame: ethernet('88a8 0064 8100 00c8 0800', INNER_V4),
    vlan: 100,
  },
  {
    name: 'QinQ 0x9100',
    linkType: ETHERNET,
    frame: ethernet('9100 0001 8100 0002 8100 0003 86dd', INNER_V6),
    version: 6,
    vlan: 1,
  },
  {
    name: '802.1Q and LLC',
    linkType: ETHERNET,
    frame: ethernet('8100 0005 0034', cat(SNAP, INNER_V4)),
    vlan: 5,
  },
  {
    name: '802.3 LLC SNAP',
    linkType: ETHERNET,
    frame: ethernet('0034', cat(SNAP, INNER_V4, '0000')),
  },
  {
    name: '802.3 SNAP of 802.1H',
    linkType: ETHERNET,
    frame: ethernet('0034', cat('aaaa03 0000f8 0800', INNER_V4)),
  },
  {
    name: '802.3 LLC, SAP of IP',
    linkType: ETHERNET,
    frame: ethernet('002f', cat('060603', INNER_V4)),
  },
  {
    name: 'MPLS',
    linkType: ETHERNET,
    frame: ethernet('8847', cat('00064040 000c8140', INNER_V4)),
    tunnel: 'mpls',
  },
  {
    name: 'MPLS multicast, IPv6',
    linkType: ETHERNET,
    frame: ethernet('8848', cat('00064140', INNER_V6)),
    version: 6,
    tunnel: 'mpls',
  },
  {
    name: 'MPLS pseudowire, control word',
    linkType: ETHERNET,
    frame: ethernet('8847', cat('00064140 00000000', INNER_ETH)),
    tunnel: 'mpls',
    tshark: 'guesses by the MAC addresses',
  },
  {
    name: 'MPLS pseudowire, no control word',
    linkType: ETHERNET,
    frame: ethernet('8847', cat('00064140', INNER_ETH)),
    tunnel: 'mpls',
    tshark: 'guesses by the MAC addresses',
  },
  {
    name: 'PPPoE',
    linkType: ETHERNET,
    frame: ethernet('8864', cat('1100 0001 002e 0021', INNER_V4, '0000')),
    tunnel: 'pppoe',
  },
  {
    name: 'PPPoE, IPv6',
    linkType: ETHERNET,
    frame: ethernet('8864', cat('1100 0001 0042 0057', INNER_V6)),
    version: 6,
    tunnel: 'pppoe',
  },
  { name: 'cooked', linkType: 113, frame: cat('0000 0001 0006 0200000000020000 0800', INNER_V4) },
  {
    name: 'cooked, LLC',
    linkType: 113,
    frame: cat('0000 0001 0006 0200000000020000 0004', SNAP, INNER_V4),
  },
  {
    name: 'cooked, VLAN',
    linkType: 113,
    frame: cat('0000 0001 0006 0200000000020000 8100 0007 86dd', INNER_V6),
    version: 6,
    vlan: 7,
  },
  {
    name: 'cooked version 2',
    linkType: 276,
    frame: cat('0800 0000 00000002 0001 00 06 0200000000020000', INNER_V4),
  },
  { name: 'NULL, little-endian', linkType: 0, frame: cat('02000000', INNER_V4) },
  { name: 'NULL, big-endian', linkType: 0, frame: cat('00000002', INNER_V4) },
  { name: 'NULL, AF_INET6 24', linkType: 0, frame: cat('18000000', INNER_V6), version: 6 },
  { name: 'NULL, AF_INET6 28', linkType: 0, frame: cat('0000001c', INNER_V6), version: 6 },
  { name: 'NULL, AF_INET6 30', linkType: 0, frame: cat('1e000000', INNER_V6), version: 6 },
  {
    name: 'NULL, AF_INET6 10',
    linkType: 0,
    frame: cat('0a000000', INNER_V6),
    version: 6,
    tshark: 'does not know 10',
  },
  { name: 'LOOP', linkType: 108, frame: cat('00000002', INNER_V4) },
  { name: 'RAW', linkType: RAW, frame: INNER_V4 },
  { name: 'RAW 12', linkType: 12, frame: INNER_V6, version: 6 },
  { name: 'RAW 14', linkType: 14, frame: INNER_V4 },
  { name: 'IPV4', linkType: 228, frame: INNER_V4 },
  { name: 'IPV6', linkType: 229, frame: INNER_V6, version: 6 },
  {
    name: 'MPLS link type',
    linkType: 219,
    frame: cat('00064140', INNER_V4),
    tunnel: 'mpls',
    tshark: 'does not know this link type',
  },
  { name: 'PPP', linkType: 9, frame: cat('ff03 0021', INNER_V4) },
  {
    name: 'PPP without address and control',
    linkType: 9,
    frame: cat('0057', INNER_V6),
    version: 6,
  },
  { name: 'PPP with compressed protocol', linkType: 9, frame: cat('21', INNER_V4) },
  { name: 'PPP, MPLS', linkType: 9, frame: cat('ff03 0281 00064140', INNER_V4), tunnel: 'mpls' },
  { name: 'PPP_HDLC', linkType: 50, frame: cat('ff03 0021', INNER_V4) },
  { name: 'PPP_HDLC, Cisco', linkType: 50, frame: cat('0f00 0800', INNER_V4) },
  { name: 'PPP_ETHER', linkType: 51, frame: cat('1100 0001 002e 0021', INNER_V4), tunnel: 'pppoe' },
  { name: 'PPP_WITH_DIR', linkType: 204, frame: cat('01 ff03 0021', INNER_V4) },
  { name: 'C_HDLC', linkType: 104, frame: cat('8f00 86dd', INNER_V6), version: 6 },
  { name: '802.11', linkType: 105, frame: cat('0801 0000', MACS, '1000', SNAP, INNER_V4) },
  { name: '802.11 QoS', linkType: 105, frame: cat('8802 0000', MACS, '1000 0000', SNAP, INNER_V4) },
  {
    name: '802.11 QoS, HT control',
    linkType: 105,
    frame: cat('8882 0000', MACS, '1000 0000 00000000', SNAP, INNER_V4),
  },
  {
    name: '802.11 four addresses',
    linkType: 105,
    frame: cat('8803 0000', MACS, '1000 020000000004 0000', SNAP, INNER_V4),
  },
  {
    name: '802.11 aggregate',
    linkType: 105,
    frame: cat('8802 0000', MACS, '1000 8000 020000000001020000000002 0034', SNAP, INNER_V4),
  },
  {
    name: 'radiotap',
    linkType: 127,
    frame: cat('0000 0800 00000000 0801 0000', MACS, '1000', SNAP, INNER_V4),
  },
  {
    name: 'radiotap, padded',
    linkType: 127,
    frame: cat('0000 0900 02000000 20 8801 0000', MACS, '1000 0000 0000', SNAP, INNER_V4),
  },
  {
    name: 'radiotap, time and FCS',
    linkType: 127,
    frame: cat(
      '0000 1100 03000000 1122334455667788 10 0801 0000',
      MACS,
      '1000',
      SNAP,
      INNER_V4,
      '11223344',
    ),
  },
  {
    name: 'radiotap, two words',
    linkType: 127,
    frame: cat(
      '0000 1900 03000080 00000000 00000000 1122334455667788 10 0801 0000',
      MACS,
      '1000',
      SNAP,
      INNER_V4,
      '11223344',
    ),
  },
  {
    name: 'Prism',
    linkType: 119,
    frame: cat('44000000 90000000', '00'.repeat(136), '0801 0000', MACS, '1000', SNAP, INNER_V4),
  },
  {
    name: 'AVS as Prism',
    linkType: 119,
    frame: cat('80211001 00000040', '00'.repeat(56), '0801 0000', MACS, '1000', SNAP, INNER_V4),
  },
  {
    name: 'AVS',
    linkType: 163,
    frame: cat('80211001 00000040', '00'.repeat(56), '0801 0000', MACS, '1000', SNAP, INNER_V4),
  },
  { name: 'PPI', linkType: 192, frame: cat('00 00 0800 01000000', INNER_ETH) },
  {
    name: 'PPI, 802.11',
    linkType: 192,
    frame: cat(
      '00 00 2000 69000000 0200 1400 0000000000000000 0000 0000 0000 0000 0000 0000 0801 0000',
      MACS,
      '1000',
      SNAP,
      INNER_V4,
    ),
  },
  {
    name: 'NFLOG',
    linkType: 239,
    frame: cat('02 00 0001 0800 0100 08000300 0600 0a00 00 00 0000 3000 0900', INNER_V4),
  },
  {
    name: 'NFLOG, big-endian',
    linkType: 239,
    frame: cat('0a 00 0001 0008 0001 08000300 0044 0009', INNER_V6),
    version: 6,
    tshark: 'reads the host order of the file',
  },
  { name: 'PKTAP', linkType: 258, frame: cat(pktap(108, '01'), INNER_ETH) },
  { name: 'PKTAP, RAW', linkType: 258, frame: cat(pktap(156, '0c'), INNER_V6), version: 6 },
]

export const NETWORK_CASES: readonly Case[] = [
  {
    name: 'IPv4 options',
    linkType: RAW,
    frame: ipv4(6, SEGMENT, { addresses: 'c000020a c6336414', options: '94040000' }),
  },
  {
    name: 'IPv4 authentication header',
    linkType: RAW,
    frame: ipv4(51, cat('06 04 0000 00000001 00000001', '00'.repeat(12), SEGMENT), {
      addresses: 'c000020a c6336414',
    }),
  },
  {
    name: 'IPv6 hop-by-hop',
    linkType: ETHERNET,
    frame: inIpv6(0, '06 00 0502 0000 0100'),
    version: 6,
  },
  {
    name: 'IPv6 routing, destination options',
    linkType: ETHERNET,
    frame: inIpv6(43, '3c 00 00 00 00000000 06 01 010c 000000000000000000000000'),
    version: 6,
  },
  {
    name: 'IPv6 authentication, mobility',
    linkType: ETHERNET,
    frame: inIpv6(
      51,
      '87 04 0000 00000001 00000001 000000000000000000000000 06 00 00 00 0000 0000',
    ),
    version: 6,
    tshark: 'ends at mobility',
  },
  {
    name: 'IPv6 atomic fragment',
    linkType: ETHERNET,
    frame: inIpv6(44, '06 00 0000 00000001'),
    version: 6,
  },
]

export const TUNNEL_CASES: readonly Case[] = [
  {
    name: 'IP in IP',
    linkType: ETHERNET,
    frame: ethernet('0800', ipv4(4, INNER_V4)),
    tunnel: 'ipip',
  },
  {
    name: '6in4',
    linkType: ETHERNET,
    frame: ethernet('0800', ipv4(41, INNER_V6)),
    version: 6,
    tunnel: '6in4',
  },
  { name: '4in6', linkType: ETHERNET, frame: ethernet('86dd', ipv6(4, INNER_V4)), tunnel: '4in6' },
  {
    name: '6in6',
    linkType: ETHERNET,
    frame: ethernet('86dd', ipv6(41, INNER_V6)),
    version: 6,
    tunnel: '6in6',
  },
  {
    name: 'MPLS in IP',
    linkType: ETHERNET,
    frame: ethernet('0800', ipv4(137, cat('00064140', INNER_V4))),
    tunnel: 'mpls',
  },
  {
    name: 'Ethernet in IPv6',
    linkType: ETHERNET,
    frame: ethernet('86dd', ipv6(143, INNER_ETH)),
    tunnel: 'ethernet-in-ip',
  },
  { name: 'GRE', linkType: ETHERNET, frame: inGre('0000 0800', INNER_V4), tunnel: 'gre' },
  {
    name: 'GRE, checksum, key, sequence',
    linkType: ETHERNET,
    frame: inGre('b000 86dd 0000 0000 00000001 00000002', INNER_V6),
    version: 6,
    tunnel: 'gre',
  },
  {
    name: 'GRE, source route',
    linkType: ETHERNET,
    frame: inGre('4000 0800 0000 0000 0800 00 04 c0000203 0000 00 00', INNER_V4),
    tunnel: 'gre',
  },
  {
    name: 'NVGRE',
    linkType: ETHERNET,
    frame: inGre('2000 6558 00123400', INNER_ETH),
    tunnel: 'gre',
  },
  {
    name: 'MPLS in GRE',
    linkType: ETHERNET,
    frame: inGre('0000 8847 00064140', INNER_V4),
    tunnel: 'gre/mpls',
  },
  {
    name: 'ERSPAN I',
    linkType: ETHERNET,
    frame: inGre('0000 88be', INNER_ETH),
    tunnel: 'gre/erspan',
  },
  {
    name: 'ERSPAN II',
    linkType: ETHERNET,
    frame: inGre('1000 88be 00000001 1000 0001 00000000', INNER_ETH),
    tunnel: 'gre/erspan',
  },
  {
    name: 'ERSPAN III',
    linkType: ETHERNET,
    frame: inGre('1000 22eb 00000001 2000 0001 00000000 0000 0000', INNER_ETH),
    tunnel: 'gre/erspan',
  },
  {
    name: 'ERSPAN III, subheader',
    linkType: ETHERNET,
    frame: inGre('1000 22eb 00000001 2000 0001 00000000 0000 0001 0000000000000000', INNER_ETH),
    tunnel: 'gre/erspan',
  },
  {
    name: 'ERSPAN III, IP',
    linkType: ETHERNET,
    frame: inGre('1000 22eb 00000001 2000 0001 00000000 0000 0800', INNER_V4),
    tunnel: 'gre/erspan',
    tshark: 'takes every frame for Ethernet',
  },
  {
    name: 'PPTP',
    linkType: ETHERNET,
    frame: inGre('3001 880b 0030 0001 00000001 ff03 0021', INNER_V4),
    tunnel: 'pptp',
  },
  {
    name: 'PPTP with acknowledgment',
    linkType: ETHERNET,
    frame: inGre('3081 880b 002d 0001 00000001 00000000 21', INNER_V4),
    tunnel: 'pptp',
  },
  {
    name: 'VXLAN',
    linkType: ETHERNET,
    frame: over(4789, cat('08000000 00006400', INNER_ETH)),
    tunnel: 'vxlan',
  },
  {
    name: 'VXLAN, group policy',
    linkType: ETHERNET,
    frame: over(4789, cat('88000001 00006400', INNER_ETH)),
    tunnel: 'vxlan',
  },
  {
    name: 'VXLAN 8472, tagged inside',
    linkType: ETHERNET,
    frame: over(8472, cat('08000000 00006400', ethernet('8100 0009 0800', INNER_V4))),
    tunnel: 'vxlan',
    vlan: 9,
    tshark: 'does not know this port',
  },
  {
    name: 'VXLAN-GPE, IPv4',
    linkType: ETHERNET,
    frame: over(4790, cat('0c000001 00006400', INNER_V4)),
    tunnel: 'vxlan-gpe',
  },
  {
    name: 'VXLAN-GPE, IPv6',
    linkType: ETHERNET,
    frame: over(4790, cat('0c000002 00006400', INNER_V6)),
    version: 6,
    tunnel: 'vxlan-gpe',
  },
  {
    name: 'VXLAN-GPE, Ethernet',
    linkType: ETHERNET,
    frame: over(4790, cat('0c000003 00006400', INNER_ETH)),
    tunnel: 'vxlan-gpe',
  },
  {
    name: 'VXLAN-GPE, MPLS',
    linkType: ETHERNET,
    frame: over(4790, cat('0c000005 00006400 00064140', INNER_V4)),
    tunnel: 'vxlan-gpe/mpls',
  },
  {
    name: 'GENEVE',
    linkType: ETHERNET,
    frame: over(6081, cat('0000 6558 00006400', INNER_ETH)),
    tunnel: 'geneve',
  },
  {
    name: 'GENEVE, options, IPv6',
    linkType: ETHERNET,
    frame: over(6081, cat('0240 86dd 00006400 0108 01 01 00000000', INNER_V6)),
    version: 6,
    tunnel: 'geneve',
  },
  {
    name: 'GTP-U',
    linkType: ETHERNET,
    frame: over(2152, cat('30 ff 002c 00000001', INNER_V4)),
    tunnel: 'gtpu',
  },
  {
    name: 'GTP-U, sequence number',
    linkType: ETHERNET,
    frame: over(2152, cat('32 ff 0030 00000001 0001 00 00', INNER_V4)),
    tunnel: 'gtpu',
  },
  {
    name: 'GTP-U, PDU session container',
    linkType: ETHERNET,
    frame: over(2152, cat('34 ff 0048 00000001 0000 00 85 01 00 01 00', INNER_V6)),
    version: 6,
    tunnel: 'gtpu',
  },
  { name: 'Teredo', linkType: ETHERNET, frame: over(3544, INNER_V6), version: 6, tunnel: 'teredo' },
  {
    name: 'Teredo from its port',
    linkType: ETHERNET,
    frame: ethernet('0800', ipv4(17, udp(3544, 50000, INNER_V6))),
    version: 6,
    tunnel: 'teredo',
  },
  {
    name: 'Teredo, authentication, origin',
    linkType: ETHERNET,
    frame: over(3544, cat('0001 0000 0000000000000000 00 0000 1234 3fff0000', INNER_V6)),
    version: 6,
    tunnel: 'teredo',
  },
  {
    name: 'TZSP',
    linkType: ETHERNET,
    frame: over(37008, cat('01 00 0001 00 0a01c0 01', INNER_ETH)),
    tunnel: 'tzsp',
  },
  {
    name: 'TZSP, 802.11',
    linkType: ETHERNET,
    frame: over(37008, cat('01 00 0012 01 0801 0000', MACS, '1000', SNAP, INNER_V4)),
    tunnel: 'tzsp',
  },
  {
    name: 'MPLS in UDP',
    linkType: ETHERNET,
    frame: over(6635, cat('00064140', INNER_V4)),
    tunnel: 'mpls',
  },
  {
    name: 'VXLAN in GRE over IPv6',
    linkType: ETHERNET,
    frame: ethernet(
      '86dd',
      ipv6(47, cat('0000 0800', ipv4(17, udp(50000, 4789, cat('08000000 00006400', INNER_ETH))))),
    ),
    tunnel: 'gre/vxlan',
  },
]

export const CASES = [...LINK_CASES, ...NETWORK_CASES, ...TUNNEL_CASES]
