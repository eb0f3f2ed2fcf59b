// The in-kernel filter: a libpcap expression (pcap-filter(7)) that lets every byte of a hello through and leaves the
// bulk, which is what servers send, in the kernel. What passes:
//
//   TCP   payload to a watched port, SYN/FIN/RST both ways, server payload that starts a handshake record (16 03), or
//         all of it where certificates are asked for: their later segments look like any other
//   UDP   QUIC long headers (RFC 9000 §17.2) and DTLS handshake records (RFC 9147 §4), both ways
//   HTTP  where asked for, segments to its ports that begin with a request
//   IP    fragments of TCP and UDP, and both behind IPv4 options; IPv6 packets with extension headers, whatever follows
//   VLAN  the same behind one tag or two; all behind more; in cooked frames all IP behind one
//   SNAP  all that is in it: IP in frames of IEEE 802.2
//   tunnels, if asked for: all they carry, since what is inside starts at no fixed offset
//
// Three properties of the language shape it. tcp[] and udp[] read IPv4 only, and after the word `vlan` each load of a live
// filter computes its offset, ten times the instructions: so all is spelled by offsets from the IP header. That header
// follows 14 bytes of Ethernet and 4 more for each tag; live, the kernel has taken the outer tag off. A load beyond the
// packet's end refuses the whole packet, so the length of the payload is tested before its bytes, and it comes from the
// IP header: Ethernet pads short frames.

import { MAX_FILTER_RANGES } from '../../base/limits.js'
import { isAnyPort } from '../../model/ports.js'

const HANDSHAKE_RECORD = 0x1603
const DTLS_HANDSHAKE = 22
/** Type of a DTLS handshake record, and its version's first byte. */
const DTLS_RECORD = 0x16fe
/** Opcode P_CONTROL_V1 of OpenVPN, its key's number left out. */
const OPENVPN_CONTROL = 0x20
const MAGIC_COOKIE = 0x2112_a442
const LONG_HEADER = 0x80
const FIN_SYN_RST = 7
const UDP_HEADER_LEN = 8
/** First byte of an IPv4 header without options. */
const IPV4_PLAIN = 0x45
/** More Fragments and the offset. */
const FRAGMENT = 0x3fff
/** What a request of plain HTTP begins with: `GET `, `POST`, `HEAD`, `PUT `, `OPTI`, `DELE`, `PATC`. */
const METHODS = [0x47455420, 0x504f5354, 0x48454144, 0x50555420, 0x4f505449, 0x44454c45, 0x50415443]
/** First bytes of those requests. */
export const REQUEST_BYTES: readonly number[] = METHODS.map((word) => word >>> 24)
/** Bytes of the shortest request: `GET / HTTP/1.1`, CR, LF. */
const MIN_REQUEST_LEN = 16

const PROTOCOL_TCP = 6
const PROTOCOL_UDP = 17
/** IP authentication header (RFC 4302), which the transport follows. */
const PROTOCOL_AH = 51
/** IPv6 next headers that are not yet the transport: hop-by-hop, routing, fragment, authentication, destination options, mobility, HIP, Shim6. */
const EXTENSION_HEADERS = [0, 43, 44, PROTOCOL_AH, 60, 135, 139, 140]
const PROTOCOL_ESP = 50
const PROTOCOL_SCTP = 132
/** IP protocols of tunnels: IPv4, IPv6, GRE (ERSPAN is in it), KA9Q's IPv4, EtherIP, L2TPv3, MPLS and Ethernet in IP. */
const TUNNEL_PROTOCOLS = [4, 41, 47, 94, 97, 115, 137, 143]
/** What ESP without encryption may carry: IPv4, TCP, UDP, IPv6, GRE. */
const IN_ESP = [4, PROTOCOL_TCP, PROTOCOL_UDP, 41, 47]
/** Bytes of integrity check value that stand behind it: HMAC-SHA1-96; HMAC-SHA2-256-128 and AES-GMAC; -512-256. */
const ICV_LENGTHS = [12, 16, 32]
const MAX_ESP_PADDING = 15
const PORT_ESP = 4500
/** UDP ports of RADIUS, which carries EAP. */
const RADIUS_PORTS = [1812, 1645]
/** UDP port of RDP, whose packets begin in many forms. */
const RDP_PORT = 3389
const PROXY_V2 = 0x0d0a_0d0a
/** First bytes of the QUIC versions that are read: of all RFCs and drafts, Google's, Facebook's. */
export const QUIC_VERSION_BYTES: readonly number[] = [0x00, 0x54, 0x6b, 0x70, 0xfa, 0xff]
/** UDP payload of a client's Initial packet at least (RFC 9000 §14.1). */
const MIN_INITIAL_LEN = 1200
/** Codes of RADIUS packets: Access-Request, Access-Challenge. */
const RADIUS_CODES = [1, 11]
/**
 * UDP ports of tunnels: L2TP, GTP-U, Teredo, LISP, GRE, VXLAN (IANA's, GPE's, Linux's first, Cisco's), CAPWAP, GENEVE, MPLS, HP's
 * mirroring, SCTP, TZSP.
 */
const TUNNEL_PORTS = [
  1701, 2152, 3544, 4341, 4754, 4789, 4790, 5246, 5247, 6081, 6635, 7932, 8472, 9899, 37008, 48879,
]
/** A datagram with a header of VXLAN or GENEVE and an IP packet in a frame is longer. */
const MIN_TUNNEL_LEN = 50
const VXLAN_FLAGS = 0x0800_0000
const GENEVE_ETHERNET = 0x6558

const ETHERTYPE_IPV4 = 0x0800
const ETHERTYPE_IPV6 = 0x86dd
/** EtherTypes of VLAN tags: IEEE 802.1Q, 802.1ad, and those of other equipment. */
const TAGS = [0x8100, 0x88a8, 0x9100, 0x9200, 0x9300, 0x8200]
/**
 * EtherTypes of other tags, all of whose frames pass: jumbo LLC, EAPOL and preauthentication, MACsec, Cisco's metadata, VN-tag,
 * HSR, fine-grained labels, E-tag, Cisco's TTag, Arista's time stamps, R-TAG.
 */
const TAG_ETHERTYPES = [
  0x8870, 0x888e, 0x88c7, 0x88e5, 0x8909, 0x8926, 0x892f, 0x893b, 0x893f, 0x8988, 0xd28b, 0xf1c1,
]
/** EtherTypes of TRILL, transparent bridging, MPLS, unicast and multicast, PPPoE sessions, PBB, FabricPath and NSH. */
const TUNNEL_ETHERTYPES = [0x22f3, 0x6558, 0x8847, 0x8848, 0x8864, 0x88e7, 0x8903, 0x894f]
/** EtherTypes that every network has and no hello is in: ARP and LLDP. */
const IDLE_ETHERTYPES = [0x0806, 0x88cc]
/** Service access point of SNAP in IEEE 802.2, which libpcap takes for an EtherType. */
const SAP_SNAP = 0xaa
/** Offset of what follows the outermost tag's identifier in Ethernet, and in Linux' cooked frames of all interfaces. */
const AFTER_TAG = 16
const AFTER_TAG_COOKED = 18
const TAG_LEN = 4

/** What a capture filter is made for. */
export interface FilterOptions {
  /** Whether to pass all that is in tunnels. */
  readonly tunnels: boolean
  /** UDP ports of tunnels besides the usual ones. */
  readonly tunnelPorts?: readonly number[]
  /** Whether to pass all that servers send, certificates among it; only the start of handshake records where absent. */
  readonly server?: boolean
  /** Ports of plain HTTP to which segments that begin with a request pass. */
  readonly httpPorts?: readonly number[]
}

type Ranges = readonly (readonly [number, number])[]

interface Wanted {
  readonly tls: Ranges
  readonly http: Ranges
  readonly tunnels: boolean
  readonly tunnelPorts: readonly number[]
  readonly server: boolean
  /** Whether the ports are all there are. */
  readonly isAny: boolean
}

/** Bytes of an IP packet at an offset from its start, as libpcap reads them. */
type Bytes = (off: number | string, size?: 2 | 4) => string

/** Reads behind libpcap's own word for the protocol, or at an offset of Ethernet. */
const of =
  (name: 'ip' | 'ip6' | 'ether', start = 0): Bytes =>
  (off, size) => {
    const at = typeof off === 'number' ? String(start + off) : `${start} + ${off}`
    return `${name}[${at}${size === undefined ? '' : `:${size}`}]`
  }

function all(...terms: readonly string[]): string {
  return `(${terms.join(' and ')})`
}

function any(...terms: readonly string[]): string {
  return `(${terms.join(' or ')})`
}

function oneOf(field: string, values: readonly number[]): string[] {
  return values.map((value) => `${field} = ${value}`)
}

/** Whether the port at `field` is in one of the ranges. */
function portIn(field: string, ranges: Ranges): string {
  return any(
    ...ranges.map(([low, high]) =>
      low === high ? `${field} = ${low}` : `(${field} >= ${low} and ${field} <= ${high})`,
    ),
  )
}

/** Sorted ports as ranges of neighbours; where these are many, the nearest ones are joined, and ports between them pass too. */
function rangesOf(ports: readonly number[]): [number, number][] {
  const ranges: [number, number][] = []
  for (const port of [...new Set(ports)].sort((a, b) => a - b)) {
    const last = ranges.at(-1)
    if (last?.[1] === port - 1) last[1] = port
    else ranges.push([port, port])
  }
  while (ranges.length > MAX_FILTER_RANGES) {
    const gaps = ranges.slice(1).map(([low], i) => low - (ranges[i]?.[1] ?? 0))
    const nearest = gaps.indexOf(Math.min(...gaps))
    const [joined] = ranges.splice(nearest + 1, 1)
    const before = ranges[nearest]
    if (before !== undefined && joined !== undefined) before[1] = joined[1]
  }
  return ranges
}

/** Segments at `off` of the IP packet, whose length less the IP header is `length`. */
function tcp(bytes: Bytes, off: number, length: string, wanted: Wanted): string {
  const headerLen = `((${bytes(off + 12)} & 0xf0) >> 2)`
  const payloadLen = `${length} - ${headerLen}`
  const begins = (size: 2 | 4) => bytes(`${off} + ${headerLen}`, size)
  const control = `${bytes(off + 13)} & ${FIN_SYN_RST} != 0`
  // a Total Length of 0, of segments above 64 KiB, makes a length that is neither 0 nor small
  if (wanted.isAny) return any(`${payloadLen} != 0`, control)
  return any(
    all(portIn(bytes(off + 2, 2), wanted.tls), any(`${payloadLen} != 0`, control)),
    all(
      portIn(bytes(off, 2), wanted.tls),
      any(
        control,
        wanted.server
          ? `${payloadLen} != 0`
          : all(`${payloadLen} > 1`, `${begins(2)} = ${HANDSHAKE_RECORD}`),
      ),
    ),
    ...(wanted.http.length === 0
      ? []
      : [
          all(
            portIn(bytes(off + 2, 2), wanted.http),
            `${payloadLen} >= ${MIN_REQUEST_LEN}`,
            any(...oneOf(begins(4), METHODS)),
          ),
        ]),
  )
}

/** Datagrams at `off` of the IP packet, which ends at `end`. */
function udp(bytes: Bytes, off: number, end: string, wanted: Wanted): string {
  const { tls, tunnels, tunnelPorts } = wanted
  const [from, to] = [bytes(off, 2), bytes(off + 2, 2)]
  const first = bytes(off + UDP_HEADER_LEN)
  const length = bytes(off + 4, 2)
  const both = (ports: readonly number[]) => [...oneOf(to, ports), ...oneOf(from, ports)]
  return any(
    all(
      ...(wanted.isAny ? [] : [any(portIn(to, tls), portIn(from, tls))]),
      `${length} > ${UDP_HEADER_LEN}`,
      any(
        wanted.isAny ? isQuic(bytes, off) : `${first} & ${LONG_HEADER} != 0`,
        `${first} = ${DTLS_HANDSHAKE}`,
        all(`${length} > 24`, `${bytes(off + UDP_HEADER_LEN, 4)} = ${PROXY_V2}`),
        ...(wanted.isAny
          ? RADIUS_CODES.map((code) =>
              all(`${first} = ${code}`, `${bytes(off + 10, 2)} = ${length} - ${UDP_HEADER_LEN}`),
            )
          : []),
        `${first} & 0xf8 = ${OPENVPN_CONTROL}`,
        // DTLS in the channels and indications of TURN (RFC 8656)
        all(
          `${length} > 22`,
          any(`${bytes(off + 12, 2)} = ${DTLS_RECORD}`, isIndication(bytes, off)),
        ),
      ),
    ),
    ...both(RADIUS_PORTS),
    ...(tls.some(([low, high]) => low <= RDP_PORT && RDP_PORT <= high) ? both([RDP_PORT]) : []),
    ...(tunnels
      ? [
          ...both([...TUNNEL_PORTS, ...tunnelPorts]),
          all(any(...both([PORT_ESP])), isClearEsp(bytes, end)),
          all(
            `${length} > ${MIN_TUNNEL_LEN}`,
            any(
              `${bytes(off + 8, 4)} = ${VXLAN_FLAGS}`,
              all(`${first} & 0xc0 = 0`, `${bytes(off + 10, 2)} = ${GENEVE_ETHERNET}`),
            ),
          ),
        ]
      : []),
  )
}

/** Whether a datagram has a long header of QUIC, of a version that is read or in a datagram as long as those of others. */
function isQuic(bytes: Bytes, off: number): string {
  const first = bytes(off + UDP_HEADER_LEN)
  return all(
    `${first} & ${LONG_HEADER} != 0`,
    `${bytes(off + 4, 2)} > 12`,
    any(
      ...oneOf(bytes(off + 9), QUIC_VERSION_BYTES),
      all(`${first} & 0x40 != 0`, `${bytes(off + 4, 2)} >= ${UDP_HEADER_LEN + MIN_INITIAL_LEN}`),
    ),
  )
}

/** Whether a Send or Data indication of STUN stands in the datagram. */
function isIndication(bytes: Bytes, off: number): string {
  return all(`${bytes(off + 8, 2)} & 0xfffe = 0x16`, `${bytes(off + 12, 4)} = ${MAGIC_COOKIE}`)
}

/** Whether the trailer of ESP that ends at `end` names what it carries, as it does where nothing is encrypted (RFC 5879). */
function isClearEsp(bytes: Bytes, end: string): string {
  return any(
    ...ICV_LENGTHS.map((length) =>
      all(
        any(...oneOf(bytes(`${end} - ${length + 1}`), IN_ESP)),
        `${bytes(`${end} - ${length + 2}`)} <= ${MAX_ESP_PADDING}`,
      ),
    ),
  )
}

function ipv4(bytes: Bytes, wanted: Wanted): string {
  const protocol = bytes(9)
  const end = bytes(2, 2)
  const unknown = [`${bytes(0)} != ${IPV4_PLAIN}`, `${bytes(6, 2)} & ${FRAGMENT} != 0`]
  return any(
    all(
      `${protocol} = ${PROTOCOL_TCP}`,
      any(...unknown, tcp(bytes, 20, `${bytes(2, 2)} - 20`, wanted)),
    ),
    all(`${protocol} = ${PROTOCOL_UDP}`, any(...unknown, udp(bytes, 20, end, wanted))),
    `${protocol} = ${PROTOCOL_SCTP}`,
    `${protocol} = ${PROTOCOL_AH}`,
    ...(wanted.tunnels
      ? [
          ...oneOf(protocol, TUNNEL_PROTOCOLS),
          all(`${protocol} = ${PROTOCOL_ESP}`, any(...unknown, isClearEsp(bytes, end))),
        ]
      : []),
  )
}

function ipv6(bytes: Bytes, wanted: Wanted): string {
  const next = bytes(6)
  const end = `${bytes(4, 2)} + 40`
  return any(
    all(`${next} = ${PROTOCOL_TCP}`, tcp(bytes, 40, bytes(4, 2), wanted)),
    all(`${next} = ${PROTOCOL_UDP}`, udp(bytes, 40, end, wanted)),
    `${next} = ${PROTOCOL_SCTP}`,
    ...oneOf(next, EXTENSION_HEADERS),
    ...(wanted.tunnels
      ? [...oneOf(next, TUNNEL_PROTOCOLS), all(`${next} = ${PROTOCOL_ESP}`, isClearEsp(bytes, end))]
      : []),
  )
}

/** What follows the EtherType at `off` of an Ethernet frame, with at most `tags` more tags. */
function ethernet(off: number, tags: number, wanted: Wanted): string {
  const type = `ether[${off}:2]`
  const bytes = of('ether', off + 2)
  const isTag = any(...oneOf(type, TAGS))
  return any(
    all(`${type} = ${ETHERTYPE_IPV4}`, ipv4(bytes, wanted)),
    all(`${type} = ${ETHERTYPE_IPV6}`, ipv6(bytes, wanted)),
    tags === 0 ? isTag : all(isTag, ethernet(off + TAG_LEN, tags - 1, wanted)),
    ...oneOf(type, wanted.tunnels ? [...TAG_ETHERTYPES, ...TUNNEL_ETHERTYPES] : TAG_ETHERTYPES),
  )
}

/**
 * The libpcap expression that passes whatever can carry a hello to or from `ports`, on links of every type; no ports, no
 * filter: "".
 *
 * One port makes some 600 instructions of which a packet runs through fifty at most; the kernel takes 4096.
 */
export function captureFilter(
  ports: readonly number[],
  { tunnels, tunnelPorts = [], server = false, httpPorts = [] }: FilterOptions,
): string {
  if (ports.length === 0) return ''
  const wanted = {
    tls: rangesOf(ports),
    http: rangesOf(httpPorts),
    tunnels,
    tunnelPorts,
    server,
    isAny: isAnyPort(ports),
  }
  const linkType = (values: readonly number[]) => values.map((value) => `ether proto ${value}`)
  return [
    all('ip', ipv4(of('ip'), wanted)),
    all('ip6', ipv6(of('ip6'), wanted)),
    all(
      any(...linkType(TAGS)),
      any(
        ethernet(AFTER_TAG, 1, wanted),
        ...oneOf(`ether[${AFTER_TAG_COOKED}:2]`, [ETHERTYPE_IPV4, ETHERTYPE_IPV6]),
      ),
    ),
    // what is not decoded passes, to be counted by its name
    all(
      ...linkType([
        ...[ETHERTYPE_IPV4, ETHERTYPE_IPV6, ...IDLE_ETHERTYPES],
        ...[...TAGS, ...TUNNEL_ETHERTYPES],
      ]).map((term) => `not ${term}`),
      'ether[12:2] > 1535',
    ),
    ...linkType([SAP_SNAP, ...TAG_ETHERTYPES, ...(tunnels ? TUNNEL_ETHERTYPES : [])]),
  ].join(' or ')
}
