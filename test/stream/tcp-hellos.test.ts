import { expect } from 'chai'
import { newCounters } from '../../src/base/counters.js'
import {
  QUALITY_CONFLICT,
  QUALITY_GAP,
  QUALITY_HRR,
  QUALITY_NO_SYN,
  QUALITY_RETRANSMIT,
  QUALITY_TRUNCATED,
} from '../../src/model/handshake-bytes.js'
import { type Packet, TCP_ACK, TCP_FIN, TCP_RST, TCP_SYN } from '../../src/model/packet.js'
import { TcpHellos } from '../../src/stream/tcp-hellos.js'
import { allocatedPerCall, hex } from '../support.js'
import {
  CHANGE_CIPHER_SPEC,
  concat,
  handshake,
  record,
  records,
  reversed,
  segment,
  SMALL_SIZES,
  split,
} from './segments.js'

const ISN = 0xffff_ff00 // the hello wraps
const NO_BYTES = new Uint8Array(0)
const syn = (isn = ISN): Packet => segment(isn, NO_BYTES, { flags: TCP_SYN })
const text = (bytes: string): Uint8Array => new TextEncoder().encode(bytes)

/** Takes the packets; what came out, as [kind, bytes, quality]. */
function run(
  hellos: TcpHellos,
  packets: readonly Packet[],
): { kind: number; bytes: Uint8Array; quality: number }[] {
  const given = []
  for (const packet of packets) {
    for (let kind = hellos.take(packet); kind !== 0; kind = hellos.next()) {
      const { bytes, off, end, quality } = hellos.message
      given.push({ kind, bytes: bytes.slice(off, end), quality })
    }
  }
  return given
}

const client = (ports?: ReadonlySet<number>): TcpHellos =>
  new TcpHellos({ server: false, seed: 7, ports }, newCounters(), SMALL_SIZES)
/** Segments of `stream` from `seq` on, cut at `cuts`. */
function segments(seq: number, stream: Uint8Array, cuts: readonly number[]): Packet[] {
  let at = 0
  return split(stream, cuts).map((part) => {
    const packet = segment(seq + at, part)
    at += part.length
    return packet
  })
}

/** The least of three: what the compiler leaves behind while it still works is not the call's. */
const allocated = (fn: () => void): number => Math.min(...[1, 2, 3].map(() => allocatedPerCall(fn)))

describe('TcpHellos', () => {
  const hello = handshake(1, 600)
  const stream = record(hello)

  it('gives a hello in one segment where it lies, without a copy', () => {
    const hellos = client()
    hellos.take(syn())
    const packet = segment(ISN + 1, stream)
    expect(hellos.take(packet)).to.equal(1)
    expect(hellos.message.bytes).to.equal(packet.bytes)
    expect(hellos.message.bytes.subarray(hellos.message.off, hellos.message.end)).to.deep.equal(
      hello,
    )
    expect(hellos.message.recordVersion).to.equal(0x0301)
    expect(hellos.message.quality).to.equal(0)
    expect(hellos.next()).to.equal(0)
  })

  it('marks a hello whose SYN was not seen', () => {
    expect(run(client(), [segment(5, stream)])).to.deep.equal([
      { kind: 1, bytes: hello, quality: QUALITY_NO_SYN },
    ])
    expect(run(client(), segments(5, stream, [200, 400]))).to.deep.equal([
      { kind: 1, bytes: hello, quality: QUALITY_NO_SYN },
    ])
  })

  it('finds a hello over IPv6', () => {
    const src = [...hex('20010db8000000000000000000000001')]
    const dst = [...hex('20010db8000000000000000000000002')]
    const hellos = client()
    const options = { src, dst }
    const given = run(hellos, [
      segment(ISN, NO_BYTES, { ...options, flags: TCP_SYN }),
      segment(ISN + 1, stream.subarray(0, 100), options),
      segment(ISN + 101, stream.subarray(100), { src: dst, dst: src }),
      segment(ISN + 101, stream.subarray(100), options),
    ])
    expect(given).to.deep.equal([{ kind: 1, bytes: hello, quality: 0 }])
  })

  it('takes segments in any order from the first on once the SYN was seen', () => {
    const [a, b, c] = segments(ISN + 1, stream, [100, 300]) as [Packet, Packet, Packet]
    for (const order of [
      [a, b, c],
      [a, c, b],
      [b, a, c],
      [b, c, a],
      [c, a, b],
      [c, b, a],
    ]) {
      expect(run(client(), [syn(), ...order])).to.deep.equal([
        { kind: 1, bytes: hello, quality: 0 },
      ])
    }
  })

  it('gives nothing where a segment is missing', () => {
    const parts = segments(ISN + 1, stream, [100, 300])
    for (const missing of parts) {
      const hellos = client()
      expect(run(hellos, [syn(), ...parts.filter((part) => part !== missing)])).to.deep.equal([])
    }
  })

  it('marks and counts bytes that came twice, and gives both readings where they differ', () => {
    const counters = newCounters()
    const hellos = new TcpHellos({ server: false, seed: 1 }, counters, SMALL_SIZES)
    const other = stream.map((byte) => byte ^ 0xff)
    const given = run(hellos, [
      syn(),
      segment(ISN + 1, stream.subarray(0, 200)),
      segment(ISN + 301, stream.subarray(300, 400)),
      segment(ISN + 101, other.subarray(100, 350)),
      segment(ISN + 251, stream.subarray(250)),
    ])
    const mixed = stream.slice()
    mixed.set(other.subarray(200, 300), 200)
    const last = stream.slice()
    last.set(other.subarray(100, 350), 100)
    last.set(stream.subarray(250), 250)
    const quality = QUALITY_RETRANSMIT | QUALITY_CONFLICT
    expect(given).to.deep.equal([
      { kind: 1, bytes: mixed.slice(5), quality },
      { kind: 1, bytes: last.slice(5), quality: QUALITY_CONFLICT },
    ])
    expect(counters.tcp_overlaps_differ).to.equal(2)
  })

  it('gives a repeated hello once, whole or in parts', () => {
    const counters = newCounters()
    const hellos = new TcpHellos({ server: false, seed: 1 }, counters, SMALL_SIZES)
    const parts = segments(ISN + 1, stream, [100, 300])
    const given = run(hellos, [
      syn(),
      segment(ISN + 1, stream),
      segment(ISN + 1, stream),
      ...parts,
      syn(),
      ...parts,
    ])
    expect(given).to.have.length(1)
    expect(counters.hello_retransmitted).to.equal(3)
    expect(hellos.pending).to.equal(0)
    // Without its SYN as well.
    expect(run(client(), [...parts, ...parts, segment(ISN + 1, stream)])).to.have.length(1)
  })

  it('takes a SYN that came late for what it is', () => {
    expect(
      run(client(), [segment(ISN + 1, stream), syn(), segment(ISN + 1, stream)]),
    ).to.have.length(1)
  })

  it('begins anew when the ports are used again', () => {
    const other = handshake(1, 300, 9)
    const given = run(client(), [
      syn(),
      segment(ISN + 1, stream.subarray(0, 100)),
      syn(5000),
      segment(ISN + 101, stream.subarray(100)),
      segment(5001, record(other)),
    ])
    // The second SYN may be forged: what the first opened goes on.
    expect(given).to.deep.equal([
      { kind: 1, bytes: hello, quality: 0 },
      { kind: 1, bytes: other, quality: 0 },
    ])
    // Even where the second SYN was lost.
    expect(
      run(client(), [syn(), segment(ISN + 1, stream), segment(0x7000_0000, record(other))]),
    ).to.deep.equal([
      { kind: 1, bytes: hello, quality: 0 },
      { kind: 1, bytes: other, quality: QUALITY_NO_SYN },
    ])
  })

  it('reads data in the SYN (RFC 7413) and in the FIN', () => {
    const cookie = [34, 10, 1, 2, 3, 4, 5, 6, 7, 8, 1, 1]
    const fast = segment(ISN, stream, { flags: TCP_SYN, options: cookie })
    expect(run(client(), [fast, segment(ISN + 1, stream)])).to.deep.equal([
      { kind: 1, bytes: hello, quality: 0 },
    ])
    const last = segment(ISN + 101, stream.subarray(100), { flags: TCP_FIN | TCP_ACK })
    expect(run(client(), [syn(), segment(ISN + 1, stream.subarray(0, 100)), last])).to.have.length(
      1,
    )
  })

  it('gives up an unfinished hello at FIN and RST, not at a FIN that overtook bytes', () => {
    const [first, second] = segments(ISN + 1, stream, [100]) as [Packet, Packet]
    const end = (flags: number, seq: number): Packet => segment(seq, NO_BYTES, { flags })
    expect(run(client(), [syn(), first, end(TCP_FIN | TCP_ACK, ISN + 101), second])).to.deep.equal(
      [],
    )
    expect(run(client(), [syn(), first, end(TCP_RST, ISN + 101), second])).to.deep.equal([])
    expect(run(client(), [syn(), first, end(TCP_FIN | TCP_ACK, ISN + 606), second])).to.have.length(
      1,
    )
    // A reset that is not exact is not the connection's own, nor is an old FIN.
    for (const seq of [ISN + 102, ISN + 5101])
      expect(run(client(), [syn(), first, end(TCP_RST, seq), second])).to.have.length(1)
    expect(run(client(), [syn(), first, end(TCP_FIN | TCP_ACK, ISN + 51), second])).to.have.length(
      1,
    )
    expect(run(client(), [syn(), first, end(TCP_RST, 0x7000_0000), second])).to.have.length(1)
  })

  it('lets an unfinished hello expire by packet time, but for clocks that differ', () => {
    const counters = newCounters()
    const hellos = new TcpHellos({ server: false, seed: 1 }, counters, SMALL_SIZES)
    const at = (seq: number, bytes: Uint8Array, seconds: number): Packet =>
      segment(seq, bytes, { seconds })
    const [first, second] = split(stream, [100]) as [Uint8Array, Uint8Array]
    expect(run(hellos, [at(1, first, 1000), at(101, second, 1121)])).to.deep.equal([])
    expect(counters.hello_expired).to.equal(1)
    expect(run(hellos, [at(1, first, 2000), at(101, second, 2119)])).to.have.length(1)
    expect(hellos.pending).to.equal(0)
    // Captures are merged whose clocks differ.
    for (const [seq, seconds] of [
      [0x4000_0000, 500],
      [0x5000_0000, 100_000],
    ] as const)
      expect(run(hellos, [at(seq, first, 2000), at(seq + 100, second, seconds)])).to.have.length(1)
  })

  it('passes over keep-alive probes', () => {
    const probe = segment(ISN, Uint8Array.of(0))
    expect(run(client(), [syn(), probe, segment(ISN + 1, stream)])).to.deep.equal([
      { kind: 1, bytes: hello, quality: 0 },
    ])
  })

  it('joins a hello from many records, its header split, with empty ones and change_cipher_spec between', () => {
    const cuts = [1, 2, 3, 4, 5, 50, 50, 400]
    expect(run(client(), [syn(), segment(ISN + 1, records(hello, cuts))])).to.deep.equal([
      { kind: 1, bytes: hello, quality: 0 },
    ])
    const mixed = concat([
      record(hello.subarray(0, 60)),
      CHANGE_CIPHER_SPEC,
      record(hello.subarray(60), 22, 0x0303),
    ])
    const hellos = client()
    expect(run(hellos, [syn(), ...segments(ISN + 1, mixed, [64, 66, 70])])).to.have.length(1)
    expect(hellos.message.recordVersion).to.equal(0x0301)
    const empty = concat([record(NO_BYTES), stream])
    expect(run(client(), [syn(), segment(ISN + 1, empty)])).to.have.length(1)
    expect(
      run(client(), [syn(), segment(ISN + 1, concat([CHANGE_CIPHER_SPEC, stream]))]),
    ).to.have.length(1)
  })

  it('takes hellos of up to 64 KiB, not longer ones', () => {
    const large = handshake(1, 65_536)
    const cuts = [16_384, 32_768, 49_152]
    const steps = Array.from({ length: 45 }, (_, i) => (i + 1) * 1448)
    const parts = segments(ISN + 1, records(large, cuts), steps)
    expect(run(client(), [syn(), ...parts])).to.deep.equal([{ kind: 1, bytes: large, quality: 0 }])
    expect(run(client(), [syn(), ...parts.reverse()])).to.deep.equal([
      { kind: 1, bytes: large, quality: 0 },
    ])
    const longer = handshake(1, 65_537)
    expect(
      run(client(), [syn(), ...segments(ISN + 1, records(longer, cuts), steps)]),
    ).to.deep.equal([])
  })

  it('gives up a hello whose records take more than is kept', () => {
    const counters = newCounters()
    const hellos = new TcpHellos({ server: false, seed: 1 }, counters, SMALL_SIZES)
    const message = handshake(1, 20_000)
    const cuts = Array.from({ length: 19_999 }, (_, i) => i + 1)
    const tiny = records(message, cuts)
    expect(run(hellos, [syn(), ...segments(ISN + 1, tiny, [60_000])])).to.deep.equal([])
    expect(counters.hello_too_long).to.equal(1)
    expect(hellos.pending).to.equal(0)
  })

  it('gives up what turns out to be no hello', () => {
    const counters = newCounters()
    const hellos = new TcpHellos({ server: false, seed: 1 }, counters, SMALL_SIZES)
    const broken = concat([record(hello.subarray(0, 60)), record(hello, 23)])
    expect(run(hellos, [syn(), segment(ISN + 1, broken)])).to.deep.equal([])
    expect(counters.hello_broken_off).to.equal(1)
    expect(hellos.pending).to.equal(0)
  })

  it('gives the hello after a HelloRetryRequest as one of its own', () => {
    const second = handshake(1, 700)
    const answer = concat([CHANGE_CIPHER_SPEC, record(second, 22, 0x0303)])
    const seq = ISN + 1 + stream.length
    const want = [
      { kind: 1, bytes: hello, quality: 0 },
      { kind: 1, bytes: second, quality: QUALITY_HRR },
    ]
    const [a, b] = segments(seq, answer, [300]) as [Packet, Packet]
    expect(run(client(), [syn(), segment(ISN + 1, stream), a, b, a, b])).to.deep.equal(want)
    expect(
      run(client(), [
        syn(),
        segment(ISN + 1, stream),
        segment(seq, CHANGE_CIPHER_SPEC),
        segment(seq + 6, record(second)),
      ]),
    ).to.deep.equal(want)
    // Its segments in the wrong order: the bytes in the slot begin with change_cipher_spec.
    expect(run(client(), [syn(), segment(ISN + 1, stream), b, a])).to.deep.equal(want)
  })

  it('tells of the hello after a HelloRetryRequest when the first was whole', () => {
    const second = records(handshake(1, 700), [300])
    const seq = ISN + 1 + stream.length
    for (const cuts of [[], [100]]) {
      const hellos = client()
      const times: number[] = []
      const packets = [
        segment(ISN + 1, stream.subarray(0, 300), { seconds: 1000.25 }),
        segment(ISN + 301, stream.subarray(300), { seconds: 1000.5 }),
        ...split(second, cuts).map((part, i) =>
          segment(seq + (i === 0 ? 0 : (cuts[0] ?? 0)), part, { seconds: 1001 + i }),
        ),
      ]
      for (const packet of packets)
        if (hellos.take(packet) === 1) times.push(hellos.message.firstMicros)
      expect(times).to.deep.equal([-1, 1_000_500_000])
    }
  })

  it('takes a hello with another random for none that answers a HelloRetryRequest', () => {
    const other = handshake(1, 700, 5)
    const hellos = client()
    const packets = [
      syn(),
      segment(ISN + 1, stream),
      segment(ISN + 1 + stream.length, record(other)),
    ]
    expect(run(hellos, packets)).to.deep.equal([
      { kind: 1, bytes: hello, quality: 0 },
      { kind: 1, bytes: other, quality: 0 },
    ])
    expect(hellos.message.firstMicros).to.equal(-1)
    // The one after that answers to the second, not to the first.
    const third = segment(ISN + 6 + stream.length + other.length, record(other))
    expect(run(hellos, [third]).map(({ quality }) => quality)).to.deep.equal([QUALITY_HRR])
    expect(hellos.message.firstMicros).to.equal(1_700_000_000e6)
  })

  it('keeps what the snaplen cut apart from what is missing', () => {
    for (let kept = 0; kept <= stream.length; kept++) {
      const given = run(client(), [syn(), segment(ISN + 1, stream, { kept })])
      expect(given, String(kept)).to.have.length(kept === stream.length ? 1 : 0)
    }
    // The captured part holds the hello.
    const cut = segment(ISN + 1, concat([stream, stream]), { kept: stream.length + 10 })
    expect(run(client(), [syn(), cut])).to.deep.equal([
      { kind: 1, bytes: hello, quality: QUALITY_TRUNCATED },
    ])
    // A retransmission brings the rest.
    const rest = segment(ISN + 201, stream.subarray(200))
    expect(
      run(client(), [syn(), segment(ISN + 1, stream.subarray(0, 300), { kept: 200 }), rest]),
    ).to.deep.equal([{ kind: 1, bytes: hello, quality: QUALITY_TRUNCATED }])
  })

  it('marks a hello before which bytes are missing', () => {
    expect(run(client(), [syn(), segment(ISN + 51, stream)])).to.deep.equal([
      { kind: 1, bytes: hello, quality: QUALITY_GAP },
    ])
    expect(run(client(), [syn(), ...segments(ISN + 51, stream, [100])])).to.deep.equal([
      { kind: 1, bytes: hello, quality: QUALITY_GAP },
    ])
  })

  it('looks at the given ports alone', () => {
    const ports = new Set([443])
    const to = (dstPort: number): Packet[] => [segment(1, stream, { dstPort })]
    expect(run(client(ports), to(443))).to.have.length(1)
    expect(run(client(ports), to(8443))).to.have.length(0)
    expect(run(client(), to(8443))).to.have.length(1)
  })

  it('recognises ClientHellos in SSL 2.0 frames', () => {
    const body = concat([hex('01 0301 0009 0000 0010 010080 000004 00002f'), handshake(0, 16)])
    const frame = concat([Uint8Array.of(0x80, body.length), body])
    const hellos = client()
    expect(run(hellos, [syn(), segment(ISN + 1, frame)])).to.deep.equal([
      { kind: 1, bytes: body, quality: 0 },
    ])
    expect(hellos.message.sslv2).to.equal(true)
    for (let cut = 1; cut < frame.length; cut++) {
      expect(
        run(hellos, [syn(cut), ...segments(cut + 1, frame, [cut])]),
        String(cut),
      ).to.have.length(1)
      expect(hellos.message.sslv2).to.equal(true)
    }
    expect(run(hellos, [segment(0x5000_0000, stream)])).to.have.length(1)
    expect(hellos.message.sslv2).to.equal(false)
  })

  describe('behind a preamble', () => {
    const dialogue = ['EHLO client\r\n', 'STARTTLS\r\n'].map(text)
    const preambles: Record<string, Uint8Array> = {
      'PROXY v1': text('PROXY TCP4 192.0.2.1 198.51.100.7 40000 443\r\n'),
      'PROXY v2': concat([hex('0d0a0d0a000d0a515549540a 21 11 000c'), new Uint8Array(12)]),
      'HTTP CONNECT': text('CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n'),
      'SOCKS 4': hex('04 01 01bb c6336407 61 62 00'),
      'SOCKS 4a': hex('04 01 01bb 00000001 00 6578616d706c65 00'),
      'SOCKS 5': hex('05 01 00 05 01 00 03 0b 6578616d706c652e6f7267 01bb'),
      'SOCKS 5, IPv6': concat([hex('05 01 00 04'), new Uint8Array(18)]),
      PostgreSQL: hex('00000008 04d2162f'),
      MySQL: concat([hex('20000001 85ae0f00 00000001 21'), new Uint8Array(23)]),
      TDS: hex('12 01 0265 0000 00 00'),
      'PROXY v1 and CONNECT': concat([
        text('PROXY UNKNOWN\r\n'),
        text('CONNECT a:443 HTTP/1.1\r\n\r\n'),
      ]),
    }

    it('finds the hello after a dialogue, in one segment, in several, in any order', () => {
      let seq = ISN + 1
      const before = dialogue.map((line) => {
        const packet = segment(seq, line)
        seq += line.length
        return packet
      })
      const [a, b] = segments(seq, stream, [100]) as [Packet, Packet]
      const want = [{ kind: 1, bytes: hello, quality: 0 }]
      expect(run(client(), [syn(), ...before, segment(seq, stream)])).to.deep.equal(want)
      expect(run(client(), [syn(), ...before, a, b])).to.deep.equal(want)
      expect(run(client(), [syn(), ...before, b, a])).to.deep.equal(want)
      expect(run(client(), [syn(), ...before.reverse(), a, b])).to.deep.equal(want)
    })

    for (const [name, preamble] of Object.entries(preambles)) {
      it(`finds the hello in one segment with ${name}`, () => {
        const both = concat([preamble, stream])
        const want = [{ kind: 1, bytes: hello, quality: 0 }]
        expect(run(client(), [syn(), segment(ISN + 1, both)])).to.deep.equal(want)
        expect(
          run(client(), [syn(), ...segments(ISN + 1, both, [preamble.length + 50])]),
        ).to.deep.equal(want)
        expect(run(client(), [syn(), ...segments(ISN + 1, both, [preamble.length])])).to.deep.equal(
          want,
        )
        expect(run(client(), [segment(9, both), segment(9, both)])).to.have.length(1)
      })
    }

    it('stops watching a flow that goes on without a hello', () => {
      const hellos = client()
      const chatter = new Uint8Array(1000).fill(0x61)
      const parts = Array.from({ length: 120 }, (_, i) => segment(ISN + 1 + 1000 * i, chatter))
      // One is lost.
      expect(run(hellos, [syn(), ...parts.filter((_, i) => i !== 10)])).to.deep.equal([])
      expect(hellos.pending).to.equal(0)
      // By its content a hello is found still.
      expect(run(hellos, [segment(ISN + 1 + 120_000, stream)])).to.deep.equal([
        { kind: 1, bytes: hello, quality: 0 },
      ])
    })
  })

  describe('of the server', () => {
    const back = reversed({})
    const serverHello = handshake(2, 90)
    const certificate = handshake(11, 3000)
    const run2 = (packets: readonly Packet[], ports?: ReadonlySet<number>): number[] =>
      run(new TcpHellos({ server: true, seed: 3, ports }, newCounters(), SMALL_SIZES), packets).map(
        ({ kind }) => kind,
      )
    const from = (seq: number, bytes: Uint8Array): Packet => segment(seq, bytes, back)
    const synAck = segment(99, NO_BYTES, { ...back, flags: TCP_SYN | TCP_ACK })

    it('gives ServerHellos where asked to', () => {
      expect(run2([synAck, from(100, record(serverHello))])).to.deep.equal([2])
      expect(run2([synAck, from(100, record(serverHello))], new Set([443]))).to.deep.equal([2])
      expect(run2([synAck, from(100, record(serverHello))], new Set([8443]))).to.deep.equal([])
      expect(run(client(), [synAck, from(100, record(serverHello))])).to.deep.equal([])
    })

    it('gives the Certificate that follows, however it is cut', () => {
      const done = handshake(14, 4)
      const flights = [
        concat([record(serverHello), record(certificate), record(done)]),
        record(concat([serverHello, certificate, done])),
        records(concat([serverHello, certificate, done]), [40, 90, 1000]),
      ]
      for (const flight of flights) {
        expect(run2([synAck, from(100, flight)])).to.deep.equal([2, 3])
        for (let cut = 1; cut < flight.length; cut += 7) {
          const parts = split(flight, [cut]) as [Uint8Array, Uint8Array]
          const [a, b] = [from(100, parts[0]), from(100 + cut, parts[1])]
          expect(run2([synAck, a, b]), String(cut)).to.deep.equal([2, 3])
          expect(run2([synAck, b, a]), String(cut)).to.deep.equal([2, 3])
        }
      }
    })

    it('gives the bytes of both', () => {
      const hellos = new TcpHellos({ server: true, seed: 3 }, newCounters(), SMALL_SIZES)
      const flight = records(concat([serverHello, certificate]), [40, 90, 1000])
      expect(run(hellos, [synAck, from(100, flight)]).map(({ bytes }) => bytes)).to.deep.equal([
        serverHello,
        certificate,
      ])
      expect(hellos.pending).to.equal(0)
    })

    it('waits for no Certificate where encrypted records follow', () => {
      const hellos = new TcpHellos({ server: true, seed: 3 }, newCounters(), SMALL_SIZES)
      const flight = concat([record(serverHello), CHANGE_CIPHER_SPEC, record(certificate, 23)])
      expect(run(hellos, [synAck, from(100, flight)]).map(({ kind }) => kind)).to.deep.equal([2])
      expect(hellos.pending).to.equal(0)
      const retry = concat([record(serverHello), CHANGE_CIPHER_SPEC])
      expect(
        run(hellos, [
          segment(499, NO_BYTES, { ...back, flags: TCP_SYN | TCP_ACK }),
          from(500, retry),
          from(500 + retry.length, flight),
        ]).map(({ kind, quality }) => [kind, quality]),
      ).to.deep.equal([
        [2, 0],
        [2, 0],
      ])
    })
  })

  it('keeps to its memory under floods of SYNs and first halves, and finds the hellos among them', () => {
    const counters = newCounters()
    const hellos = new TcpHellos({ server: false, seed: 9 }, counters, SMALL_SIZES)
    const first = stream.subarray(0, 400)
    let found = 0
    for (let i = 0; i < 30_000; i++) {
      const forged = { src: [10, i >> 16, (i >> 8) & 255, i & 255] }
      hellos.take(segment(i, NO_BYTES, { ...forged, flags: TCP_SYN }))
      hellos.take(segment(i + 1, first, forged))
      // A real one, twenty forged ones between each of its segments.
      const srcPort = Math.floor(i / 60)
      const packets = [
        segment(1, NO_BYTES, { srcPort, flags: TCP_SYN }),
        segment(2, first, { srcPort }),
        segment(402, stream.subarray(400), { srcPort }),
      ]
      if (i % 20 === 0) found += hellos.take(packets[(i % 60) / 20] ?? syn())
    }
    expect(found).to.equal(500)
    expect(hellos.pending).to.equal(32)
    expect(counters.hello_evicted).to.equal(30_000 - 32)
  })

  it('allocates nothing on bulk data and on whole hellos', () => {
    const hellos = client()
    const bulk = segment(77, new Uint8Array(1400).fill(0x17))
    expect(allocated(() => void hellos.take(bulk))).to.be.below(1)
    const packet = segment(ISN + 1, stream)
    expect(allocated(() => void hellos.take(packet))).to.be.below(1)
    let seq = 0
    const fresh = segment(0, stream)
    const again = allocated(() => {
      seq = (seq + 0x1000_0001) & 0x3fff_ffff
      fresh.seq = seq
      fresh.srcPort = seq & 0xffff
      hellos.take(fresh)
    })
    expect(again).to.be.below(1)
  })
})
