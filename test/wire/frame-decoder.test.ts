import { expect } from 'chai'
import fc from 'fast-check'
import { newCounters } from '../../src/base/counters.js'
import { MALFORMED, TRUNCATED, UNSUPPORTED } from '../../src/base/fault.js'
import type { PacketBlock } from '../../src/model/packet-block.js'
import { newPacketBlock } from '../../src/model/packet-block.js'
import { PROTOCOL_TCP, PROTOCOL_UDP, Packet } from '../../src/model/packet.js'
import { ENCAPSULATION_NAMES } from '../../src/wire/encapsulation.js'
import { FrameDecoder } from '../../src/wire/frame-decoder.js'
import { decodeTcp } from '../../src/wire/tcp.js'
import { decodeUdp } from '../../src/wire/udp.js'
import { allocatedPerCall, hex } from '../support.js'
import { INNER_V4, SEGMENT, cat, ethernet, ipv4, ipv6, tcp, udp } from './build.js'
import { CASES, TUNNEL_CASES } from './cases.js'
import { counted, decodeFrame } from './decoding.js'

const RAW = 101
const ETHERNET = 1

/** All a frame's decode says, wherever the packet lies. */
function said(bytes: Uint8Array, linkType: number, skipped: number, wirelen: number): unknown {
  const { result, tuple, payload, packet, counters } = decodeFrame(bytes, linkType, wirelen)
  const { seq, flags, payloadOff, payloadWireLen, ipVersion } = packet
  const fields = [seq, flags, payloadOff - skipped, payloadWireLen, ipVersion]
  return [result, tuple, payload, counted(counters), result < 0 ? [] : fields]
}

describe('FrameDecoder', () => {
  it('reads the same from the path for IPv4 over Ethernet as from the loop', () => {
    const packets = fc.oneof(
      fc.uint8Array({ maxLength: 60 }).map((payload) => ipv4(6, tcp(1, 2, payload))),
      fc.uint8Array({ maxLength: 60 }).map((payload) => ipv4(17, udp(1, 2, payload))),
      fc.uint8Array({ maxLength: 60 }).map((payload) => ipv4(47, payload)),
      fc.uint8Array({ maxLength: 60 }).map((payload) => ipv4(6, tcp(1, 2, payload, '01010402'))),
    )
    fc.assert(
      fc.property(
        packets,
        fc.array(fc.tuple(fc.nat(47), fc.nat(255)), { maxLength: 3 }),
        fc.nat(40),
        fc.boolean(),
        (packet, changes, cut, isTagged) => {
          for (const [at, value] of changes) packet[at] = value
          packet[0] = ((packet[0] ?? 0x45) % 16) | 0x40
          const whole = ethernet(isTagged ? '8100 0001 0800' : '0800', packet)
          const skipped = isTagged ? 18 : 14
          const framed = whole.slice(0, Math.max(skipped, whole.length - cut))
          const bare = packet.slice(0, Math.max(0, packet.length - cut))
          expect(said(framed, ETHERNET, skipped, whole.length)).to.deep.equal(
            said(bare, 228, 0, packet.length),
          )
        },
      ),
      { numRuns: 3000 },
    )
  })

  it('never takes a trailer for payload', () => {
    const padded = decodeFrame(
      cat(ethernet('0800', ipv4(6, tcp(1, 2, hex('')))), '00'.repeat(6)),
      1,
    )
    expect([padded.result, padded.payload, padded.packet.payloadWireLen]).to.deep.equal([6, '', 0])
    const trailer = decodeFrame(cat(ethernet('86dd', ipv6(17, udp(1, 2, hex('aa')))), 'ffff'), 1)
    expect([trailer.result, trailer.payload]).to.deep.equal([17, 'aa'])
  })

  it('reads total length 0 to the end of the frame, as offload writes it', () => {
    const packet = ipv4(6, tcp(1, 2, new Uint8Array(300).fill(7)))
    packet[2] = packet[3] = 0
    for (const decoded of [
      decodeFrame(packet, RAW),
      decodeFrame(ethernet('0800', packet), ETHERNET),
    ]) {
      expect(decoded.packet.payloadLen).to.equal(300)
      expect(decoded.packet.payloadWireLen).to.equal(300)
    }
    const six = ipv6(6, tcp(1, 2, new Uint8Array(300)))
    six[4] = six[5] = 0
    expect(decodeFrame(six, RAW).packet.payloadLen).to.equal(300)
  })

  it('takes the frame check sequence radiotap tells of for no payload', () => {
    const packet = ipv4(6, SEGMENT)
    packet[2] = packet[3] = 0
    const dataFrame = `0801 0000 ${'02'.repeat(18)} 1000 aaaa03 000000 0800`
    const frame = cat('0000 0900 02000000 10', dataFrame, packet, '11223344')
    expect(decodeFrame(frame, 127).payload).to.equal('16030100')
    const cut = decodeFrame(frame.slice(0, -5), 127, frame.length)
    expect([cut.payload, cut.packet.payloadWireLen]).to.deep.equal(['160301', 4])
  })

  it('ends where the link layer says, if IP does not', () => {
    const packet = ipv4(6, SEGMENT)
    packet[2] = packet[3] = 0
    const padded = cat(packet, 'ffff')
    const snap = 'aaaa03 000000 0800'
    const frames: [number, Uint8Array][] = [
      [51, cat('1100 0001 002e 0021', padded)],
      [ETHERNET, ethernet('0034', cat(snap, padded))],
      [239, cat('02 00 0001 3000 0900', padded)],
    ]
    for (const [linkType, frame] of frames) {
      expect(decodeFrame(frame, linkType).payload).to.equal('16030100')
    }
  })

  it('names the header the snaplen cut', () => {
    const names: [string, number, string][] = [
      ['IPv4 options', 22, 'ipv4_truncated'],
      ['IPv6 hop-by-hop', 14 + 44, 'ipv6_truncated'],
      ['GRE', 14 + 22, 'tunnel_truncated'],
      ['ERSPAN III, subheader', 14 + 20 + 8 + 16, 'tunnel_truncated'],
      ['Ethernet', 14 + 30, 'tcp_truncated'],
      ['PPPoE', 18, 'link_truncated'],
    ]
    for (const [name, caplen, counter] of names) {
      const found = CASES.find((c) => c.name === name)
      const frame = found?.frame ?? hex('')
      const cut = decodeFrame(frame.slice(0, caplen), found?.linkType ?? -1, frame.length)
      expect(counted(cut.counters), name).to.deep.equal({ [counter]: 1 })
    }
  })

  it('reads a jumbogram by its option', () => {
    const segment = tcp(1, 2, new Uint8Array(70_000).fill(9))
    const jumbo = ipv6(0, cat('0600 c204 0001 118c', segment))
    jumbo.set([0, 0], 4)
    const decoded = decodeFrame(cat(jumbo, 'ffff'), RAW)
    expect(decoded.result).to.equal(PROTOCOL_TCP)
    expect(decoded.packet.payloadWireLen).to.equal(70_000)
    expect(decoded.packet.payloadLen).to.equal(70_000)
  })

  it('tells what the snaplen cut from what was sent', () => {
    const frame = ethernet(
      '0800',
      ipv4(6, tcp(1, 2, new Uint8Array(100), '0101080a0000000100000002')),
    )
    const cut = decodeFrame(frame.slice(0, 96), ETHERNET, frame.length)
    expect([cut.packet.payloadLen, cut.packet.payloadWireLen]).to.deep.equal([30, 100])
    const inOptions = decodeFrame(frame.slice(0, 60), ETHERNET, frame.length)
    expect([inOptions.result, inOptions.packet.payloadLen]).to.deep.equal([PROTOCOL_TCP, 0])
    expect([inOptions.packet.payloadOff, inOptions.packet.payloadWireLen]).to.deep.equal([60, 100])
    const datagram = ethernet('0800', ipv4(17, udp(1, 2, new Uint8Array(100))))
    const cutDatagram = decodeFrame(datagram.slice(0, 64), ETHERNET, datagram.length)
    expect([cutDatagram.packet.payloadLen, cutDatagram.packet.payloadWireLen]).to.deep.equal([
      22, 100,
    ])
  })

  it('sets back what a frame before it had', () => {
    const decoder = new FrameDecoder(newCounters())
    const packet = new Packet()
    const take = (bytes: Uint8Array): number =>
      decoder.decode(bytes, 0, bytes.length, bytes.length, ETHERNET, 5, packet)
    take(ethernet('8100 0123 0800', ipv4(4, INNER_V4)))
    expect([packet.vlan, packet.encapsulationCount, packet.flags]).to.deep.equal([0x123, 1, 0x18])
    expect(take(ethernet('86dd', ipv6(17, udp(1, 2, hex('aa')))))).to.equal(PROTOCOL_UDP)
    expect([packet.vlan, packet.encapsulationCount, packet.flags]).to.deep.equal([-1, 0, 0])
    expect([packet.seq, packet.protocol, packet.timeMicros]).to.deep.equal([0, 17, 5])
    take(ethernet('0806', hex('0001')))
    expect([packet.vlan, packet.encapsulationCount]).to.deep.equal([-1, 0])
  })

  it('reads a frame anywhere in a block', () => {
    for (const { frame, linkType } of CASES) {
      const block = cat('ee'.repeat(37), frame, 'ee'.repeat(50))
      const packet = new Packet()
      const decoder = new FrameDecoder(newCounters())
      expect(decoder.decode(block, 37, frame.length, frame.length, linkType, 0, packet)).to.equal(6)
      expect([
        ...block.subarray(packet.payloadOff, packet.payloadOff + packet.payloadLen),
      ]).to.deep.equal([0x16, 3, 1, 0])
    }
  })

  it('stands a wire length that is a lie', () => {
    const frame = ethernet('0800', ipv4(6, SEGMENT))
    for (const wirelen of [0, 1, 0xffff_ffff]) {
      expect(decodeFrame(frame, ETHERNET, wirelen).payload).to.equal('16030100')
    }
  })

  it('has a name for each tunnel', () => {
    for (const { tunnel } of TUNNEL_CASES) {
      for (const name of (tunnel ?? '').split('/')) expect(ENCAPSULATION_NAMES).to.include(name)
    }
    expect(new Set(ENCAPSULATION_NAMES).size).to.equal(ENCAPSULATION_NAMES.length)
  })

  it('reads frames of a block by their number', () => {
    const block = blockOf(CASES.map(({ frame, linkType }) => [frame, linkType]))
    const packet = new Packet()
    const decoder = new FrameDecoder(newCounters())
    for (let i = 0; i < block.count; i++) {
      expect(decoder.decodeFrame(block, i, packet)).to.equal(PROTOCOL_TCP)
      expect(packet.timeMicros).to.equal(1.7e15 + i)
    }
  })

  it('allocates nothing', () => {
    const block = blockOf([
      ...CASES.map(({ frame, linkType }): [Uint8Array, number] => [frame, linkType]),
      [ethernet('0806', hex('0001')), ETHERNET],
      [ethernet('0800', ipv4(17, udp(50000, 4789, hex('c000')))), ETHERNET],
      [ipv4(1, hex('0800')), RAW],
      [ipv4(6, hex('00')), RAW],
      [ipv4(6, SEGMENT.slice(0, 16), { fragment: '2000' }), RAW],
      [ipv4(6, SEGMENT.slice(16), { fragment: '0002' }), RAW],
    ])
    const counters = newCounters()
    const decoder = new FrameDecoder(counters)
    const packet = new Packet()
    let i = 0
    const decode = (): void => {
      decoder.decodeFrame(block, i++ % block.count, packet)
    }
    // The first rounds may still run while the compiler works in its own thread.
    const rounds = [1, 2, 3, 4].map(() => allocatedPerCall(decode))
    expect(Math.min(...rounds)).to.be.below(0.1)
    expect(counters.ip_datagrams_reassembled).to.be.above(1000)
  })
})

/** A block of these frames, a microsecond apart. */
function blockOf(frames: readonly (readonly [Uint8Array, number])[]): PacketBlock {
  const block = newPacketBlock(cat(...frames.map(([bytes]) => bytes)))
  let at = 0
  for (const [bytes, linkType] of frames) {
    const i = block.count++
    block.start[i] = at
    block.caplen[i] = block.wirelen[i] = bytes.length
    block.linkType[i] = linkType
    block.timeMicros[i] = 1.7e15 + i
    at += bytes.length
  }
  return block
}

describe('decodeTcp', () => {
  const packet = new Packet()
  const at = (bytes: Uint8Array): number => decodeTcp(bytes, 0, bytes.length, bytes.length, packet)

  it('reads ports, sequence number, flags and payload', () => {
    expect(at(SEGMENT)).to.equal(20)
    expect([packet.srcPort, packet.dstPort, packet.seq]).to.deep.equal([51234, 443, 0xfffffff0])
    expect([packet.flags, packet.payloadLen, packet.protocol]).to.deep.equal([0x18, 4, 6])
  })
  it('passes options', () => expect(at(tcp(1, 2, hex('aa'), '020405b4'))).to.equal(24))
  it('calls a short header truncated', () => expect(at(SEGMENT.slice(0, 19))).to.equal(TRUNCATED))
  it('calls a data offset below 5, or past the end, malformed', () => {
    for (const offset of [0x40, 0xf0]) {
      const segment = SEGMENT.slice()
      segment[12] = offset
      expect(at(segment)).to.equal(MALFORMED)
    }
  })
  it('never reads past end, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.nat(64), (bytes, cut) => {
        const end = Math.min(cut, bytes.length)
        const off = decodeTcp(bytes, 0, end, bytes.length, packet)
        return off < 0 || packet.payloadOff + packet.payloadLen <= end
      }),
    )
  })
})

describe('decodeUdp', () => {
  const packet = new Packet()
  const at = (bytes: Uint8Array): number => decodeUdp(bytes, 0, bytes.length, bytes.length, packet)

  it('reads ports and payload', () => {
    expect(at(udp(53, 1024, hex('aabb')))).to.equal(8)
    expect([packet.srcPort, packet.dstPort, packet.payloadLen]).to.deep.equal([53, 1024, 2])
  })
  it('ends where its length says', () => {
    at(cat(udp(53, 1024, hex('aabb')), 'cccc'))
    expect([packet.payloadLen, packet.payloadWireLen]).to.deep.equal([2, 2])
  })
  it('reads length 0 to the end, and one too long as far as there is', () => {
    for (const length of ['0000', 'ffff']) {
      at(hex(`0035 0400 ${length} 0000 aabbcc`))
      expect([packet.payloadLen, packet.payloadWireLen]).to.deep.equal([3, 3])
    }
  })
  it('calls a short header truncated', () => expect(at(hex('0035 0400 0008'))).to.equal(TRUNCATED))
  it('calls a length below 8 malformed', () => {
    expect(at(hex('0035 0400 0007 0000'))).to.equal(MALFORMED)
  })
  it('never reads past end, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.nat(64), (bytes, cut) => {
        const end = Math.min(cut, bytes.length)
        const off = decodeUdp(bytes, 0, end, bytes.length, packet)
        return off < 0 || (packet.payloadOff + packet.payloadLen <= end && packet.payloadLen >= 0)
      }),
    )
  })
})

it('a link type nobody knows is unsupported', () => {
  expect(decodeFrame(INNER_V4, 9999).result).to.equal(UNSUPPORTED)
})
