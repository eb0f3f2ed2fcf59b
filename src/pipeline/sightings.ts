// From handshake messages to lines: a hello is parsed and fingerprinted. With `server` its line waits for the answer.

import type { Counters } from '../base/counters.js'
import { ByteWriter } from '../base/byte-writer.js'
import { SightingWriter } from '../fingerprint/sighting-writer.js'
import { HandshakeJoin, type WriteServerFront } from '../handshake/handshakes.js'
import type { HandshakeBytes, Transport } from '../model/handshake-bytes.js'
import { Hello } from '../model/hello.js'
import { type Packet, TCP_FIN, TCP_RST, swapEnds } from '../model/packet.js'
import { parseClientHello } from '../tls/hello-parser.js'
import { redactHello } from '../tls/redact-hello.js'
import { parseSslv2ClientHello } from '../tls/sslv2-hello.js'
import { ENCAPSULATION_NAMES } from '../wire/encapsulation.js'
import type { PipelineOptions } from './options.js'

// Kinds of message of TcpHellos, DtlsHellos and QuicHellos.
const CLIENT_HELLO = 1
const SERVER_HELLO = 2

/** Transports for which the server's answer is decoded. */
const JOINED: readonly Transport[] = ['tcp', 'quic', 'dtls']

/** Writes a line for each ClientHello. */
export class Sightings {
  /** Sightings as JSON lines or rows. The caller sets `len` to 0 after reading them. */
  readonly lines = new ByteWriter(1 << 20)
  readonly #counters: Counters
  readonly #writer: SightingWriter
  readonly #join: HandshakeJoin | undefined
  /** The line of the current hello, if it waits for an answer. */
  readonly #line = new ByteWriter(1 << 14)
  readonly #hello = new Hello()

  constructor(options: PipelineOptions, counters: Counters) {
    this.#counters = counters
    this.#writer = new SightingWriter({
      fingerprints: options.fingerprints,
      communityId: options.communityId,
      sightingId: options.sightingId ?? false,
      rows: options.rows ?? false,
      encapsulationNames: ENCAPSULATION_NAMES,
      ...(options.keepHello || options.rows === true ? { redact } : {}),
      helloText: options.keepHello,
      ...(options.identify === undefined ? {} : { identify: options.identify }),
      ...(options.sensor === undefined ? {} : { sensor: options.sensor }),
    })
    const writer = this.#writer
    const writeServerFront: WriteServerFront = (packet, message, out) => {
      swapEnds(packet)
      writer.writeServerFront(packet, message, out)
      swapEnds(packet)
    }
    this.#join =
      options.server === true
        ? new HandshakeJoin(options.seed, counters, this.lines, writeServerFront)
        : undefined
  }

  /** Sets the origin of the following frames. */
  setOrigin(origin: { readonly file?: string; readonly interface?: string }): void {
    this.#writer.setOrigin(origin)
  }

  /** Takes a message. @param kind as the classes of stream/ and quic/ return it */
  take(kind: number, packet: Packet, message: HandshakeBytes): void {
    if (kind === CLIENT_HELLO) this.takeClient(packet, message)
    else if (kind === SERVER_HELLO) this.#join?.takeServer(packet, message)
    else this.#join?.takeCertificate(packet, message)
  }

  /** Takes a TCP segment, which may end its connection. */
  takeSegment(packet: Packet): void {
    if ((packet.flags & (TCP_FIN | TCP_RST)) !== 0) this.#join?.takeEnd(packet)
  }

  /** Takes a ClientHello. */
  takeClient(packet: Packet, message: HandshakeBytes): void {
    const hello = this.#hello
    const isJoined = JOINED.includes(message.transport)
    const join = isJoined ? this.#join : undefined
    if (join === undefined && this.#writer.writeKnown(packet, message, this.lines)) {
      this.#counters.hellos++
      return
    }
    const { bytes, off, end, transport } = message
    const parsed = message.sslv2
      ? parseSslv2ClientHello(bytes, off, end, hello)
      : parseClientHello(bytes, off, end, transport === 'dtls', hello)
    if (parsed < 0) {
      this.#counters.hello_malformed++
      return
    }
    this.#counters.hellos++
    if (join === undefined) {
      this.#writer.write(packet, message, hello, this.lines)
      return
    }
    const line = this.#line
    line.len = 0
    this.#writer.write(packet, message, hello, line)
    join.takeClient(packet, message, hello, line)
  }

  /** Finishes lines whose server has not answered in time. @param nowMicros microseconds since the epoch */
  expire(nowMicros: number): void {
    this.#join?.expire(nowMicros)
  }

  /** Shifts all remembered times by `micros`: the clock of the packets was set by that much. */
  shiftTime(micros: number): void {
    this.#join?.shiftTime(micros)
  }

  /** Finishes all lines that wait for an answer. */
  flush(): void {
    this.#join?.flush()
  }

  /** Forgets all connections. Call `flush` first. */
  clear(): void {
    this.#join?.clear()
  }
}

/** Appends the hello with its secrets zeroed. */
function redact(hello: Hello, out: ByteWriter): void {
  const { bytes, off, end } = hello
  out.reserve(end - off)
  const written = redactHello(bytes, off, end, hello, out.bytes.subarray(out.len))
  if (written > 0) out.len += written
}
