// A hello in the packets of each protocol that carries TLS or DTLS: whole, in pieces, over both IP versions, and never read past
// the end of what is cut.

import { expect } from 'chai'
import fc from 'fast-check'
import { readFileSync } from 'node:fs'
import { newCounters } from '../../src/base/counters.js'
import type { Sighting } from '../../src/model/sighting.js'
import { newPacketBlock } from '../../src/model/packet-block.js'
import { Pipeline } from '../../src/pipeline.js'
import { cat, ethernet, ipv4, ipv6, udp } from '../wire/build.js'

/** The TLS record of a field capture's hello, and its DTLS datagram. */
const RECORD = payloadOf('tls-sctp.pcap', 14 + 20 + 12 + 16, 517)
const DATAGRAM = payloadOf('dtls-turn-channel.pcap', 14 + 20 + 8 + 4, 114)
const JA3 = '0149f47eabf9a20d0893e2a44e5a6323'
const DTLS_JA3 = '77870f288a900fcebf9e8d27472465cc'

function payloadOf(name: string, off: number, length: number): Uint8Array {
  const bytes = readFileSync(new URL(`../../captures/field/${name}`, import.meta.url))
  return new Uint8Array(bytes.subarray(24 + 16 + off, 24 + 16 + off + length))
}

/** Forgets all between two of them. */
const pipeline = new Pipeline(
  { ports: undefined, fingerprints: 'all', keepHello: false, communityId: true, seed: 1 },
  newCounters(),
)

function sightingsOf(frames: readonly Uint8Array[]): Sighting[] {
  const block = newPacketBlock(new Uint8Array(Buffer.concat(frames).length))
  let at = 0
  for (const frame of frames) {
    const i = block.count++
    block.bytes.set(frame, at)
    block.start[i] = at
    block.caplen[i] = block.wirelen[i] = frame.length
    block.linkType[i] = 1
    block.timeMicros[i] = 1e15 + i
    at += frame.length
  }
  pipeline.take(block)
  pipeline.flush()
  const text = pipeline.lines.text()
  pipeline.lines.len = 0
  pipeline.forget()
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Sighting)
}

/** The DTLS datagram of one message as two, of fragments: the first has `length` bytes of the message (RFC 6347 §4.2.3). */
function dtlsFragments(datagram: Uint8Array, length: number): Uint8Array[] {
  const be24 = (value: number) => value.toString(16).padStart(6, '0')
  const body = datagram.slice(13 + 12)
  return [body.slice(0, length), body.slice(length)].map((part, i) =>
    cat(
      ...[datagram.slice(0, 10), `0${i}`, be16(12 + part.length)],
      ...[datagram.slice(13, 19), be24(i * length), be24(part.length), part],
    ),
  )
}

const be16 = (value: number) => value.toString(16).padStart(4, '0')
const be32 = (value: number) => value.toString(16).padStart(8, '0')
const datagram = (version: 4 | 6, dst: number, payload: Uint8Array) =>
  version === 4
    ? ethernet('0800', ipv4(17, udp(50_000, dst, payload)))
    : ethernet('86dd', ipv6(17, udp(50_000, dst, payload)))
const segments = (version: 4 | 6, dst: number, stream: Uint8Array, size: number) =>
  Array.from({ length: Math.ceil(stream.length / size) }, (_, i) => {
    const part = stream.slice(i * size, (i + 1) * size)
    const segment = cat(
      be16(50_000),
      be16(dst),
      be32(1000 + i * size),
      '00000001 5018 ffff 0000 0000',
      part,
    )
    return version === 4 ? ethernet('0800', ipv4(6, segment)) : ethernet('86dd', ipv6(6, segment))
  })
/** In `count` parts. */
const parts = (bytes: Uint8Array, count: number) => {
  const size = Math.ceil(bytes.length / count)
  return Array.from({ length: count }, (_, i) => bytes.slice(i * size, (i + 1) * size))
}

type Version = 4 | 6
const CASES: readonly {
  readonly name: string
  readonly proto: Sighting['proto']
  readonly ja3: string
  readonly frames: (version: Version) => Uint8Array[]
}[] = [
  ...[1, 2, 5].map((count) => ({
    name: `EAPOL in ${count}`,
    proto: 'eap' as const,
    ja3: JA3,
    frames: () =>
      parts(RECORD, count).map((part, i) => {
        const flags = (i === 0 ? 0x80 : 0) | (i < count - 1 ? 0x40 : 0)
        const body = cat(`0d ${be16(flags).slice(2)}`, i === 0 ? be32(RECORD.length) : '', part)
        const eap = cat(`02 ${be16(i + 2).slice(2)}`, be16(4 + body.length), body)
        return ethernet('888e', cat('0100', be16(eap.length), eap))
      }),
  })),
  ...[1, 3].map((count) => ({
    name: `RADIUS in ${count}`,
    proto: 'eap' as const,
    ja3: JA3,
    frames: (version: Version) =>
      parts(RECORD, count).map((part, i) => {
        const flags = (i === 0 ? 0x80 : 0) | (i < count - 1 ? 0x40 : 0)
        const body = cat(`19 ${be16(flags).slice(2)}`, i === 0 ? be32(RECORD.length) : '', part)
        const eap = cat(`02 ${be16(i + 2).slice(2)}`, be16(4 + body.length), body)
        const messages = parts(eap, Math.ceil(eap.length / 253)).map((each) =>
          cat('4f', be16(2 + each.length).slice(2), each),
        )
        const attributes = cat(
          '1f13',
          Buffer.from('02-00-00-00-00-07').toString('hex'),
          ...messages,
        )
        return datagram(
          version,
          1812,
          cat(`01 0${i}`, be16(20 + attributes.length), '11'.repeat(16), attributes),
        )
      }),
  })),
  ...[0, 16, 20, 32, 64].flatMap((hmac) =>
    [1, 2].map((count) => ({
      name: `OpenVPN, HMAC ${hmac}, in ${count}`,
      proto: 'openvpn' as const,
      ja3: JA3,
      frames: (version: Version) =>
        parts(RECORD, count).map((part, i) =>
          datagram(
            version,
            1194,
            cat(
              '20 0a0a0a0a0a0a0a0a',
              hmac === 0 ? '' : `${'bc'.repeat(hmac)} 00000002 68000000`,
              '00',
              be32(i + 1),
              part,
            ),
          ),
        ),
    })),
  ),
  ...[400, 1400].map((size) => ({
    name: `OpenVPN over TCP, segments of ${size}`,
    proto: 'openvpn' as const,
    ja3: JA3,
    frames: (version: Version) => {
      const packets = parts(RECORD, 2).map((part, i) => {
        const packet = cat('20 0a0a0a0a0a0a0a0a 00', be32(i + 1), part)
        return cat(be16(packet.length), packet)
      })
      return segments(version, 1194, cat(...packets), size)
    },
  })),
  ...[100, 1400].flatMap((size) =>
    [1, 3].map((count) => ({
      name: `COTP in ${count}, segments of ${size}`,
      proto: 'tcp' as const,
      ja3: JA3,
      frames: (version: Version) => {
        const frames = parts(RECORD, count).map((part) =>
          cat('0300', be16(7 + part.length), '02f080', part),
        )
        return segments(version, 102, cat(...frames), size)
      },
    })),
  ),
  ...[100, 300, 1400].map((size) => ({
    name: `TDS in packets of 200, segments of ${size}`,
    proto: 'tcp' as const,
    ja3: JA3,
    frames: (version: Version) => {
      const packets = parts(RECORD, 3).map((part, i) =>
        cat(`120${i === 2 ? 1 : 0}`, be16(8 + part.length), '0000 01 00', part),
      )
      return segments(version, 1433, cat(...packets), size)
    },
  })),
  ...[60, 1400].map((size) => ({
    name: `RFC 4571, segments of ${size}`,
    proto: 'dtls' as const,
    ja3: DTLS_JA3,
    frames: (version: Version) => segments(version, 9, cat(be16(DATAGRAM.length), DATAGRAM), size),
  })),
  ...[100, 120].map((size) => ({
    name: `RFC 4571, the hello in two datagrams, the second cut by segments of ${size}`,
    proto: 'dtls' as const,
    ja3: DTLS_JA3,
    frames: (version: Version) => {
      const datagrams = dtlsFragments(DATAGRAM, 60).flatMap((each) => [be16(each.length), each])
      return segments(version, 9, cat(...datagrams), size)
    },
  })),
  {
    name: 'TURN Send',
    proto: 'dtls',
    ja3: DTLS_JA3,
    frames: (version) => {
      const padding = '00'.repeat((4 - (DATAGRAM.length % 4)) % 4)
      const attributes = cat(
        '0012 0008 0001a147e112a643',
        '0013',
        be16(DATAGRAM.length),
        DATAGRAM,
        padding,
      )
      return [
        datagram(
          version,
          3478,
          cat('0016', be16(attributes.length), '2112a442', '01'.repeat(12), attributes),
        ),
      ]
    },
  },
  ...[1, 2].map((count) => ({
    name: `RDP over UDP, TLS in ${count}`,
    proto: 'tls/rdpudp' as const,
    ja3: JA3,
    frames: (version: Version) =>
      parts(RECORD, count).map((part, i) =>
        datagram(
          version,
          3389,
          cat('00001388 0040 000c 0001 02 00', be32(1001 + i), be32(1001 + i), part),
        ),
      ),
  })),
]

/** Streams whose hello begins in, or behind, frames or words of another protocol, from the SYN on. */
const STUN = '0001 0008 2112a442 0102030405060708090a0b0c 00240004 6e7f1eff'
const framed = (bytes: Uint8Array) => cat(be16(bytes.length), bytes)
const openvpn = (opcode: string, payload: Uint8Array | string) =>
  framed(cat(opcode, '0a0a0a0a0a0a0a0a 00 00000001', payload))
const STREAMS: readonly {
  readonly name: string
  readonly proto: Sighting['proto']
  readonly ja3: string
  readonly stream: Uint8Array
}[] = [
  {
    name: 'TPKT, a connection request before',
    proto: 'tcp',
    ja3: JA3,
    stream: cat(
      '0300 0016 11e00000000100c0010ac1020100c2020102',
      ...parts(RECORD, 3).map((part) => cat('0300', be16(7 + part.length), '02f080', part)),
    ),
  },
  {
    name: 'TDS',
    proto: 'tcp',
    ja3: JA3,
    stream: cat(
      ...parts(RECORD, 3).map((part, i) =>
        cat(`120${i === 2 ? 1 : 0}`, be16(8 + part.length), '0000 01 00', part),
      ),
    ),
  },
  {
    name: 'OpenVPN, a reset and an acknowledgment before',
    proto: 'openvpn',
    ja3: JA3,
    stream: cat(
      framed(cat('38 0a0a0a0a0a0a0a0a 00 00000000')),
      framed(cat('28 0a0a0a0a0a0a0a0a 01 00000000 0b0b0b0b0b0b0b0b')),
      openvpn('20', RECORD),
    ),
  },
  {
    name: 'RFC 4571, STUN before',
    proto: 'dtls',
    ja3: DTLS_JA3,
    stream: cat(framed(cat(STUN)), framed(DATAGRAM)),
  },
  {
    name: 'TURN, a message without data before',
    proto: 'dtls',
    ja3: DTLS_JA3,
    stream: cat(STUN, '4000', be16(DATAGRAM.length), DATAGRAM, '0000'),
  },
  {
    name: 'PostgreSQL',
    proto: 'tcp',
    ja3: JA3,
    stream: cat('00000008 04d2162f', RECORD),
  },
  {
    name: 'LDAP',
    proto: 'tcp',
    ja3: JA3,
    stream: cat(
      '301d 020101 7718 8016',
      new TextEncoder().encode('1.3.6.1.4.1.1466.20037'),
      RECORD,
    ),
  },
  {
    name: 'PROXY version 2',
    proto: 'tcp',
    ja3: JA3,
    stream: cat('0d0a0d0a000d0a515549540a 2111 000c c0000201 c0000202 dc0401bb', RECORD),
  },
]

/** A SYN, then the stream in segments that end at `cuts`. */
function connection(version: Version, stream: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const ends = [...cuts.filter((cut) => cut < stream.length), stream.length]
  const made = ends.map((end, i) => {
    const from = ends[i - 1] ?? 0
    return tcpFrame(version, 1000 + from, '5018', stream.slice(from, end))
  })
  return [tcpFrame(version, 999, '5002', new Uint8Array(0)), ...made]
}

function tcpFrame(version: Version, seq: number, flags: string, payload: Uint8Array): Uint8Array {
  const ack = flags === '5002' ? 0 : 1
  const segment = cat('c350 01bb', be32(seq), be32(ack), flags, 'ffff 0000 0000', payload)
  return version === 4 ? ethernet('0800', ipv4(6, segment)) : ethernet('86dd', ipv6(6, segment))
}

describe('a hello behind the first bytes of a stream', () => {
  for (const { name, proto, ja3, stream } of STREAMS) {
    const last = stream.length - (proto === 'dtls' ? DATAGRAM.length : RECORD.length) + 50
    const found = (frames: readonly Uint8Array[]) =>
      sightingsOf(frames).map((each) => [each.proto, each.ja3])

    it(`${name}: is found once, cut at any of them`, function () {
      this.timeout(60_000)
      for (let cut = 1; cut < Math.min(last, stream.length); cut++)
        expect(
          found(connection(cut % 2 === 0 ? 4 : 6, stream, [cut])),
          `cut at ${cut}`,
        ).to.deep.equal([[proto, ja3]])
    })

    it(`${name}: is found once in segments of a few bytes, the first of them sent twice`, function () {
      this.timeout(60_000)
      for (const size of [1, 7, 40]) {
        const cuts = Array.from(
          { length: Math.floor(stream.length / size) },
          (_, i) => (i + 1) * size,
        )
        const [syn, first, ...rest] = connection(4, stream, cuts)
        const frames = [syn, first, first, ...rest].filter((frame) => frame !== undefined)
        expect(found(frames), `segments of ${size}`).to.deep.equal([[proto, ja3]])
      }
    })

    it(`${name}: is found once where the second of two segments comes first`, function () {
      this.timeout(60_000)
      const edge = stream.findIndex((byte, i) => byte === 22 && (stream[i + 1] ?? 0) % 0xfb === 3)
      for (let cut = 1; cut < Math.min(last, stream.length); cut++) {
        // what begins like a record is taken for one before the frame around it is seen
        if (cut === edge) continue
        const [syn, first, second] = connection(4, stream, [cut])
        const frames = [syn, second, first].filter((frame) => frame !== undefined)
        expect(found(frames), `cut at ${cut}`).to.deep.equal([[proto, ja3]])
      }
    })
  }
})

describe('a hello in chunks of SCTP', () => {
  const chunk = (tsn: number, flags: number, data: Uint8Array, stream = 1) =>
    cat(
      ...['00', be16(flags).slice(2), be16(16 + data.length), be32(tsn), be16(stream)],
      ...['0000 00000000', data, '00'.repeat((4 - (data.length % 4)) % 4)],
    )
  const packets = (version: Version, chunks: readonly Uint8Array[]) =>
    chunks.map((each) => {
      const packet = cat('0f1c 16ec 00000001 00000000', each)
      return version === 4
        ? ethernet('0800', ipv4(132, packet))
        : ethernet('86dd', ipv6(132, packet))
    })
  const found = (frames: readonly Uint8Array[]) =>
    sightingsOf(frames).map(({ proto, ja3 }) => [proto, ja3])
  const once = [['tls/sctp', JA3]]
  // the numbers go round
  const FIRST = 0xffff_ffff
  const [a, b, c] = parts(RECORD, 3).map((part, i) =>
    chunk((FIRST + i) >>> 0, 2 - i > 0 ? 2 - 2 * i : 1, part),
  )

  for (const version of [4, 6] as const) {
    it(`is found with its fragments in any order, IPv${version}`, () => {
      if (a === undefined || b === undefined || c === undefined) throw new Error('three are made')
      for (const order of [
        [a, b, c],
        [a, c, b],
        [b, a, c],
        [b, c, a],
        [c, a, b],
        [c, b, a],
      ])
        expect(found(packets(version, order))).to.deep.equal(once)
    })

    it(`is found over two messages of its stream, and not over those of two streams, IPv${version}`, () => {
      const two = (stream: number) => [
        chunk(7, 3, RECORD.slice(0, 300)),
        chunk(8, 3, RECORD.slice(300), stream),
      ]
      expect(found(packets(version, two(1)))).to.deep.equal(once)
      expect(found(packets(version, two(2)))).to.deep.equal([])
    })
  }
})

describe('a hello in packets of another protocol', () => {
  for (const { name, proto, ja3, frames } of CASES)
    for (const version of [4, 6] as const)
      it(`${name}, IPv${version}: is found once`, () => {
        const found = sightingsOf(frames(version)).map((each) => [each.proto, each.ja3])
        expect(found).to.deep.equal([[proto, ja3]])
      })

  it('of RADIUS names its client', () => {
    const radius = CASES.find(({ name }) => name === 'RADIUS in 1')
    const [sighting] = sightingsOf(radius?.frames(4) ?? [])
    expect(sighting).to.include({
      calling_station_id: '02-00-00-00-00-07',
      srcport: 50_000,
      dstport: 1812,
    })
    expect(sighting?.ja4).to.match(/^t13d/)
  })

  it('is no hello where its packets are cut or changed at any byte, or comes whole', function () {
    this.timeout(120_000)
    fc.assert(
      fc.property(
        fc.constantFrom(...CASES),
        fc.constantFrom(4 as const, 6 as const),
        fc.nat(700),
        fc.array(fc.tuple(fc.nat(3), fc.nat(600), fc.nat(255)), { maxLength: 3 }),
        ({ frames }, version, cut, changes) => {
          const made = frames(version).map((frame) => frame.slice(0, cut))
          for (const [index, at, value] of changes) {
            const frame = made[index % made.length]
            if (frame !== undefined && at < frame.length) frame[at] = value
          }
          for (const sighting of sightingsOf(made)) expect(sighting.hello_len).to.be.above(40)
        },
      ),
      { numRuns: 300 },
    )
  })
})
