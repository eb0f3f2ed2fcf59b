// Frames made by hand, named by what they are, for whatever filters frames: those that can carry a hello, those that
// cannot, and those of which that depends on what is asked for.

type Bytes = readonly number[]
export type Frames = Readonly<Record<string, Bytes>>

const SERVER = 443
const CLIENT = 50_000
const [FIN, SYN, RST, PSH, ACK] = [1, 2, 4, 8, 16]
const HELLO = [0x16, 3, 1, 6, 0, 1, 0, 5, 0xfc]
const BULK = new Array<number>(1200).fill(0x17)
const [TCP, UDP] = [6, 17]

/** Ports to watch for these frames to be what their names say. */
export const WATCHED = [443, 8443, 445, 446, 447]
export const HTTP_WATCHED = [80, 8080]

const u16 = (value: number): number[] => [value >> 8, value & 0xff]
const zeros = (count: number): number[] => new Array<number>(count).fill(0)

interface Segment {
  readonly from?: number
  readonly to?: number
  readonly flags?: number
  readonly sequence?: number
  /** Bytes of TCP options, a multiple of 4. */
  readonly options?: number
  readonly payload?: Bytes
}
function tcp({
  from = CLIENT,
  to = SERVER,
  flags = ACK,
  sequence = 0,
  options = 0,
  payload = [],
}: Segment): Bytes {
  const offset = (20 + options) << 2
  return [
    ...[...u16(from), ...u16(to), ...u16(sequence >>> 16), ...u16(sequence & 0xffff), ...zeros(4)],
    ...[offset, flags, ...zeros(6 + options), ...payload],
  ]
}
const fromServer = (segment: Segment) => tcp({ from: SERVER, to: CLIENT, ...segment })
function udp(to: number, payload: Bytes, from = CLIENT): Bytes {
  return [...u16(from), ...u16(to), ...u16(8 + payload.length), 0, 0, ...payload]
}
interface Header {
  /** Bytes of IPv4 options, a multiple of 4. */
  readonly options?: number
  /** Flags and fragment offset. */
  readonly fragment?: number
}
function ip4(protocol: number, payload: Bytes, header: Header = {}): Bytes {
  const { options = 0, fragment = 0 } = header
  const len = 20 + options + payload.length
  return [
    ...[0x45 + options / 4, 0, ...u16(len), 0, 0, ...u16(fragment), 64, protocol, 0, 0],
    ...[10, 0, 0, 1, 10, 0, 0, 2, ...zeros(options), ...payload],
  ]
}
function ip6(next: number, payload: Bytes): Bytes {
  return [0x60, 0, 0, 0, ...u16(payload.length), next, 64, ...zeros(32), ...payload]
}
/** An Ethernet frame, padded to its least length as cards do. */
function ethernet(type: number, payload: Bytes): Bytes {
  const frame = [...zeros(12), ...u16(type), ...payload]
  return [...frame, ...zeros(Math.max(0, 60 - frame.length))]
}
const on4 = (protocol: number, payload: Bytes, header?: Header) =>
  ethernet(0x0800, ip4(protocol, payload, header))
const on6 = (next: number, payload: Bytes) => ethernet(0x86dd, ip6(next, payload))
/** A tag with a priority, whose first byte looks like that of an IPv4 header. */
const tagged = (frame: Bytes, type = 0x8100): Bytes => [
  ...frame.slice(0, 12),
  ...u16(type),
  ...u16(0x4507),
  ...frame.slice(12),
]

/** A frame plain and behind one and two VLAN tags. */
function behindTags(name: string, frame: Bytes): Record<string, Bytes> {
  return {
    [name]: frame,
    [`${name} vlan`]: tagged(frame),
    [`${name} qinq`]: tagged(tagged(frame), 0x88a8),
    [`${name} old qinq`]: tagged(tagged(frame), 0x9100),
  }
}
/** Both families, plain and behind VLAN tags. */
function everywhere(name: string, protocol: number, payload: Bytes): Record<string, Bytes> {
  return {
    ...behindTags(`${name} v4`, on4(protocol, payload)),
    ...behindTags(`${name} v6`, on6(protocol, payload)),
  }
}

function merged(all: readonly Frames[]): Frames {
  return Object.fromEntries(all.flatMap((frames) => Object.entries(frames)))
}

/** All that can carry a hello or what belongs to it. */
export const PASS: Frames = {
  ...everywhere('a hello', TCP, tcp({ flags: ACK | PSH, payload: HELLO })),
  ...everywhere('a later segment of a hello', TCP, tcp({ payload: BULK })),
  ...everywhere('one byte of a hello', TCP, tcp({ payload: [0x16] })),
  ...everywhere('a hello after TCP options', TCP, tcp({ options: 12, payload: HELLO })),
  ...everywhere('a hello with SYN', TCP, tcp({ flags: SYN, options: 20, payload: HELLO })),
  ...everywhere('SYN', TCP, tcp({ flags: SYN, options: 20 })),
  ...everywhere('SYN of the server', TCP, fromServer({ flags: SYN | ACK })),
  ...everywhere('FIN', TCP, tcp({ flags: FIN | ACK })),
  ...everywhere('FIN of the server', TCP, fromServer({ flags: FIN | ACK })),
  ...everywhere('RST', TCP, tcp({ flags: RST })),
  ...everywhere('RST of the server', TCP, fromServer({ flags: RST })),
  ...everywhere('a server hello', TCP, fromServer({ options: 12, payload: [0x16, 3, 3, 0, 80] })),
  ...everywhere('a hello between watched ports', TCP, tcp({ from: 8443, payload: HELLO })),
  ...everywhere('a port in a range', TCP, tcp({ to: 446, payload: HELLO })),
  ...everywhere('QUIC Initial', UDP, udp(SERVER, [0xc3, 0, 0, 0, 1, ...zeros(1195)])),
  ...everywhere('QUIC Initial of the server', UDP, udp(CLIENT, [0xc3, 0, 0, 0, 1], SERVER)),
  ...everywhere('DTLS hello', UDP, udp(SERVER, [0x16, 0xfe, 0xff, 0, 0])),
  ...everywhere('DTLS hello of the server', UDP, udp(CLIENT, [0x16, 0xfe, 0xfd, 0, 0], SERVER)),
  ...everywhere('authentication header', 51, [6, 4, ...zeros(22), ...tcp({ payload: HELLO })]),
  ...behindTags('a hello after IPv4 options', on4(TCP, tcp({ payload: HELLO }), { options: 8 })),
  ...behindTags(
    'a hello after all IPv4 and TCP options',
    on4(TCP, tcp({ options: 40, payload: HELLO }), { options: 40 }),
  ),
  ...behindTags(
    'QUIC after IPv4 options',
    on4(UDP, udp(SERVER, [0xc3, 0, 0, 0, 1]), { options: 8 }),
  ),
  ...behindTags('a first fragment', on4(TCP, fromServer({}), { fragment: 0x2000 })),
  ...behindTags('a later fragment', on4(TCP, BULK, { fragment: 0x2064 })),
  ...behindTags('a last fragment over UDP', on4(UDP, BULK, { fragment: 0x00c8 })),
  ...merged(
    [0, 43, 44, 60, 135, 139, 140].map((header) =>
      behindTags(
        `IPv6 extension header ${header}`,
        on6(header, [6, ...zeros(7), ...tcp({ payload: HELLO })]),
      ),
    ),
  ),
  'a segment too long for Total Length': on4(TCP, tcp({ payload: HELLO })).map((byte, i) =>
    i === 16 || i === 17 ? 0 : byte,
  ),
  'a segment too long for Payload Length': on6(TCP, tcp({ payload: HELLO })).map((byte, i) =>
    i === 18 || i === 19 ? 0 : byte,
  ),
  'three tags': tagged(tagged(tagged(on4(TCP, tcp({ payload: HELLO })))), 0x88a8),
  'IP in SNAP': [
    ...zeros(12),
    ...u16(57),
    ...[0xaa, 0xaa, 3, 0, 0, 0, 8, 0],
    ...ip4(TCP, tcp({ payload: HELLO })),
  ],
}

/** The bulk, and what is none of ours. */
export const DROP: Frames = {
  ...everywhere('bulk of the server', TCP, fromServer({ payload: BULK })),
  ...everywhere('ACK of the server', TCP, fromServer({ options: 12 })),
  ...everywhere('ACK', TCP, tcp({ options: 12 })),
  ...everywhere('one byte of the server', TCP, fromServer({ payload: [0x16] })),
  ...everywhere('another port', TCP, tcp({ to: 80, payload: HELLO })),
  ...everywhere('SYN to another port', TCP, tcp({ to: 444, flags: SYN })),
  ...everywhere('a port beside the range', TCP, tcp({ to: 448, payload: HELLO })),
  ...everywhere('QUIC short header', UDP, udp(SERVER, [0x43, ...zeros(100)])),
  ...everywhere('QUIC short header of the server', UDP, udp(CLIENT, [0x43, ...zeros(100)], SERVER)),
  ...everywhere('QUIC on another port', UDP, udp(444, [0xc3, ...zeros(100)])),
  ...everywhere('DTLS data', UDP, udp(SERVER, [0x17, 0xfe, 0xfd, ...zeros(100)])),
  ...everywhere('an empty datagram', UDP, udp(SERVER, [])),
  ...everywhere('ICMP', 1, zeros(64)),
  ...behindTags('ARP', ethernet(0x0806, zeros(46))),
  ...behindTags('a fragment of ICMP', on4(1, BULK, { fragment: 0x2000 })),
  'spanning tree': [...zeros(12), ...u16(38), 0x42, 0x42, 3, ...zeros(43)],
  'a header cut short': on4(TCP, tcp({ payload: HELLO })).slice(0, 40),
}

/** Tunnels with a hello in them, as far as that matters. */
export const TUNNELS: Frames = {
  ...everywhere('VXLAN', UDP, udp(4789, [8, ...zeros(7), ...on4(TCP, tcp({ payload: HELLO }))])),
  ...everywhere('VXLAN of old Linux', UDP, udp(8472, [8, ...zeros(7), ...on6(TCP, tcp({}))])),
  ...everywhere('GENEVE', UDP, udp(6081, [0, 0, 0x65, 0x58, ...zeros(4), ...on4(TCP, tcp({}))])),
  ...everywhere(
    'GTP-U',
    UDP,
    udp(2152, [0x30, 0xff, ...u16(40), ...zeros(4), ...ip4(TCP, tcp({}))]),
  ),
  ...everywhere('Teredo of the relay', UDP, udp(CLIENT, ip6(TCP, tcp({})), 3544)),
  ...everywhere('MPLS in UDP', UDP, udp(6635, [0, 0, 0x11, 64, ...ip4(TCP, tcp({}))])),
  ...everywhere('TZSP', UDP, udp(37008, [1, 0, 0, 1, 1, ...on4(TCP, tcp({}))])),
  ...everywhere('GRE', 47, [0, 0, 8, 0, ...ip4(TCP, tcp({ payload: HELLO }))]),
  ...everywhere('ERSPAN', 47, [0x10, 0, 0x88, 0xbe, ...zeros(12), ...on4(TCP, tcp({}))]),
  ...everywhere('IPv4 in IP', 4, ip4(TCP, tcp({ payload: HELLO }))),
  ...everywhere('IPv6 in IP', 41, ip6(TCP, tcp({ payload: HELLO }))),
  ...everywhere('Ethernet in IP', 143, on4(TCP, tcp({ payload: HELLO }))),
  ...behindTags('a fragment of GRE', on4(47, BULK, { fragment: 0x2000 })),
  ...behindTags('MPLS', ethernet(0x8847, [0, 0, 0x11, 64, ...ip4(TCP, tcp({ payload: HELLO }))])),
  ...behindTags('PPPoE', ethernet(0x8864, [0x11, 0, 0, 1, 0, 80, 0, 0x21, ...zeros(60)])),
}

/** The bytes of payload that each frame of a stream holds. */
export const STREAM_PAYLOAD = BULK.length

/** A kind of TCP stream: its frames and its SYNs by their distance from the first SYN's sequence number. */
interface Stream {
  readonly bulk: (distance: number) => Bytes
  readonly syn: (distance: number) => Bytes
}
const START = 1000

/** Streams of both families, plain and behind VLAN tags. */
export const STREAMS: Readonly<Record<string, Stream>> = Object.fromEntries(
  Object.keys(everywhere('', TCP, [])).map((name) => {
    const frame = (segment: Segment) =>
      everywhere('', TCP, tcp({ from: 40_000, ...segment }))[name] ?? []
    return [
      name,
      {
        bulk: (distance) => frame({ sequence: START + distance, options: 12, payload: BULK }),
        syn: (distance) => frame({ sequence: START + distance, flags: SYN, options: 20 }),
      },
    ]
  }),
)

const request = (text: string) => [...Buffer.from(`${text} /a?b=c HTTP/1.1\r\n`)]

/** Requests of plain HTTP. */
export const REQUESTS: Frames = merged(
  ['GET', 'POST', 'HEAD', 'PUT', 'OPTIONS', 'DELETE', 'PATCH'].map((method) =>
    everywhere(method, TCP, tcp({ to: 80, options: 12, payload: request(method) })),
  ),
)

/** What else goes between clients and such servers. */
export const NO_REQUESTS: Frames = {
  ...everywhere('the rest of a request', TCP, tcp({ to: 80, payload: BULK })),
  ...everywhere('a short segment', TCP, tcp({ to: 80, payload: [0x47, 0x45, 0x54, 0x20] })),
  ...everywhere('an answer', TCP, tcp({ from: 80, to: CLIENT, payload: request('GET') })),
  ...everywhere('a request to another port', TCP, tcp({ to: 81, payload: request('GET') })),
  ...everywhere('a request over UDP', UDP, udp(80, request('GET'))),
}

/** What servers send after the start of a handshake record, certificates among it. */
export const OF_SERVERS: Frames = {
  ...everywhere('a later segment of a certificate', TCP, fromServer({ payload: BULK })),
  ...everywhere('one byte of the server', TCP, fromServer({ payload: [0x16] })),
}
