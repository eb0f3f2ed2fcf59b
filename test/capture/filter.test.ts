// The expression is run by libpcap itself: tcpdump reads frames made here through it.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { captureFilter } from '../../src/capture/capture-filter.js'

const SERVER = 443
const CLIENT = 50_000
const [FIN, SYN, RST, PSH, ACK] = [1, 2, 4, 8, 16]
const HELLO = [0x16, 3, 1, 6, 0, 1, 0, 5, 0xfc]
const BULK = new Array<number>(1200).fill(0x17)

type Octets = readonly number[]
const u16 = (value: number): number[] => [value >> 8, value & 0xff]
const zeros = (count: number): number[] => new Array<number>(count).fill(0)

interface Segment {
  readonly from?: number
  readonly to?: number
  readonly flags?: number
  /** Octets of TCP options, a multiple of 4. */
  readonly options?: number
  readonly payload?: Octets
}
function tcp({
  from = CLIENT,
  to = SERVER,
  flags = ACK,
  options = 0,
  payload = [],
}: Segment): Octets {
  const offset = (20 + options) << 2
  return [...u16(from), ...u16(to), ...zeros(8), offset, flags, ...zeros(6 + options), ...payload]
}
function udp(to: number, payload: Octets, from = CLIENT): Octets {
  return [...u16(from), ...u16(to), ...u16(8 + payload.length), 0, 0, ...payload]
}
interface Header {
  /** Octets of IPv4 options, a multiple of 4. */
  readonly options?: number
  /** Flags and fragment offset. */
  readonly fragment?: number
}
function ip4(
  protocol: number,
  payload: Octets,
  { options = 0, fragment = 0 }: Header = {},
): Octets {
  const len = 20 + options + payload.length
  return [
    ...[0x45 + options / 4, 0, ...u16(len), 0, 0, ...u16(fragment), 64, protocol, 0, 0],
    ...[10, 0, 0, 1, 10, 0, 0, 2, ...zeros(options), ...payload],
  ]
}
function ip6(next: number, payload: Octets): Octets {
  return [0x60, 0, 0, 0, ...u16(payload.length), next, 64, ...zeros(32), ...payload]
}
/** An Ethernet frame, padded to its least length as cards do. */
function ethernet(type: number, payload: Octets): Octets {
  const frame = [...zeros(12), ...u16(type), ...payload]
  return [...frame, ...zeros(Math.max(0, 60 - frame.length))]
}
const on4 = (protocol: number, payload: Octets, header?: Header) =>
  ethernet(0x0800, ip4(protocol, payload, header))
const on6 = (next: number, payload: Octets) => ethernet(0x86dd, ip6(next, payload))
const tagged = (frame: Octets, type = 0x8100): Octets => [
  ...frame.slice(0, 12),
  ...u16(type),
  ...u16(7),
  ...frame.slice(12),
]

/** Both families, plain and behind one and two VLAN tags. */
function everywhere(name: string, protocol: number, payload: Octets): Record<string, Octets> {
  const frames: Record<string, Octets> = {}
  for (const [family, frame] of [
    ['v4', on4(protocol, payload)],
    ['v6', on6(protocol, payload)],
  ] as const) {
    frames[`${name} ${family}`] = frame
    frames[`${name} ${family} vlan`] = tagged(frame)
    frames[`${name} ${family} qinq`] = tagged(tagged(frame), 0x88a8)
  }
  return frames
}

const PASS: Record<string, Octets> = {
  ...everywhere('a hello', 6, tcp({ flags: ACK | PSH, payload: HELLO })),
  ...everywhere('a later segment of a hello', 6, tcp({ payload: BULK })),
  ...everywhere('one octet of a hello', 6, tcp({ payload: [0x16] })),
  ...everywhere('a hello after TCP options', 6, tcp({ options: 12, payload: HELLO })),
  ...everywhere('a hello with SYN', 6, tcp({ flags: SYN, options: 20, payload: HELLO })),
  ...everywhere('SYN', 6, tcp({ flags: SYN, options: 20 })),
  ...everywhere('SYN of the server', 6, tcp({ from: SERVER, to: CLIENT, flags: SYN | ACK })),
  ...everywhere('FIN', 6, tcp({ flags: FIN | ACK })),
  ...everywhere('FIN of the server', 6, tcp({ from: SERVER, to: CLIENT, flags: FIN | ACK })),
  ...everywhere('RST of the server', 6, tcp({ from: SERVER, to: CLIENT, flags: RST })),
  ...everywhere(
    'a server hello',
    6,
    tcp({ from: SERVER, to: CLIENT, options: 12, payload: [0x16, 3, 3, 0, 80, 2] }),
  ),
  ...everywhere('a hello between watched ports', 6, tcp({ from: 8443, payload: HELLO })),
  ...everywhere('a port in a range', 6, tcp({ to: 446, payload: HELLO })),
  ...everywhere('QUIC Initial', 17, udp(SERVER, [0xc3, 0, 0, 0, 1, ...zeros(1195)])),
  ...everywhere('QUIC Initial of the server', 17, udp(CLIENT, [0xc3, 0, 0, 0, 1], SERVER)),
  ...everywhere('DTLS hello', 17, udp(SERVER, [0x16, 0xfe, 0xff, 0, 0])),
  'a hello after IPv4 options': on4(6, tcp({ payload: HELLO }), { options: 8 }),
  'a hello after IPv4 and TCP options': on4(6, tcp({ options: 40, payload: HELLO }), {
    options: 40,
  }),
  'a segment too long for Total Length': on4(6, tcp({ payload: HELLO })).map((octet, i) =>
    i === 16 || i === 17 ? 0 : octet,
  ),
  'a first fragment': on4(6, tcp({ from: SERVER, to: CLIENT }), { fragment: 0x2000 }),
  'a later fragment': on4(6, BULK, { fragment: 0x2064 }),
  'a last fragment over UDP': on4(17, BULK, { fragment: 0x00c8 }),
  ...Object.fromEntries(
    [0, 43, 44, 51, 60, 135, 139, 140].map((header) => [
      `IPv6 extension header ${header}`,
      on6(header, [6, ...zeros(7), ...tcp({ payload: HELLO })]),
    ]),
  ),
  'authentication header': on4(51, [6, 4, ...zeros(22), ...tcp({ payload: HELLO })]),
}

const DROP: Record<string, Octets> = {
  ...everywhere('bulk of the server', 6, tcp({ from: SERVER, to: CLIENT, payload: BULK })),
  ...everywhere('ACK of the server', 6, tcp({ from: SERVER, to: CLIENT, options: 12 })),
  ...everywhere('ACK', 6, tcp({ options: 12 })),
  ...everywhere('one octet of the server', 6, tcp({ from: SERVER, to: CLIENT, payload: [0x16] })),
  ...everywhere('another port', 6, tcp({ to: 80, payload: HELLO })),
  ...everywhere('SYN to another port', 6, tcp({ to: 444, flags: SYN })),
  ...everywhere('a port beside the range', 6, tcp({ to: 448, payload: HELLO })),
  ...everywhere('QUIC short header', 17, udp(SERVER, [0x43, ...zeros(100)])),
  ...everywhere('QUIC on another port', 17, udp(444, [0xc3, ...zeros(100)])),
  ...everywhere('DTLS data', 17, udp(SERVER, [0x17, 0xfe, 0xfd, ...zeros(100)])),
  ...everywhere('an empty datagram', 17, udp(SERVER, [])),
  ...everywhere('ICMP', 1, zeros(64)),
  ARP: ethernet(0x0806, zeros(46)),
  'a fragment of ICMP': on4(1, BULK, { fragment: 0x2000 }),
  'a header cut short': on4(6, tcp({ payload: HELLO })).slice(0, 40),
}

const VXLAN = udp(4789, [8, ...zeros(7), ...on4(6, tcp({ payload: HELLO }))])
const TUNNELS: Record<string, Octets> = {
  ...everywhere('VXLAN', 17, VXLAN),
  ...everywhere('GRE', 47, [0, 0, 8, 0, ...ip4(6, tcp({ payload: HELLO }))]),
  ...everywhere('IPv4 in IP', 4, ip4(6, tcp({ payload: HELLO }))),
  ...everywhere('GTP-U', 17, udp(2152, zeros(60))),
  ...everywhere('MPLS in UDP', 17, udp(6635, zeros(60))),
  MPLS: ethernet(0x8847, [0, 0, 0x11, 64, ...ip4(6, tcp({ payload: HELLO }))]),
  'PPPoE in a VLAN': tagged(ethernet(0x8864, [0x11, 0, 0, 1, 0, 80, 0, 0x21, ...zeros(60)])),
}

describe('capture filter', function () {
  let folder: string | undefined
  before(function () {
    try {
      execFileSync('tcpdump', ['--version'], { stdio: 'ignore' })
    } catch {
      console.log('      skipped: tcpdump is not installed')
      this.skip()
    }
    folder = mkdtempSync(join(tmpdir(), 'hellotap-filter-'))
  })
  after(() => {
    if (folder !== undefined) rmSync(folder, { recursive: true })
  })

  /** Names of the frames libpcap lets through. */
  function passing(frames: Record<string, Octets>, filter: string, linkType = 1): string[] {
    const file = join(folder ?? '', 'frames.pcap')
    const header = Buffer.alloc(24)
    header.writeUInt32LE(0xa1b2c3d4, 0)
    header.writeUInt16LE(2, 4)
    header.writeUInt16LE(4, 6)
    header.writeUInt32LE(65_535, 16)
    header.writeUInt32LE(linkType, 20)
    const records = Object.values(frames).flatMap((frame, i) => {
      const record = Buffer.alloc(16)
      record.writeUInt32LE(i, 0)
      record.writeUInt32LE(frame.length, 8)
      record.writeUInt32LE(frame.length, 12)
      return [record, Buffer.from(frame)]
    })
    writeFileSync(file, Buffer.concat([header, ...records]))
    const out = execFileSync('tcpdump', ['-r', file, '-w', '-', filter], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const names = Object.keys(frames)
    const passed: string[] = []
    // the second of each frame's time is its number
    for (let off = 24; off < out.length; off += 16 + out.readUInt32LE(off + 8))
      passed.push(names[out.readUInt32LE(off)] ?? '')
    return passed
  }

  const filter = captureFilter([443, 8443, 445, 446, 447])

  it('passes all that can carry a hello', () => {
    expect(passing(PASS, filter)).to.deep.equal(Object.keys(PASS))
  })
  it('drops the bulk, acknowledgements and other ports', () => {
    expect(passing(DROP, filter)).to.deep.equal([])
  })
  it('passes tunnels only where asked to', () => {
    expect(passing(TUNNELS, filter)).to.deep.equal([])
    const withTunnels = captureFilter([443], { tunnels: true, vlan: true })
    expect(passing(TUNNELS, withTunnels)).to.deep.equal(Object.keys(TUNNELS))
    expect(passing({ ...DROP }, withTunnels)).to.deep.equal([])
  })
  it('passes requests of plain HTTP only where asked to', () => {
    const request = (text: string) => [...Buffer.from(`${text} /a?b=c HTTP/1.1\r\n`)]
    const methods = ['GET', 'POST', 'HEAD', 'PUT', 'OPTIONS', 'DELETE', 'PATCH']
    const requests = Object.assign(
      {},
      ...methods.map((method) =>
        everywhere(method, 6, tcp({ to: 80, options: 12, payload: request(method) })),
      ),
    ) as Record<string, Octets>
    const others = {
      ...everywhere('the rest of a request', 6, tcp({ to: 80, payload: BULK })),
      ...everywhere('a short segment', 6, tcp({ to: 80, payload: [0x47, 0x45, 0x54, 0x20] })),
      ...everywhere('an answer', 6, tcp({ from: 80, to: CLIENT, payload: request('GET') })),
      ...everywhere('a request to another port', 6, tcp({ to: 81, payload: request('GET') })),
      ...everywhere('a request over UDP', 17, udp(80, request('GET'))),
    }
    const withHttp = captureFilter([443], { tunnels: false, vlan: true, httpPorts: [80, 8080] })
    expect(passing(requests, withHttp)).to.deep.equal(Object.keys(requests))
    expect(passing(others, withHttp)).to.deep.equal([])
    expect(passing(requests, captureFilter([443]))).to.deep.equal([])
    expect(captureFilter([443], { tunnels: false, vlan: true, httpPorts: [] })).to.equal(
      captureFilter([443]),
    )
  })
  it('does the same on link types that refuse the word vlan', () => {
    const isPlain = (name: string) => !/vlan|qinq|VLAN|MPLS|ARP|cut/.test(name)
    const raw = (frames: Record<string, Octets>) =>
      Object.fromEntries(
        Object.entries(frames)
          .filter(([name]) => isPlain(name))
          .map(([name, frame]) => [name, frame.slice(14)]),
      )
    const withoutVlan = captureFilter([443, 8443, 445, 446, 447], { tunnels: false, vlan: false })
    expect(passing(raw(PASS), withoutVlan, 101)).to.deep.equal(Object.keys(raw(PASS)))
    expect(passing(raw(DROP), withoutVlan, 101)).to.deep.equal([])
  })
  it('compiles for every link type of live interfaces, within what the kernel takes', () => {
    const ports = Array.from({ length: 64 }, (_, i) => 1000 + 2 * i)
    for (const tunnels of [false, true])
      for (const [type, vlan] of [
        ['EN10MB', true],
        ['RAW', false],
        ['LINUX_SLL', false],
        ['NULL', false],
      ] as const) {
        const expression = captureFilter(ports, { tunnels, vlan, httpPorts: [80, 8000] })
        const listing = execFileSync('tcpdump', ['-y', type, '-d', expression], {
          stdio: ['ignore', 'pipe', 'ignore'],
        })
        expect(listing.toString().trim().split('\n').length).to.be.below(4096)
      }
  })
  it('is empty without ports, and the same whatever their order', () => {
    expect(captureFilter([])).to.equal('')
    expect(captureFilter([8443, 443, 443])).to.equal(captureFilter([443, 8443]))
    expect(captureFilter([445, 443, 444]))
      .to.contain('>= 443')
      .and.to.contain('<= 445')
  })
})
