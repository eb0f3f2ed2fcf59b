// Wraps a packet in the tags, tunnels and link types that docs/coverage.md lists: each wrapper with its options, so that tests
// and fuzzers nest them.

import { cat, ethernet, ipv4, ipv6, udp } from './build.js'

/** What the bytes are: an Ethernet frame from its EtherType on, a whole frame, or an IP packet. */
export type Shape = 'typed' | 'frame' | 'ip'

/** Puts something around bytes of one shape, which makes another. */
export interface Wrapper {
  readonly name: string
  readonly takes: Shape
  readonly gives: Shape
  readonly wrap: (inner: Uint8Array) => Uint8Array
  /** As a sighting prints it; "" for tags. */
  readonly tunnel: string
}

const be16 = (value: number) => value.toString(16).padStart(4, '0')
const tag = (name: string, header: string): Wrapper => ({
  name,
  takes: 'typed',
  gives: 'typed',
  tunnel: '',
  wrap: (inner) => cat(header, inner),
})
const overUdp = (
  name: string,
  tunnel: string,
  port: number,
  header: string,
  takes: Shape,
  version: 4 | 6,
): Wrapper => ({
  name: `${name} over IPv${version}`,
  takes,
  gives: 'ip',
  tunnel,
  wrap: (inner) => {
    const datagram = udp(50_000, port, cat(header, inner))
    return version === 4 ? ipv4(17, datagram) : ipv6(17, datagram)
  },
})
const overIp = (
  name: string,
  tunnel: string,
  protocol: number,
  header: string | ((inner: Uint8Array) => string),
  takes: Shape,
  version: 4 | 6,
  trailer = '',
): Wrapper => ({
  name: `${name} over IPv${version}`,
  takes,
  gives: 'ip',
  tunnel,
  wrap: (inner) => {
    const payload = cat(typeof header === 'string' ? header : header(inner), inner, trailer)
    return version === 4 ? ipv4(protocol, payload) : ipv6(protocol, payload)
  },
})
const inMac = (name: string, tunnel: string, header: string): Wrapper => ({
  name,
  takes: 'frame',
  gives: 'typed',
  tunnel,
  wrap: (inner) => cat(header, inner),
})

/** Tags between the MAC addresses and the EtherType. */
export const TAGS: readonly Wrapper[] = [
  ...['8100', '88a8', '9100', '9200', '9300', '8200'].map((type) =>
    tag(`TPID ${type}`, `${type} e00a`),
  ),
  tag('Cisco CMD with one option', '8909 0101 0001 0064'),
  tag('Cisco CMD with two options', '8909 0102 0001 0064 0001 0065'),
  tag('Cisco TTag', '8988 11223344'),
  tag('Arista 64 bits, TAI', 'd28b 0001 0010 692c2220 00000001'),
  tag('Arista 64 bits, UTC, R3', 'd28b 0001 0111 692c2220 00000001'),
  tag('Arista 48 bits', 'd28b 0001 0020 2220 00000001'),
  tag('HSR', '892f 0032 0005'),
  tag('R-TAG', 'f1c1 0000 0005'),
  tag('VN-tag', '8926 80010002'),
  tag('fine-grained label', '893b 0064 893b 0065'),
  tag('E-tag', '893f 000000010000'),
  tag('MACsec without SCI', '88e5 00 00 00000005'),
  tag('MACsec with SCI', '88e5 20 00 00000005 0200000000010001'),
]

/** Headers between an outer and an inner frame. */
export const MAC_IN_MAC: readonly Wrapper[] = [
  inMac(
    'NSH, metadata of type 1',
    'nsh',
    '894f 0fc6 0103 000064ff 00000000000000000000000000000000',
  ),
  inMac('NSH, metadata of type 2, none', 'nsh', '894f 0fc2 0203 000064ff'),
  inMac('TRILL', 'trill', '22f3 003f 0001 0002'),
  inMac('TRILL with options', 'trill', '22f3 00bf 0001 0002 0000000000000000'),
  inMac('FabricPath', 'fabricpath', '8903 0060'),
  inMac('PBB', 'pbb', '88e7 00000064'),
  inMac('MPLS pseudowire', 'mpls', '8847 000641ff'),
  inMac('MPLS pseudowire with a control word', 'mpls', '8847 000641ff 00000000'),
]

/** Tunnels over IP, each over both versions. */
export const TUNNELS: readonly Wrapper[] = ([4, 6] as const)
  .flatMap((version) => [
    overUdp('HP ERM', 'hp-erm', 7932, '000000000000000000000000', 'frame', version),
    overUdp('CAPWAP, 802.3', 'capwap', 5247, '00 104200 00000000', 'frame', version),
    overUdp(
      'CAPWAP with a radio MAC',
      'capwap',
      5247,
      '00 204210 00000000 06020000000001 00',
      'frame',
      version,
    ),
    overUdp(
      'CAPWAP, 802.11',
      'capwap',
      5247,
      '00 104300 00000000 0801 0000 020000000001 020000000002 020000000003 0000 aaaa03 000000',
      'typed',
      version,
    ),
    overUdp(
      'CAPWAP, 802.11, frame control swapped',
      'capwap',
      5247,
      '00 104300 00000000 0108 0000 020000000001 020000000002 020000000003 0000 aaaa03 000000',
      'typed',
      version,
    ),
    overUdp('GRE', 'gre', 4754, '0000 6558', 'frame', version),
    overUdp('LISP', 'lisp', 4341, 'c0000001 00000001', 'ip', version),
    overUdp('LISP-GPE', 'lisp', 4341, '04000003 00000001', 'frame', version),
    overUdp('VXLAN', 'vxlan', 4789, '08000000 00000100', 'frame', version),
    overUdp('VXLAN on port 7777', 'vxlan', 7777, '08000000 00000100', 'frame', version),
    overUdp(
      'VXLAN with group policy on port 7777',
      'vxlan',
      7777,
      '88000064 00000100',
      'frame',
      version,
    ),
    overUdp('iVXLAN', 'vxlan', 48_879, 'c8000064 00000100', 'frame', version),
    overUdp('GENEVE on port 7777', 'geneve', 7777, '0000 6558 000001 00', 'frame', version),
    overUdp(
      'GENEVE with an option on port 7777',
      'geneve',
      7777,
      '0200 6558 000001 00 0102 8001 00000000',
      'frame',
      version,
    ),
    overUdp('GENEVE on the port of VXLAN', 'geneve', 4789, '0000 6558 000001 00', 'frame', version),
    overUdp('VXLAN-GPE', 'vxlan-gpe', 4790, '0c000003 00000100', 'frame', version),
    overIp(
      'Aruba GRE',
      'gre',
      47,
      '0000 8210 0801 0000 020000000001 020000000002 020000000003 0000 aaaa03 000000',
      'typed',
      version,
    ),
    overIp('Aruba GRE, Ethernet', 'gre', 47, '0000 9000', 'frame', version),
    overIp('WCCP 1', 'wccp', 47, '0000 883e', 'ip', version),
    overIp('WCCP 2', 'wccp', 47, '0000 883e 00000000', 'ip', version),
    overIp('EoIP', 'eoip', 47, (inner) => `2001 6400 ${be16(inner.length)} 0100`, 'frame', version),
    overIp('EtherIP', 'etherip', 97, '3000', 'frame', version),
    ...['', '11223344', '1122334455667788'].map((cookie) =>
      overIp(
        `L2TPv3, cookie of ${cookie.length / 2}`,
        'l2tpv3',
        115,
        `0000004d ${cookie}`,
        'frame',
        version,
      ),
    ),
    overIp('L2TPv3 with a sublayer', 'l2tpv3', 115, '0000004d 11223344 40000000', 'frame', version),
    overUdp('L2TPv3 over UDP', 'l2tpv3', 1701, '0003 0000 0000004d', 'frame', version),
    ...[
      ['', '0002 0001 0002'],
      [', sequence', '0802 0001 0002 0001 0000'],
      [', offset', '0202 0001 0002 0002 0000'],
    ].flatMap(([options = '', header = '']) => [
      overUdp(`L2TPv2${options}, PPP with address`, 'l2tp', 1701, `${header} ff03`, 'ip', version),
    ]),
  ])
  .map(throughPpp)

/** PPP names the protocol before an IP packet, by its version. */
function throughPpp(wrapper: Wrapper): Wrapper {
  if (wrapper.tunnel !== 'l2tp') return wrapper
  return {
    ...wrapper,
    wrap: (inner) => wrapper.wrap(cat((inner[0] ?? 0) >> 4 === 4 ? '0021' : '0057', inner)),
  }
}

/** ESP's payload without encryption: header, IV, what it carries, padding, the next header, the integrity check value. */
function espPayload(iv: string, inner: Uint8Array, next: string, icv: number): Uint8Array {
  const padding = (4 - ((inner.length + 2) % 4)) % 4
  const counted = Array.from({ length: padding }, (_, i) => be16(i + 1).slice(2)).join('')
  const trailer = [counted, be16(padding).slice(2), next, 'a5'.repeat(icv)]
  return cat('00001000 00000001', iv, inner, ...trailer)
}

/** ESP without encryption: ICVs of 12 and 16 bytes, with and without the IV of AES-GMAC, around a packet; around GRE. */
export const ESP: readonly Wrapper[] = ([4, 6] as const).flatMap((version) => {
  const around = (payload: Uint8Array) => (version === 4 ? ipv4(50, payload) : ipv6(50, payload))
  const isIpv4 = (inner: Uint8Array) => (inner[0] ?? 0) >> 4 === 4
  return [
    ...[12, 16].flatMap((icv) =>
      ['', '0102030405060708'].map((iv): Wrapper => ({
        name: `ESP-NULL over IPv${version}, ICV ${icv}, IV ${iv.length / 2}`,
        takes: 'ip',
        gives: 'ip',
        tunnel: 'esp',
        wrap: (inner) => around(espPayload(iv, inner, isIpv4(inner) ? '04' : '29', icv)),
      })),
    ),
    {
      name: `GRE in ESP-NULL over IPv${version}`,
      takes: 'ip',
      gives: 'ip',
      tunnel: 'esp/gre',
      wrap: (inner) =>
        around(espPayload('', cat('0000', isIpv4(inner) ? '0800' : '86dd', inner), '2f', 12)),
    } as const,
  ]
})

/** All of them. */
export const WRAPPERS: readonly Wrapper[] = [...TAGS, ...MAC_IN_MAC, ...TUNNELS, ...ESP]

/** Bytes of one shape as another, outwards: an IP packet gets its EtherType, a typed one its MAC addresses. */
export function reshape(bytes: Uint8Array, from: Shape, to: Shape): Uint8Array {
  if (from === to) return bytes
  if (from === 'ip') {
    const typed = cat((bytes[0] ?? 0) >> 4 === 4 ? '0800' : '86dd', bytes)
    return reshape(typed, 'typed', to)
  }
  if (from === 'typed') return reshape(ethernet('', bytes), 'frame', to)
  return reshape(cat('6558', bytes), 'typed', to)
}

/** Whether a wrapper takes what another gives, possibly with a header in between that names it. */
export function canHold(outer: Wrapper, inner: Shape): boolean {
  if (outer.takes === 'ip') return inner === 'ip'
  return inner !== 'frame' || outer.takes === 'frame'
}

/** An IP packet in the wrappers given, the innermost first; undefined where one cannot hold what comes before it. */
export function nested(
  packet: Uint8Array,
  wrappers: readonly Wrapper[],
): { readonly frame: Uint8Array; readonly tunnel: string } | undefined {
  let bytes = packet
  let shape: Shape = 'ip'
  const tunnels: string[] = []
  for (const wrapper of wrappers) {
    if (!canHold(wrapper, shape)) return undefined
    bytes = wrapper.wrap(reshape(bytes, shape, wrapper.takes))
    shape = wrapper.gives
    if (wrapper.tunnel !== '') tunnels.unshift(wrapper.tunnel)
  }
  return { frame: reshape(bytes, shape, 'frame'), tunnel: tunnels.join('/') }
}
