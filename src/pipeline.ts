// The corridor: the one file that sees every room of the flow. Frames go in by blocks; sightings come out as JSON lines.
//
//   PacketBlock ─▶ wire ─┬▶ stream ─┬▶ tls ─▶ fingerprint ─▶ lines
//                        └▶ quic ───┘

import type { Counters } from './base/counters.js'
import { OctetWriter } from './base/octet-writer.js'
import type { HandshakeOctets } from './model/handshake-octets.js'
import { Hello } from './model/hello.js'
import type { PacketBlock } from './model/packet-block.js'
import { PROTOCOL_TCP, PROTOCOL_UDP, Packet } from './model/packet.js'
import type { FingerprintName } from './model/sighting.js'
import { SightingWriter } from './fingerprint/sighting-writer.js'
import { QuicHellos } from './quic/quic-hellos.js'
import { DtlsHellos } from './stream/dtls-hellos.js'
import { TcpHellos } from './stream/tcp-hellos.js'
import { parseClientHello } from './tls/hello-parser.js'
import { redactHello } from './tls/redact-hello.js'
import { parseSslv2ClientHello } from './tls/sslv2-hello.js'
import { ENCAPSULATION_NAMES } from './wire/encapsulation.js'
import { FrameDecoder } from './wire/frame-decoder.js'

/** Kind of message that TcpHellos, DtlsHellos and QuicHellos give: handshake type client_hello (RFC 8446 §4). */
const CLIENT_HELLO = 1

/** What a pipeline looks for and makes of it. */
export interface PipelineOptions {
  /** Ports of servers; undefined recognises TLS on any port by its content. */
  readonly ports: ReadonlySet<number> | undefined
  readonly fingerprints: ReadonlySet<FingerprintName> | 'all'
  /** Whether a sighting carries its hello, secrets zeroed. */
  readonly keepHello: boolean
  readonly communityId: boolean
  /** Name of the sensor, in every sighting. */
  readonly sensor?: string | undefined
  /** Random number from 0 to 2^48 that keeps an attacker from aiming at the flow table's buckets. */
  readonly seed: number
}

/** One flow of frames, whole and in order: its own flow table, its own lines. */
export class Pipeline {
  /** Sightings as JSON lines; whoever takes them sets `len` to 0. */
  readonly lines = new OctetWriter(1 << 20)
  readonly #counters: Counters
  readonly #wire: FrameDecoder
  readonly #tcp: TcpHellos
  readonly #dtls: DtlsHellos
  readonly #quic: QuicHellos
  readonly #writer: SightingWriter
  readonly #packet = new Packet()
  readonly #hello = new Hello()

  constructor(options: PipelineOptions, counters: Counters) {
    this.#counters = counters
    this.#wire = new FrameDecoder(counters)
    const { ports, seed } = options
    this.#tcp = new TcpHellos({ ports, seed, server: false }, counters)
    this.#dtls = new DtlsHellos({ ports, seed, server: false }, counters)
    this.#quic = new QuicHellos({ ports, seed, server: false }, counters)
    this.#writer = new SightingWriter({
      fingerprints: options.fingerprints,
      communityId: options.communityId,
      encapsulationNames: ENCAPSULATION_NAMES,
      ...(options.keepHello ? { redact } : {}),
      ...(options.sensor === undefined ? {} : { sensor: options.sensor }),
    })
  }

  /** Says where the frames that follow were seen; flows of what came before are forgotten. */
  setOrigin(origin: { readonly file?: string; readonly interface?: string }): void {
    this.#writer.setOrigin(origin)
  }

  /** Takes a block of frames; hellos that become whole in it are appended to `lines`. Keeps nothing of the block. */
  take(block: PacketBlock): void {
    const { count, caplen } = block
    const packet = this.#packet
    const counters = this.#counters
    const tcp = this.#tcp
    const quic = this.#quic
    for (let i = 0; i < count; i++) {
      counters.packets++
      counters.packet_octets += caplen[i] ?? 0
      const protocol = this.#wire.decodeFrame(block, i, packet)
      if (protocol === PROTOCOL_TCP) {
        for (let kind = tcp.take(packet); kind !== 0; kind = tcp.next())
          if (kind === CLIENT_HELLO) this.#sight(tcp.message)
      } else if (protocol === PROTOCOL_UDP) {
        // The first octet of the payload tells which of the two looks on; all other datagrams end there.
        if (this.#dtls.take(packet) === CLIENT_HELLO) this.#sight(this.#dtls.message)
        for (let kind = quic.take(packet); kind !== 0; kind = quic.next())
          if (kind === CLIENT_HELLO) this.#sight(quic.message)
      }
    }
  }

  #sight(message: HandshakeOctets): void {
    const hello = this.#hello
    const { bytes, off, end, transport } = message
    const parsed = message.sslv2
      ? parseSslv2ClientHello(bytes, off, end, hello)
      : parseClientHello(bytes, off, end, transport === 'dtls', hello)
    if (parsed < 0) {
      this.#counters.hello_malformed++
      return
    }
    this.#writer.write(this.#packet, message, hello, this.lines)
    this.#counters.hellos++
  }
}

/** Appends the hello with its secrets zeroed. */
function redact(hello: Hello, out: OctetWriter): void {
  const { bytes, off, end } = hello
  out.reserve(end - off)
  const written = redactHello(bytes, off, end, hello, out.bytes.subarray(out.len))
  if (written > 0) out.len += written
}
