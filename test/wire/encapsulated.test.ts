import { expect } from 'chai'
import fc from 'fast-check'
import { newCounters } from '../../src/base/counters.js'
import { MALFORMED, TRUNCATED, UNSUPPORTED } from '../../src/base/fault.js'
import { MAX_HEADER_DEPTH, MAX_MPLS_LABELS } from '../../src/base/limits.js'
import { MAX_ENCAPSULATIONS, PROTOCOL_UDP, Packet } from '../../src/model/packet.js'
import { FrameDecoder } from '../../src/wire/frame-decoder.js'
import { hex } from '../support.js'
import { INNER_V4, PAYLOAD, TUPLE_V4, TUPLE_V6, cat, ethernet, ipv4, udp } from './build.js'
import { CASES } from './cases.js'
import { counted, decodeFrame } from './decoding.js'

/** What of a result must not depend on bytes the frame does not have. */
function outcome(bytes: Uint8Array, caplen: number, wirelen: number, linkType: number): string {
  const packet = new Packet()
  const counters = newCounters()
  const result = new FrameDecoder(counters).decode(bytes, 0, caplen, wirelen, linkType, 0, packet)
  const { srcPort, dstPort, seq, flags, payloadOff, payloadLen, payloadWireLen } = packet
  const fields = [srcPort, dstPort, seq, flags, payloadOff, payloadLen, payloadWireLen]
  return JSON.stringify([result, result < 0 ? 0 : fields, counted(counters)])
}

describe('a frame of each kind', () => {
  for (const { name, linkType, frame, version, tunnel, vlan } of CASES) {
    it(`${name}: gives the innermost segment`, () => {
      const decoded = decodeFrame(frame, linkType)
      expect(counted(decoded.counters)).to.deep.equal({})
      expect(decoded.tuple).to.equal(version === 6 ? TUPLE_V6 : TUPLE_V4)
      expect(decoded.tunnel).to.equal(tunnel ?? '')
      expect(decoded.payload).to.equal(PAYLOAD)
      expect(decoded.packet.vlan).to.equal(vlan ?? -1)
      expect(decoded.packet.payloadWireLen).to.equal(4)
      expect(decoded.packet.seq).to.equal(0xfffffff0)
      expect(decoded.packet.flags).to.equal(0x18)
    })
  }

  it('is truncated at every shorter snaplen, or gives what is left of the payload', () => {
    for (const { name, linkType, frame } of CASES) {
      for (let caplen = 0; caplen < frame.length; caplen++) {
        const cut = decodeFrame(frame.slice(0, caplen), linkType, frame.length)
        const at = `${name} cut to ${caplen}`
        // A datagram whose tunnel header is cut is still a datagram.
        if (cut.result === PROTOCOL_UDP) expect(cut.counters.tunnel_port_only, at).to.equal(1)
        else if (cut.result < 0) expect(cut.result, at).to.equal(TRUNCATED)
        else expect(cut.packet.payloadLen, at).to.be.at.most(4)
        if (cut.result >= 0)
          expect(cut.packet.payloadOff + cut.packet.payloadLen).to.be.at.most(caplen)
        const counts = Object.values(counted(cut.counters))
        expect(counts.length, at).to.equal(cut.result < 0 || cut.result === PROTOCOL_UDP ? 1 : 0)
      }
    }
  })

  it('never reads past its end, whatever stands there, with any byte changed', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...CASES),
        fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 4 }),
        fc.nat(200),
        fc.boolean(),
        ({ frame, linkType }, changes, cut, isCut) => {
          const caplen = Math.min(cut, frame.length)
          const wirelen = isCut ? frame.length : caplen
          const zeros = cat(frame.slice(0, caplen), '00'.repeat(256))
          for (const [at, value] of changes) if (at < caplen) zeros[at] = value
          const ones = zeros.slice().fill(0xff, caplen)
          const shifted = zeros.slice().fill(0x45, caplen)
          const first = outcome(zeros, caplen, wirelen, linkType)
          return (
            first === outcome(ones, caplen, wirelen, linkType) &&
            first === outcome(shifted, caplen, wirelen, linkType)
          )
        },
      ),
      { numRuns: 4000 },
    )
  })

  it('never reads past its end, whatever the bytes', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...new Set(CASES.map((c) => c.linkType))),
        fc.uint8Array({ maxLength: 120 }),
        (linkType, bytes) => {
          const zeros = cat(bytes, '00'.repeat(256))
          const ones = zeros.slice().fill(0xff, bytes.length)
          const length = bytes.length
          return (
            outcome(zeros, length, length, linkType) === outcome(ones, length, length, linkType)
          )
        },
      ),
      { numRuns: 4000 },
    )
  })

  it('counts each fault once, by one name', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...CASES),
        fc.nat(200),
        fc.nat(255),
        ({ frame, linkType }, at, value) => {
          const changed = frame.slice()
          changed[at % frame.length] = value
          const { result, counters } = decodeFrame(changed, linkType)
          const sum = Object.values(counted(counters)).reduce((a, b) => a + b, 0)
          return result >= 0 ? sum - counters.tunnel_port_only === 0 : sum >= 1 && sum <= 2
        },
      ),
      { numRuns: 4000 },
    )
  })
})

/** Result and counters of a frame that has none of it. */
function faultOf(linkType: number, ...parts: (string | Uint8Array)[]): [number, string] {
  const { result, counters } = decodeFrame(cat(...parts), linkType)
  return [result, Object.keys(counted(counters)).join()]
}
const over = (port: number, payload: string | Uint8Array): Uint8Array =>
  ethernet('0800', ipv4(17, udp(50000, port, cat(payload))))
const gre = (...parts: (string | Uint8Array)[]): Uint8Array => ipv4(47, cat(...parts))

/** A present word that ends the list, and a data frame. */
const RADIOTAP_REST = `00000000 0801 0000 ${'02'.repeat(18)} 1000 aaaa03 000000 0800`

describe('faults by name', () => {
  const cases: [string, [number, string], number, string][] = [
    ['link type nobody knows', faultOf(147, INNER_V4), UNSUPPORTED, 'link_type_unsupported'],
    ['ARP', faultOf(1, ethernet('0806', hex('0001'))), UNSUPPORTED, 'link_payload_other'],
    [
      'a type that is neither',
      faultOf(1, ethernet('05ff', INNER_V4)),
      UNSUPPORTED,
      'link_payload_other',
    ],
    [
      'spanning tree',
      faultOf(1, ethernet('0026', hex('424203 0000'))),
      UNSUPPORTED,
      'link_payload_other',
    ],
    [
      'SNAP of Cisco',
      faultOf(1, ethernet('0010', hex('aaaa03 00000c 2000'))),
      UNSUPPORTED,
      'link_payload_other',
    ],
    ['a frame shorter than its header', faultOf(1, '0200 0000'), MALFORMED, 'link_malformed'],
    ['no frame at all', faultOf(1), MALFORMED, 'link_malformed'],
    ['PPPoE version 2', faultOf(51, '2100 0001 0002 0021'), MALFORMED, 'link_malformed'],
    ['PPPoE discovery', faultOf(51, '1109 0001 0002 0021'), UNSUPPORTED, 'link_payload_other'],
    ['LCP', faultOf(9, 'ff03 c021 0101'), UNSUPPORTED, 'link_payload_other'],
    [
      'MPLS without bottom',
      faultOf(219, '00064040'.repeat(MAX_MPLS_LABELS + 1), INNER_V4),
      MALFORMED,
      'link_malformed',
    ],
    [
      'MPLS over what is unknown',
      faultOf(219, '00064140', 'ff'.repeat(40)),
      UNSUPPORTED,
      'link_payload_other',
    ],
    [
      'loopback of another family',
      faultOf(0, '00000007', INNER_V4),
      UNSUPPORTED,
      'link_payload_other',
    ],
    ['802.11 beacon', faultOf(105, '8000', '00'.repeat(40)), UNSUPPORTED, 'link_payload_other'],
    [
      '802.11 without data',
      faultOf(105, '4801', '00'.repeat(22)),
      UNSUPPORTED,
      'link_payload_other',
    ],
    ['802.11 protected', faultOf(105, '0841', '00'.repeat(60)), UNSUPPORTED, 'link_payload_other'],
    [
      '802.11 fragment',
      faultOf(105, '0801', '00'.repeat(20), '0100', '00'.repeat(40)),
      UNSUPPORTED,
      'link_payload_other',
    ],
    [
      '802.11 of another version',
      faultOf(105, '0901', '00'.repeat(60)),
      MALFORMED,
      'link_malformed',
    ],
    ['radiotap version 1', faultOf(127, '01000800 00000000'), MALFORMED, 'link_malformed'],
    [
      'radiotap shorter than itself',
      faultOf(127, '00000700 00000000'),
      MALFORMED,
      'link_malformed',
    ],
    [
      'radiotap with words past its end',
      faultOf(127, '00000800 00000080', RADIOTAP_REST),
      MALFORMED,
      'link_malformed',
    ],
    [
      'radiotap of endless words',
      faultOf(127, '0000ff00', 'ffffffff'.repeat(80)),
      MALFORMED,
      'link_malformed',
    ],
    [
      'Prism of no length',
      faultOf(119, '44000000 00000000', '00'.repeat(40)),
      MALFORMED,
      'link_malformed',
    ],
    [
      'AVS without magic',
      faultOf(163, '00000000 00000040', '00'.repeat(80)),
      MALFORMED,
      'link_malformed',
    ],
    ['PPI in PPI', faultOf(192, '00000800 c0000000'), UNSUPPORTED, 'link_payload_other'],
    ['PPI shorter than itself', faultOf(192, '00000700 01000000'), MALFORMED, 'link_malformed'],
    [
      'NFLOG of bridges',
      faultOf(239, '07 00 0000', '0400 0900'),
      UNSUPPORTED,
      'link_payload_other',
    ],
    [
      'NFLOG attribute of no length',
      faultOf(239, '02 00 0000', '0000 0100'),
      MALFORMED,
      'link_malformed',
    ],
    [
      'NFLOG without payload',
      faultOf(239, '02 00 0000', '0400 0100'.repeat(40)),
      MALFORMED,
      'link_malformed',
    ],
    [
      'PKTAP that is no packet',
      faultOf(258, '0c000000 02000000 01000000'),
      UNSUPPORTED,
      'link_payload_other',
    ],
    [
      'PKTAP shorter than itself',
      faultOf(258, '08000000 01000000 01000000'),
      MALFORMED,
      'link_malformed',
    ],
    ['raw of neither version', faultOf(101, '55', '00'.repeat(40)), MALFORMED, 'ipv4_malformed'],
    ['IPv4 of version 5', faultOf(228, '55', '00'.repeat(40)), MALFORMED, 'ipv4_malformed'],
    ['IPv4 header of 16 bytes', faultOf(228, '44', '00'.repeat(40)), MALFORMED, 'ipv4_malformed'],
    [
      'IPv4 shorter than its header',
      faultOf(228, '46000014', '00'.repeat(40)),
      MALFORMED,
      'ipv4_malformed',
    ],
    ['ICMP', faultOf(228, ipv4(1, hex('0800'))), UNSUPPORTED, 'ip_payload_other'],
    ['ESP', faultOf(228, ipv4(50, hex('00000001'))), UNSUPPORTED, 'ip_payload_other'],
    [
      'IPv6 options in IPv4',
      faultOf(228, ipv4(60, cat('0600', '00'.repeat(26)))),
      UNSUPPORTED,
      'ip_payload_other',
    ],
    ['IPv6 of version 4', faultOf(229, '40', '00'.repeat(60)), MALFORMED, 'ipv6_malformed'],
    [
      'IPv6 without next header',
      faultOf(229, '60000000 0000 3b 40', '00'.repeat(32)),
      UNSUPPORTED,
      'ip_payload_other',
    ],
    [
      'IPv6 extension beyond the packet',
      faultOf(229, '60000000 0008 3c 40', '00'.repeat(32), '0601', '00'.repeat(14)),
      MALFORMED,
      'ipv6_malformed',
    ],
    [
      'a jumbogram that is none',
      faultOf(229, '60000000 0000 00 40', '00'.repeat(32), '0600 c204 0000ffff'),
      MALFORMED,
      'ipv6_malformed',
    ],
    [
      'TCP header of 16 bytes',
      faultOf(228, ipv4(6, hex(`${'00'.repeat(12)}40${'00'.repeat(7)}`))),
      MALFORMED,
      'tcp_malformed',
    ],
    [
      'TCP header beyond the packet',
      faultOf(228, ipv4(6, hex(`${'00'.repeat(12)}60${'00'.repeat(7)}`))),
      MALFORMED,
      'tcp_malformed',
    ],
    ['TCP of ten bytes', faultOf(228, ipv4(6, hex('00'.repeat(10)))), MALFORMED, 'tcp_malformed'],
    [
      'UDP of length 7',
      faultOf(228, ipv4(17, hex('0001000200070000'))),
      MALFORMED,
      'udp_malformed',
    ],
    ['UDP of six bytes', faultOf(228, ipv4(17, hex('000100020008'))), MALFORMED, 'udp_malformed'],
    ['GRE version 2', faultOf(228, gre('0002 0800')), MALFORMED, 'tunnel_malformed'],
    ['GRE keepalive', faultOf(228, gre('0000 0000')), UNSUPPORTED, 'tunnel_payload_other'],
    ['GRE cut on the wire', faultOf(228, gre('b000 0800 0000')), MALFORMED, 'tunnel_malformed'],
    [
      'GRE route beyond the packet',
      faultOf(228, gre('4000 0800 00000000 0800 00ff')),
      MALFORMED,
      'tunnel_malformed',
    ],
    [
      'PPTP acknowledgment alone',
      faultOf(228, gre('2081 880b 0000 0001 00000001')),
      UNSUPPORTED,
      'tunnel_payload_other',
    ],
    [
      'PPTP of another protocol',
      faultOf(228, gre('3001 0800 0000 0001 00000001')),
      MALFORMED,
      'tunnel_malformed',
    ],
    [
      'ERSPAN II of version 7',
      faultOf(228, gre('1000 88be 00000001 7000 0001 00000000')),
      MALFORMED,
      'tunnel_malformed',
    ],
    [
      'ERSPAN III of infrared',
      faultOf(228, gre('1000 22eb 00000001 2000 0001 00000000 0000 0400')),
      UNSUPPORTED,
      'tunnel_payload_other',
    ],
    [
      'GENEVE with ARP',
      faultOf(1, over(6081, cat('0000 0806 00000000'))),
      UNSUPPORTED,
      'link_payload_other',
    ],
  ]
  for (const [name, [result, counter], fault, want] of cases) {
    it(name, () => {
      expect(counter).to.equal(want)
      expect(result).to.equal(fault)
    })
  }

  it('stops at too many tunnels', () => {
    let packet = INNER_V4
    for (let i = 0; i < MAX_ENCAPSULATIONS; i++) packet = ipv4(4, packet)
    expect(decodeFrame(packet, 101).tuple).to.equal(TUPLE_V4)
    expect(faultOf(101, ipv4(4, packet))).to.deep.equal([UNSUPPORTED, 'header_depth_exceeded'])
  })

  it('stops at too many headers', () => {
    const tags = '8100 0001'.repeat(MAX_HEADER_DEPTH)
    const fault = faultOf(1, ethernet(`${tags}0800`, INNER_V4))
    expect(fault).to.deep.equal([UNSUPPORTED, 'header_depth_exceeded'])
  })
})

describe('a datagram on the port of a tunnel', () => {
  const quic = `c000000001 08 ${'a5'.repeat(60)}`
  const cases: [string, number, string][] = [
    ['QUIC long header', 4789, quic],
    ['QUIC short header', 8472, `4f${'a5'.repeat(60)}`],
    ['DTLS', 4790, `16fefd ${'00'.repeat(60)}`],
    ['QUIC', 6081, quic],
    ['QUIC', 2152, quic],
    ['GTP-U echo request', 2152, '32 01 0004 00000000 0001 0000'],
    ['GTP-U longer than the datagram', 2152, '30 ff 00ff 00000000 45000000'],
    ['GTP-U of what is no IP', 2152, '30 ff 0004 00000000 05000000'],
    ['GTP-U of an extension without length', 2152, '34 ff 0008 00000000 000000 85 00000000'],
    ['QUIC short header that looks like IPv6', 3544, `60${'a5'.repeat(60)}`],
    ['IPv6 with bytes behind it', 3544, `60000000 0004 3b 40 ${'00'.repeat(44)}`],
    ['QUIC', 37008, quic],
    ['TZSP keepalive', 37008, '01 04 0000 01'],
    ['TZSP of endless padding', 37008, `01 00 0001 ${'00'.repeat(64)}`],
    ['QUIC', 6635, quic],
    ['GENEVE of version 1', 6081, '4000 6558 00000000'],
    ['VXLAN without identifier', 4789, `0000000000006400 ${'00'.repeat(20)}`],
    ['VXLAN-GPE for operators', 4790, `0d00000100006400 ${'00'.repeat(20)}`],
    ['nothing', 4789, ''],
  ]
  for (const [name, port, payload] of cases) {
    it(`${port}: ${name} is given as it is`, () => {
      const decoded = decodeFrame(over(port, payload), 1)
      expect(decoded.tuple).to.equal(`udp 192.0.2.1 50000 > 192.0.2.2 ${port}`)
      expect(decoded.payload).to.equal(payload.replaceAll(' ', ''))
      expect(decoded.tunnel).to.equal('')
      expect(counted(decoded.counters)).to.deep.equal({ tunnel_port_only: 1 })
    })
  }
})
