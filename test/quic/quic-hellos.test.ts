import { expect } from 'chai'
import { MAX_HELLO_LEN } from '../../src/base/limits.js'
import {
  QUALITY_CONFLICT,
  QUALITY_HRR,
  QUALITY_RETRANSMIT,
} from '../../src/model/handshake-bytes.js'
import type { Packet } from '../../src/model/packet.js'
import { concat, handshake, reversed, type SegmentOptions } from '../stream/segments.js'
import { hex } from '../support.js'
import {
  ack,
  connectionClose,
  crypto,
  datagram,
  DCID,
  DRAFT_27,
  DRAFT_29,
  initial,
  otherPacket,
  padding,
  PING,
  retry,
  SCID,
  V1,
  V2,
} from './initial.js'
import { counted, lab, bytesOf } from './lab.js'
import { CLIENT_FRAMES, SAMPLES, SERVER_FRAMES } from './vectors.js'

const HELLO = handshake(1, 517)
const LONG_HELLO = handshake(1, 1800)
const SERVER_HELLO = handshake(2, 90)
const OTHER_ID = hex('0102030405060708090a')
const BACK = reversed({})

describe('QuicHellos', () => {
  for (const { rfc, version, client, server } of SAMPLES) {
    it(`gives both hellos of the samples of ${rfc}`, () => {
      const { take, counters } = lab({ server: true })
      const given = take(client, datagram(server, BACK))
      expect(given).to.deep.equal([
        { kind: 1, bytes: CLIENT_FRAMES.subarray(4), quality: 0, version },
        { kind: 2, bytes: SERVER_FRAMES.subarray(9), quality: 0, version },
      ])
      expect(counted(counters)).to.deep.equal({})
    })
  }

  it('reads version 1, version 2 and the drafts, on any port', () => {
    for (const version of [V1, V2, DRAFT_29, DRAFT_27]) {
      const packet = initial([crypto(HELLO)], { version, size: 1200 })
      const given = lab().take(datagram(packet, { dstPort: 8853 }))
      expect(given).to.deep.equal([{ kind: 1, bytes: HELLO, quality: 0, version }])
    }
  })

  it('looks at the ports told, and no others', () => {
    const { take } = lab({ server: true, ports: new Set([443]) })
    const client = initial([crypto(HELLO)])
    const server = initial([crypto(SERVER_HELLO)], {
      side: 'server',
      keyId: DCID,
      dcid: SCID,
      scid: OTHER_ID,
    })
    expect(take(datagram(client, { dstPort: 8443 }))).to.deep.equal([])
    expect(take(client, datagram(server, BACK)).map(({ kind }) => kind)).to.deep.equal([1, 2])
  })

  it('tells flows of IPv6 apart', () => {
    const { take } = lab()
    const src = Array<number>(16).fill(0x20)
    const ends = (last: number): SegmentOptions => ({ src, dst: [...src.slice(1), last] })
    const first = initial([crypto(LONG_HELLO, 0, 1000)])
    const rest = initial([crypto(LONG_HELLO, 1000)], { packetNumber: 1 })
    expect(take(datagram(first, ends(1)), datagram(rest, ends(2)))).to.deep.equal([])
    expect(bytesOf(take(datagram(rest, ends(1))))).to.deep.equal([LONG_HELLO])
  })

  describe('puts a hello together', () => {
    const bounds = [0, 300, 301, 900, 1500, 1800]
    const frames = bounds.slice(1).map((end, i) => crypto(LONG_HELLO, bounds[i], end))

    it('from frames in any order, with others between', () => {
      const between = [PING, padding(3), ack(), ack(true), connectionClose('why')]
      const mixed = frames.toReversed().flatMap((frame, i) => [between[i] ?? PING, frame])
      expect(bytesOf(lab().take(initial(mixed)))).to.deep.equal([LONG_HELLO])
    })

    it('from packets of several datagrams', () => {
      const { take, hellos } = lab()
      const packets = frames.map((frame, packetNumber) => initial([frame], { packetNumber }))
      expect(take(...packets.slice(1))).to.deep.equal([])
      expect(hellos.pending).to.equal(1)
      expect(bytesOf(take(...packets.slice(0, 1)))).to.deep.equal([LONG_HELLO])
      expect(hellos.pending).to.equal(0)
    })

    it('from coalesced packets, behind 0-RTT and before Handshake ones', () => {
      const packets = frames.map((frame, packetNumber) => initial([frame], { packetNumber }))
      const bytes = concat([otherPacket(1, 200), ...packets, otherPacket(2, 50)])
      expect(bytesOf(lab().take(bytes))).to.deep.equal([LONG_HELLO])
    })

    it('from two datagrams that the capture shows as one, zeros behind the first packet', () => {
      const { take, counters } = lab()
      const first = initial([crypto(LONG_HELLO, 0, 1000)])
      const second = initial([crypto(LONG_HELLO, 1000)], { packetNumber: 1, size: 1200 })
      const bytes = concat([first, new Uint8Array(1252 - first.length), second])
      expect(bytesOf(take(bytes))).to.deep.equal([LONG_HELLO])
      expect(counted(counters)).to.deep.equal({})
    })

    it('and marks it where bytes came again and differ, those seen first staying', () => {
      const { take, counters } = lab()
      const forged = LONG_HELLO.map((byte) => byte ^ 0xff)
      const given = take(
        initial([crypto(LONG_HELLO, 0, 1000)]),
        initial([crypto(forged, 500, 1001)], { packetNumber: 1 }),
        initial([crypto(LONG_HELLO, 1001)], { packetNumber: 2 }),
      )
      const bytes = LONG_HELLO.slice()
      bytes[1000] = (bytes[1000] ?? 0) ^ 0xff
      const quality = QUALITY_RETRANSMIT | QUALITY_CONFLICT
      expect(given).to.deep.equal([{ kind: 1, bytes, quality, version: V1 }])
      expect(counted(counters)).to.deep.equal({ quic_overlaps_differ: 1, hello_conflicts: 1 })
    })

    it('of the most bytes there may be, and of none more', () => {
      const { take, counters, hellos } = lab()
      const most = handshake(1, MAX_HELLO_LEN)
      const ends = [0, 9_000, 30_000, 60_000, MAX_HELLO_LEN]
      const packets = ends
        .slice(1)
        .map((end, i) => initial([crypto(most, ends[i], end)], { packetNumber: i }))
      expect(bytesOf(take(...packets))).to.deep.equal([most])
      const more = handshake(1, MAX_HELLO_LEN + 1)
      const options = { dcid: OTHER_ID }
      const [first, rest] = [crypto(more, 0, 1000), crypto(more, 1000, 1100)]
      expect(take(initial([first], options), initial([rest], options))).to.deep.equal([])
      expect(hellos.pending).to.equal(0)
      expect(counted(counters)).to.deep.equal({ hello_too_long: 1 })
    })
  })

  it('gives a hello once, however often it comes', () => {
    const { take, counters } = lab()
    const packet = initial([crypto(HELLO)])
    const again = initial([crypto(HELLO, 0, 200), crypto(HELLO, 200)], { packetNumber: 1 })
    expect(take(packet, packet, again)).to.have.length(1)
    expect(counted(counters)).to.deep.equal({ hello_retransmitted: 2 })
  })

  it('goes on with the same keys when the client takes the ID its server chose', () => {
    const { take, counters } = lab()
    const given = take(
      initial([crypto(LONG_HELLO, 0, 1000)]),
      initial([ack(), crypto(LONG_HELLO, 1000)], { keyId: DCID, dcid: OTHER_ID, packetNumber: 1 }),
    )
    expect(bytesOf(given)).to.deep.equal([LONG_HELLO])
    // An ID of the server may be of any length.
    const short = initial([crypto(LONG_HELLO)], { keyId: DCID, dcid: hex('aa') })
    expect(take(short)).to.deep.equal([])
    expect(counted(counters)).to.deep.equal({ hello_retransmitted: 1 })
  })

  it('marks the second hello, which answers a HelloRetryRequest', () => {
    const second = handshake(1, 600)
    const stream = concat([HELLO, second])
    const given = lab().take(
      initial([crypto(HELLO)]),
      initial([crypto(stream, 900), crypto(stream, HELLO.length, 950)], {
        keyId: DCID,
        dcid: OTHER_ID,
        packetNumber: 1,
      }),
    )
    expect(given.map(({ bytes, quality }) => [bytes, quality])).to.deep.equal([
      [HELLO, 0],
      [second, QUALITY_HRR | QUALITY_RETRANSMIT],
    ])
  })

  it('tells of the second hello when the first was given, that before a Retry included', () => {
    const stream = concat([HELLO, handshake(1, 600)])
    const at = (seconds: number, ...packet: Parameters<typeof initial>): Packet =>
      datagram(initial(...packet), { seconds })
    for (const dcid of [DCID, OTHER_ID]) {
      const { hellos, take } = lab()
      expect(take(at(1000.5, [crypto(HELLO)]))).to.have.length(1)
      expect(hellos.message.firstMicros).to.equal(-1)
      expect(take(at(1001, [crypto(HELLO)], { dcid, packetNumber: 1 }))).to.have.length(0)
      const rest = [crypto(stream, HELLO.length)]
      expect(take(at(1002, rest, { dcid, packetNumber: 2 }))).to.have.length(1)
      expect(hellos.message.firstMicros).to.equal(1_000_500_000)
    }
  })

  it('gives two hellos that became whole at once', () => {
    const { take, hellos } = lab()
    const second = handshake(1, 600)
    const stream = concat([HELLO, second])
    const given = take(initial([crypto(stream, 100), crypto(stream, 0, 100)]))
    expect(bytesOf(given)).to.deep.equal([HELLO, second])
    expect(hellos.pending).to.equal(0)
    expect(bytesOf(lab().take(initial([crypto(stream)])))).to.deep.equal([HELLO, second])
  })

  it('takes the ID of a Retry for new keys, and the hello sent again for the same', () => {
    const { take, counters } = lab()
    const token = hex('746f6b656e')
    const answer = datagram(retry(SCID, OTHER_ID, token), BACK)
    const again = initial([crypto(HELLO)], { dcid: OTHER_ID, token, packetNumber: 1 })
    expect(take(initial([crypto(HELLO)]), answer, again)).to.have.length(1)
    expect(counted(counters)).to.deep.equal({ quic_retries: 1, hello_retransmitted: 1 })
  })

  it('gives the hello of a Retry where the one before it was not whole', () => {
    const first = initial([crypto(LONG_HELLO, 0, 900)])
    const again = initial([crypto(LONG_HELLO)], { dcid: OTHER_ID, token: SCID })
    expect(bytesOf(lab().take(first, again))).to.deep.equal([LONG_HELLO])
  })

  it('knows the tag of a Retry to be right, or wrong, where it knows the ID the client began with', () => {
    const drafts = [
      [DRAFT_29, 'ffff00001d0008f067a5502a4262b5746f6b656ed16926d81f6f9ca2953a8aa4575e1e49'],
      [DRAFT_27, 'ffff00001b0008f067a5502a4262b5746f6b656ea523cb5ba524695f6569f293a1359d8e'],
    ] as const
    const scid = new Uint8Array(0)
    for (const [version, packet] of [
      ...SAMPLES.map((sample) => [sample.version, sample.retry] as const),
      ...drafts.map(([version, text]) => [version, hex(text)] as const),
    ]) {
      const { take, counters } = lab()
      take(initial([crypto(HELLO)], { version, scid }), datagram(packet, BACK))
      expect(counted(counters)).to.deep.equal({ quic_retries: 1 })
      // Lengths of the IDs come before.
      for (let i = 7; i < packet.length; i++) {
        const wrong = packet.slice()
        wrong[i] = (wrong[i] ?? 0) ^ 1
        take(datagram(wrong, BACK))
      }
      expect(counters.quic_retries_unauthentic).to.equal(packet.length - 7)
      // Of another connection, or of one not known, nothing can be told.
      const before = counters.quic_retries_unauthentic
      take(datagram(packet, reversed({ srcPort: 7 })))
      expect(counters.quic_retries_unauthentic).to.equal(before)
      take(initial([crypto(HELLO)], { version, scid, dcid: OTHER_ID }), datagram(packet, BACK))
      expect(counters.quic_retries_unauthentic).to.equal(before)
    }
  })

  it('does as before after a Retry whose tag is wrong', () => {
    const { take, counters } = lab()
    const forged = datagram(damaged(retry(SCID, OTHER_ID, SCID), -1), BACK)
    const rest = initial([crypto(LONG_HELLO, 900)], { packetNumber: 1 })
    const given = take(initial([crypto(LONG_HELLO, 0, 900)]), forged, rest)
    expect(bytesOf(given)).to.deep.equal([LONG_HELLO])
    expect(counted(counters)).to.deep.equal({ quic_retries: 1, quic_retries_unauthentic: 1 })
  })

  it('takes a Retry that the snaplen cut, or of drafts without a tag, for what it says to be', () => {
    const { take, counters } = lab()
    const packet = retry(SCID, OTHER_ID, SCID)
    take(initial([crypto(HELLO)]), datagram(packet, { ...BACK, kept: packet.length - 1 }))
    packet.set(hex('ff000018'), 1)
    take(datagram(packet, BACK))
    expect(counted(counters)).to.deep.equal({ quic_retries: 2 })
    take(datagram(packet.subarray(0, packet.length - 6), BACK))
    expect(counted(counters)).to.deep.equal({ quic_retries: 2, quic_malformed: 1 })
  })

  it('counts Retry packets, those of the RFCs too, and Version Negotiation', () => {
    const { take, counters } = lab()
    for (const sample of SAMPLES) take(datagram(sample.retry, BACK))
    take(datagram(concat([hex('ca 00000000 05'), SCID, hex('00 00000001')]), BACK))
    expect(counted(counters)).to.deep.equal({ quic_retries: 2, quic_version_negotiations: 1 })
  })

  it('gives the hello of each version where a client goes on with the same IDs after Version Negotiation', () => {
    const { take, counters } = lab({ server: true })
    const other = handshake(1, 1700, 9)
    const options = { side: 'server', keyId: DCID, dcid: SCID, scid: OTHER_ID } as const
    const given = take(
      initial([crypto(HELLO)], { version: DRAFT_29 }),
      datagram(concat([hex('ca 00000000 05'), SCID, hex('08'), DCID, hex('00000001')]), BACK),
      initial([crypto(other, 0, 900)], { packetNumber: 1 }),
      initial([crypto(HELLO)], { version: DRAFT_29, packetNumber: 1 }),
      initial([crypto(other, 900)], { packetNumber: 2 }),
      datagram(initial([crypto(SERVER_HELLO)], options), BACK),
    )
    expect(bytesOf(given)).to.deep.equal([HELLO, other, SERVER_HELLO])
    expect(given.map(({ version }) => version)).to.deep.equal([DRAFT_29, V1, V1])
    expect(counted(counters)).to.deep.equal({
      hello_retransmitted: 1,
      quic_version_negotiations: 1,
    })
  })

  it('keeps apart several connections of one flow, whose clients have no ID', () => {
    const { take } = lab({ server: true })
    const none = new Uint8Array(0)
    const hellos = [7, 8, 9].map((fill) => handshake(1, 1800, fill))
    const ids = [7, 8, 9].map((fill) => new Uint8Array(8).fill(fill))
    const part = (from: number, to: number): Uint8Array[] =>
      hellos.map((hello, i) =>
        initial([crypto(hello, from, to)], {
          dcid: ids[i] ?? none,
          scid: none,
          packetNumber: from,
        }),
      )
    expect(take(...part(0, 1000))).to.deep.equal([])
    expect(bytesOf(take(...part(1000, 1800)))).to.deep.equal(hellos)
    // The server's packets name none of them: their keys do.
    const answers = ids.map((keyId, i) =>
      initial([crypto(handshake(2, 90, i))], { side: 'server', keyId, dcid: none }),
    )
    const given = take(...answers.map((answer) => datagram(answer, BACK)))
    expect(given.map(({ kind }) => kind)).to.deep.equal([2, 2, 2])
  })

  it('gives a ServerHello of another version than the client began with', () => {
    const answer = initial([ack(), crypto(SERVER_HELLO)], {
      version: V2,
      side: 'server',
      keyId: DCID,
      dcid: SCID,
      scid: OTHER_ID,
    })
    const given = lab({ server: true }).take(initial([crypto(HELLO)]), datagram(answer, BACK))
    expect(given[1]).to.deep.equal({ kind: 2, bytes: SERVER_HELLO, quality: 0, version: V2 })
  })

  it('gives HelloRetryRequest and ServerHello of one stream, neither unless asked for', () => {
    const stream = concat([SERVER_HELLO, handshake(2, 120)])
    const options = { side: 'server', keyId: DCID, dcid: SCID, scid: OTHER_ID } as const
    const packets = [
      initial([crypto(HELLO)]),
      datagram(initial([crypto(stream, 0, 90)], options), BACK),
      datagram(initial([crypto(stream, 90)], { ...options, packetNumber: 1 }), BACK),
    ]
    const given = bytesOf(lab({ server: true }).take(...packets))
    expect(given.map(({ length }) => length)).to.deep.equal([517, 90, 120])
    const { take, counters } = lab()
    expect(take(...packets)).to.have.length(1)
    expect(counted(counters)).to.deep.equal({})
  })
})

describe('QuicHellos, of bad bytes,', () => {
  const cases: [string, string, Uint8Array | Packet][] = [
    ['a damaged tag', 'quic_unauthentic', damaged(initial([crypto(HELLO)]), -1)],
    ['a damaged hello', 'quic_unauthentic', damaged(initial([crypto(HELLO)]), 90)],
    ['keys of another ID', 'quic_unauthentic', initial([crypto(HELLO)], { keyId: OTHER_ID })],
    [
      'a packet of a connection whose beginning was not seen',
      'quic_without_first',
      initial([crypto(HELLO)], { dcid: hex('0102'), keyId: OTHER_ID }),
    ],
    ['an Initial of zeros', 'quic_malformed', concat([hex('c000000001'), new Uint8Array(1195)])],
    ['a token of 2^62 bytes', 'quic_malformed', hex('c0 00000001 00 00 ffffffffffffffff 00')],
    ['a frame no Initial may hold', 'quic_malformed', initial([hex('08000161'), crypto(HELLO)])],
    ['a stream that is no hello', 'quic_malformed', initial([crypto(handshake(11, 60))])],
    ['a cut datagram', 'quic_truncated', datagram(initial([crypto(HELLO)]), { kept: 300 })],
    ['a version not known', 'quic_version_unknown', otherPacket(1, 1200, { version: 0x1a2a_3a4a })],
    ['a frame far off', 'hello_too_long', initial([hex('06 ffffffffffffffff 04 01000000')])],
  ]
  for (const [what, counter, packet] of cases) {
    it(`gives nothing of ${what}, and counts ${counter}`, () => {
      const { take, counters, hellos } = lab({ server: true })
      expect(take(packet)).to.deep.equal([])
      expect(counted(counters)).to.deep.equal({ [counter]: 1 })
      expect(hellos.pending).to.equal(0)
      expect(bytesOf(take(initial([crypto(HELLO)], { dcid: OTHER_ID })))).to.deep.equal([HELLO])
    })
  }

  it('passes over all that is no QUIC without counting', () => {
    const { take, counters } = lab()
    const zeros = new Uint8Array(1200)
    const short = Uint8Array.from({ length: 1200 }, (_, i) => (i === 0 ? 0x5b : i & 255))
    const rtp = concat([hex('80e0 0001 00000002 00000003'), new Uint8Array(160)])
    expect(take(zeros, short, rtp, new Uint8Array(0), hex('c0'))).to.deep.equal([])
    expect(counted(counters)).to.deep.equal({})
  })

  it('trusts nothing behind a packet that did not open', () => {
    const { take, counters } = lab()
    const forged = damaged(initial([crypto(HELLO)]), -1)
    expect(take(concat([forged, forged, initial([crypto(HELLO)])]))).to.deep.equal([])
    expect(counted(counters)).to.deep.equal({ quic_unauthentic: 1 })
  })

  it('gives nothing of any prefix of a good datagram', () => {
    const packet = initial([crypto(HELLO)], { size: 700 })
    const { take } = lab()
    for (let i = 0; i < packet.length; i++) {
      expect(take(packet.slice(0, i)), `${i} bytes`).to.deep.equal([])
      expect(take(datagram(packet, { kept: i })), `${i} bytes kept`).to.deep.equal([])
    }
    expect(take(packet)).to.have.length(1)
  })
})

function damaged(packet: Uint8Array, at: number): Uint8Array {
  const copy = packet.slice()
  const i = at < 0 ? packet.length + at : at
  copy[i] = (copy[i] ?? 0) ^ 1
  return copy
}
