// The in-kernel filter: a libpcap expression (pcap-filter(7)) that lets every octet of a hello through and leaves the
// bulk, which is what servers send, in the kernel. What passes:
//
//   TCP   payload to a watched port, SYN/FIN/RST both ways, server payload that starts a handshake record (16 03), or
//         all of it where certificates are asked for: their later segments look like any other
//   UDP   QUIC long headers (RFC 9000 §17.2) and DTLS handshake records (RFC 9147 §4), both ways
//   HTTP  where asked for, segments to its ports that begin with a request
//   IP    fragments of TCP and UDP; IPv6 packets with extension headers, whatever follows these
//   VLAN  the same behind one tag or two
//   tunnels, if asked for: all they carry, since what is inside starts at no fixed offset
//
// Two properties of the language shape it. tcp[] and udp[] read IPv4 only, so IPv6 is spelled by offsets. A load beyond
// the packet's end refuses the whole packet, so the length of the payload is tested before its octets, and it comes
// from the IP header: Ethernet pads short frames.

/** Octets of payload of an IPv4 TCP segment: Total Length less both headers. 0 in Total Length (segments above 64 KiB) is not 0 here. */
const PAYLOAD4 = '(ip[2:2] - ((ip[0] & 0xf) << 2) - ((tcp[12] & 0xf0) >> 2))'
/** Octets of payload of a TCP segment right behind the IPv6 header. */
const PAYLOAD6 = '(ip6[4:2] - ((ip6[52] & 0xf0) >> 2))'
/** First two octets of that payload; libpcap loads at computed offsets. */
const START4 = 'tcp[((tcp[12] & 0xf0) >> 2):2]'
const START6 = 'ip6[(40 + ((ip6[52] & 0xf0) >> 2)):2]'
/** First four octets of that payload, and what they are in a request of plain HTTP: `GET `, `POST`, `HEAD`, `PUT `, `OPTI`, `DELE`, `PATC`. */
const WORD4 = 'tcp[((tcp[12] & 0xf0) >> 2):4]'
const WORD6 = 'ip6[(40 + ((ip6[52] & 0xf0) >> 2)):4]'
const METHODS = [0x47455420, 0x504f5354, 0x48454144, 0x50555420, 0x4f505449, 0x44454c45, 0x50415443]
const HANDSHAKE_RECORD = '0x1603'
const FIN_SYN_RST = '7'
/** IPv6 next headers that are not yet the transport: hop-by-hop, routing, fragment, authentication, destination options, mobility, HIP, Shim6. */
const EXTENSION_HEADERS = [0, 43, 44, 51, 60, 135, 139, 140]
/** IP protocols of tunnels: IPv4, IPv6, GRE, MPLS and Ethernet in IP. */
const TUNNEL_PROTOCOLS = [4, 41, 47, 137, 143]
/** UDP ports of tunnels: GTP-U, Teredo, VXLAN (IANA's, GPE's, Linux's first), GENEVE, MPLS, TZSP. */
const TUNNEL_PORTS = [2152, 3544, 4789, 4790, 6081, 6635, 8472, 37008]
/** EtherTypes of MPLS, unicast and multicast, and of PPPoE sessions. */
const TUNNEL_ETHERTYPES = [0x8847, 0x8848, 0x8864]
/** IP authentication header (RFC 4302), which the transport follows. */
const AUTHENTICATION_HEADER = 51

/** What a capture filter is made for. */
export interface FilterOptions {
  /** Whether to pass all that is in tunnels. */
  readonly tunnels: boolean
  /** Whether the link type knows VLAN tags. Raw IP, Linux SLL and BSD's loopback refuse the word `vlan`. */
  readonly vlan: boolean
  /** Whether to pass all that servers send, certificates among it; only the start of handshake records where absent. */
  readonly server?: boolean
  /** Ports of plain HTTP to which segments that begin with a request pass. */
  readonly httpPorts?: readonly number[]
}

type Ranges = readonly (readonly [number, number])[]

/** Whether the port at `field` is one of the ranges, as an expression. */
function portIn(field: string, ranges: Ranges): string {
  return any(
    ranges.map(([low, high]) =>
      low === high ? `${field} = ${low}` : `(${field} >= ${low} and ${field} <= ${high})`,
    ),
  )
}

function equalAny(field: string, values: readonly number[]): string[] {
  return values.map((value) => `${field} = ${value}`)
}

/** Whether either port is that of a tunnel. */
function eitherPort(to: string, from: string): string {
  return any([...equalAny(to, TUNNEL_PORTS), ...equalAny(from, TUNNEL_PORTS)])
}

function any(terms: readonly string[]): string {
  return `(${terms.join(' or ')})`
}

/** Sorted ports as ranges of neighbours: fewer instructions. */
function rangesOf(ports: readonly number[]): [number, number][] {
  const ranges: [number, number][] = []
  for (const port of [...new Set(ports)].sort((a, b) => a - b)) {
    const last = ranges.at(-1)
    if (last?.[1] === port - 1) last[1] = port
    else ranges.push([port, port])
  }
  return ranges
}

function ipv4(ranges: Ranges, tunnels: boolean, server: boolean): string {
  const toServer = portIn('tcp[2:2]', ranges)
  const toClient = portIn('tcp[0:2]', ranges)
  const udpPort = any([portIn('udp[2:2]', ranges), portIn('udp[0:2]', ranges)])
  const tcp = any([
    `(${toServer} and ${any([`${PAYLOAD4} != 0`, `tcp[13] & ${FIN_SYN_RST} != 0`])})`,
    `(${toClient} and ${any([
      `tcp[13] & ${FIN_SYN_RST} != 0`,
      server ? `${PAYLOAD4} != 0` : `(${PAYLOAD4} > 1 and ${START4} = ${HANDSHAKE_RECORD})`,
    ])})`,
  ])
  const fragment = '(ip[6:2] & 0x3fff != 0 and (ip[9] = 6 or ip[9] = 17))'
  return `(ip and ${any([
    fragment,
    `(tcp and ${tcp})`,
    `(udp and ${udpPort} and udp[4:2] > 8 and (udp[8] & 0x80 != 0 or udp[8] = 22))`,
    `ip[9] = ${AUTHENTICATION_HEADER}`,
    ...(tunnels
      ? [...equalAny('ip[9]', TUNNEL_PROTOCOLS), `(udp and ${eitherPort('udp[2:2]', 'udp[0:2]')})`]
      : []),
  ])})`
}

function ipv6(ranges: Ranges, tunnels: boolean, server: boolean): string {
  const toServer = portIn('ip6[42:2]', ranges)
  const toClient = portIn('ip6[40:2]', ranges)
  const tcp = any([
    `(${toServer} and ${any([`${PAYLOAD6} != 0`, `ip6[53] & ${FIN_SYN_RST} != 0`])})`,
    `(${toClient} and ${any([
      `ip6[53] & ${FIN_SYN_RST} != 0`,
      server ? `${PAYLOAD6} != 0` : `(${PAYLOAD6} > 1 and ${START6} = ${HANDSHAKE_RECORD})`,
    ])})`,
  ])
  const udp = `(${any([toServer, toClient])} and ip6[44:2] > 8 and (ip6[48] & 0x80 != 0 or ip6[48] = 22))`
  return `(ip6 and ${any([
    `(ip6[6] = 6 and ${tcp})`,
    `(ip6[6] = 17 and ${udp})`,
    ...equalAny('ip6[6]', EXTENSION_HEADERS),
    ...(tunnels
      ? [
          ...equalAny('ip6[6]', TUNNEL_PROTOCOLS),
          `(ip6[6] = 17 and ${eitherPort('ip6[42:2]', 'ip6[40:2]')})`,
        ]
      : []),
  ])})`
}

/** Segments to `ports` that begin with a request of plain HTTP. */
function httpRequests(ports: readonly number[]): string[] {
  if (ports.length === 0) return []
  const ranges = rangesOf(ports)
  const begins = (field: string) => any(METHODS.map((octets) => `${field} = ${octets}`))
  const request4 = `${portIn('tcp[2:2]', ranges)} and ${PAYLOAD4} > 15 and ${begins(WORD4)}`
  const request6 = `${portIn('ip6[42:2]', ranges)} and ${PAYLOAD6} > 15 and ${begins(WORD6)}`
  return [`(ip and tcp and ${request4})`, `(ip6 and ip6[6] = 6 and ${request6})`]
}

/**
 * The libpcap expression that passes whatever can carry a hello to or from `ports`; no ports, no filter: "".
 *
 * One port makes some 400 instructions of which a packet runs through fifty at most; above 4096 (some 80 ports that are
 * not neighbours) libpcap filters in our own process instead of the kernel.
 */
export function captureFilter(
  ports: readonly number[],
  { tunnels, vlan, server = false, httpPorts = [] }: FilterOptions = { tunnels: false, vlan: true },
): string {
  if (ports.length === 0) return ''
  const ranges = rangesOf(ports)
  const untagged = any([
    ipv4(ranges, tunnels, server),
    ipv6(ranges, tunnels, server),
    ...httpRequests(httpPorts),
    ...(tunnels ? TUNNEL_ETHERTYPES.map((type) => `ether proto ${type}`) : []),
  ])
  // `vlan` moves every offset after it, so that it comes last, and the second tag inside the first
  return vlan ? `${untagged} or (vlan and (${untagged} or (vlan and ${untagged})))` : untagged
}
